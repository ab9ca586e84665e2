using System.Buffers;
using System.Globalization;
using System.Text;

namespace Exposition.Formats.Tests;

public sealed class WriterTests
{
    [Theory]
    [InlineData(EscapingScheme.AllowUtf8, "# HELP \"a.b\" t\n# TYPE \"a.b\" gauge\n{\"a.b\",\"c.d\"=\"e\",x:y=\"f\",__name__=\"m.n\"} 1\n")]
    [InlineData(EscapingScheme.Underscores, "# HELP a_b t\n# TYPE a_b gauge\na_b{c_d=\"e\",x:y=\"f\",__name__=\"m_n\"} 1\n")]
    [InlineData(EscapingScheme.Dots, "# HELP a_dot_b t\n# TYPE a_dot_b gauge\na_dot_b{c_dot_d=\"e\",x:y=\"f\",__name__=\"m_dot_n\"} 1\n")]
    [InlineData(EscapingScheme.Values,
        "# HELP U__a_2e_b t\n# TYPE U__a_2e_b gauge\nU__a_2e_b{U__c_2e_d=\"e\",x:y=\"f\",__name__=\"U__m_2e_n\"} 1\n")]
    public void Names_follow_the_scheme(EscapingScheme scheme, string expected)
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("a.b"u8, MetricType.Gauge, "t"u8));
        set.AddLabel("c.d"u8, "e"u8);
        set.AddLabel("x:y"u8, "f"u8);
        set.AddLabel("__name__"u8, "m.n"u8);
        set.Metrics[metric].Value = 1;
        Assert.Equal(expected, ProtobufSupport.WriteText(set, scheme));

        // The protobuf form escapes the same names.
        string text = ProtobufSupport.WriteText(ProtobufSupport.Read(ProtobufSupport.WriteProtobuf(set, scheme)));
        Assert.Equal(expected, text);
    }

    [Fact]
    public void A_debugger_shows_a_set_and_its_labels_as_text()
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("a"u8, MetricType.Gauge, "t"u8));
        set.AddLabel("l"u8, "v"u8);
        set.Metrics[metric].Value = 1;
        Assert.Equal(["# HELP a t\n# TYPE a gauge\na{l=\"v\"} 1\n"], new Exposition.Formats.Rows.FamilySetView(set).Families);

        var reader = new ExpositionReader("a{l=\"v\"} 1\n"u8, new ExpositionReaderState());
        Assert.True(reader.Read());
        Assert.Equal("l=\"v\"", reader.Labels[0].Shown);
    }

    [Fact]
    public void A_histogram_gets_its_infinite_bucket_and_suffixes_go_inside_the_quotes()
    {
        FamilySet set = Histogram("h.x"u8, MetricType.GaugeHistogram);
        Assert.Equal(
            """
            # TYPE "h.x" histogram
            {"h.x_bucket",le="0.5"} 1.2345678e+07
            {"h.x_bucket",le="+Inf"} 3
            {"h.x_sum"} -1.5
            {"h.x_count"} 3

            """.ReplaceLineEndings("\n"),
            ProtobufSupport.WriteText(set));
        set.AddPoint(0, double.PositiveInfinity, 0, 9);
        Assert.Contains("{\"h.x_bucket\",le=\"+Inf\"} 9\n{\"h.x_sum\"}", ProtobufSupport.WriteText(set), StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_are_escaped_where_they_stand()
    {
        var set = new FamilySet();
        set.AddMetric(set.AddFamily("a\"\\\nb"u8, MetricType.Untyped, "h\"\\\nh"u8));
        set.AddLabel("l"u8, "v\"\\\nv\r"u8);
        Assert.Equal(
            "# HELP \"a\\\"\\\\\\nb\" h\"\\\\\\nh\n# TYPE \"a\\\"\\\\\\nb\" untyped\n{\"a\\\"\\\\\\nb\",l=\"v\\\"\\\\\\nv\r\"} 0\n",
            ProtobufSupport.WriteText(set));
    }

    [Fact]
    public void Timestamps_stand_on_every_line_whatever_the_culture()
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily(set.AddText("s"u8), MetricType.Summary));
        set.AddPoint(metric, 0.5, 7, 0);
        set.Metrics[metric].Content = MetricContent.Summary | MetricContent.Timestamp;
        set.Metrics[metric].TimestampMs = -1234;
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            odd.NumberFormat.NegativeSign = "minus";
            CultureInfo.CurrentCulture = odd;
            Assert.Equal("# TYPE s summary\ns{quantile=\"0.5\"} 7 -1234\ns_sum 0 -1234\ns_count 0 -1234\n", ProtobufSupport.WriteText(set));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void An_unknown_type_is_never_written()
    {
        var set = new FamilySet();
        set.AddMetric(set.AddFamily("a"u8, (MetricType)9, "h"u8));
        Assert.Empty(ProtobufSupport.WriteText(set));
    }

    [Fact]
    public void Long_texts_cross_the_spans_of_the_output()
    {
        var set = new FamilySet();
        string value = string.Concat(Enumerable.Range(0, 3000).Select(i => $"{i}\\\""));
        string name = string.Concat(Enumerable.Range(0, 3000).Select(i => $"n.{i}"));
        set.AddMetric(set.AddFamily(Encoding.UTF8.GetBytes(name), MetricType.Counter, "h"u8));
        set.AddLabel("l"u8, Encoding.UTF8.GetBytes(value));

        var output = new StingyWriter();
        TextFormat.WriteSamples(set, 0, EscapingScheme.Dots, output);
        string quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Equal(
            $"{name.Replace(".", "_dot_", StringComparison.Ordinal)}{{l=\"{quoted}\"}} 0\n", Encoding.UTF8.GetString(output.Written));
        Assert.True(output.Calls < output.Written.Length / 1000, $"{output.Calls} calls");
    }

    [Fact]
    public void A_warm_writer_allocates_nothing()
    {
        FamilySet set = Histogram("höhe.x"u8, MetricType.Histogram);
        set.AddMetric(set.AddFamily("plain"u8, MetricType.Gauge, "help"u8));
        set.AddLabel("le.gal"u8, "v\"v"u8);
        var output = new ArrayBufferWriter<byte>(1 << 16);
        Allocation.AssertNone(() =>
        {
            output.ResetWrittenCount();
            for (int family = 0; family < 2; family++)
            {
                // The values are zero and infinity, whose formatting is another room's business.
                set.Metrics[0].Value = set.Metrics[0].Count = 0;
                set.Points[0] = new PointRow { Bound = double.NegativeInfinity, Next = -1 };
                TextFormat.WriteHeader(
                    set.Text(set.Families[family].Name), MetricType.Histogram, true, "help"u8, EscapingScheme.Values, output);
                TextFormat.WriteSamples(set, family, EscapingScheme.Values, output);
                ProtobufFormat.WriteMetrics(set, family, EscapingScheme.Dots, output);
                ProtobufFormat.WriteHeader("a.b"u8, MetricType.Gauge, true, "help"u8, EscapingScheme.Dots, 77, output);
            }
        });
    }

    private static FamilySet Histogram(ReadOnlySpan<byte> name, MetricType type)
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily(set.AddText(name), type));
        set.Metrics[metric].Content = MetricContent.Histogram;
        set.Metrics[metric].Value = -1.5;
        set.Metrics[metric].Count = 3;
        set.AddPoint(metric, 0.5, 0, 12345678);
        return set;
    }

    /// <summary>Gives never more than it is asked for.</summary>
    private sealed class StingyWriter : IBufferWriter<byte>
    {
        private readonly List<byte> _written = [];
        private byte[] _span = [];

        public byte[] Written => [.. _written];

        public int Calls { get; private set; }

        public void Advance(int count) => _written.AddRange(_span.AsSpan(0, count));

        public Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Calls++;
            return _span = new byte[Math.Max(1, sizeHint)];
        }
    }
}
