using System.Buffers;
using System.Globalization;
using Google.Protobuf.WellKnownTypes;

namespace Exposition.Formats.Tests;

public sealed class OpenMetricsWriteTests
{
    // The numbers are those of the reference's own writer, but for the exemplar's and the created time: it prints 1.7000000001230001e+09.
    [Fact]
    public void Numbers_and_times_are_printed_as_the_reference_does()
    {
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(
            new Oracle.MetricFamily
            {
                Name = "x_total",
                Type = Oracle.MetricType.Counter,
                Help = "a \"b\"\\\n",
                Metric =
                {
                    new Oracle.Metric
                    {
                        TimestampMs = 1700000000123,
                        Counter = new Oracle.Counter
                        {
                            Value = 123456,
                            CreatedTimestamp = new Timestamp { Seconds = 1700000000, Nanos = 123000000 },
                            Exemplar = new Oracle.Exemplar
                            {
                                Value = 0.5,
                                Timestamp = new Timestamp { Seconds = 1700000000, Nanos = 123000000 },
                                Label = { new Oracle.LabelPair { Name = "trace_id", Value = "abc" } },
                            },
                        },
                    },
                },
            },
            new Oracle.MetricFamily
            {
                Name = "h",
                Type = Oracle.MetricType.Histogram,
                Metric = { new Oracle.Metric { Histogram = new Oracle.Histogram
                    { SampleCount = 12345678, SampleSum = 1e6, Bucket = { new Oracle.Bucket { UpperBound = 1, CumulativeCount = 7 } } } } },
            }));
        Assert.Equal(
            """
            # HELP x a \"b\"\\\n
            # TYPE x counter
            x_total 123456.0 1.700000000123e+09 # {trace_id="abc"} 0.5 1.700000000123e+09
            x_created 1.700000000123e+09 1.700000000123e+09
            # TYPE h histogram
            h_bucket{le="1.0"} 7
            h_bucket{le="+Inf"} 12345678
            h_sum 1e+06
            h_count 12345678

            """.ReplaceLineEndings("\n"),
            OpenMetricsSupport.Write(set));
    }

    [Theory]
    [InlineData(EscapingScheme.AllowUtf8,
        "# TYPE \"a.b_s\" counter\n# UNIT \"a.b_s\" s\n{\"a.b_s_total\",\"c.d\"=\"e\",\"x:y\"=\"f\"} "
        + "1.0\n{\"a.b_s_created\",\"c.d\"=\"e\",\"x:y\"=\"f\"} 5.0\n")]
    [InlineData(EscapingScheme.Underscores,
        "# TYPE a_b_s counter\n# UNIT a_b_s s\na_b_s_total{c_d=\"e\",x_y=\"f\"} 1.0\na_b_s_created{c_d=\"e\",x_y=\"f\"} 5.0\n")]
    [InlineData(EscapingScheme.Dots,
        "# TYPE a_dot_b__s_ counter\na_dot_b__s__total{c_dot_d=\"e\",x_y=\"f\"} 1.0\na_dot_b__s__created{c_dot_d=\"e\",x_y=\"f\"} 5.0\n")]
    [InlineData(EscapingScheme.Values,
        "# TYPE U__a_2e_b__s_ counter\nU__a_2e_b__s__total{U__c_2e_d=\"e\",x_y=\"f\"} "
        + "1.0\nU__a_2e_b__s__created{U__c_2e_d=\"e\",x_y=\"f\"} 5.0\n")]
    public void Names_follow_the_scheme(EscapingScheme scheme, string expected)
    {
        FamilySet set = OpenMetricsSupport.Read(
            "# TYPE \"a.b_s\" counter\n# UNIT \"a.b_s\" s\n{\"a.b_s_total\",\"c.d\"=\"e\",\"x:y\"=\"f\"} "
            + "1\n{\"a.b_s_created\",\"c.d\"=\"e\",\"x:y\"=\"f\"} 5\n", NameScheme.Utf8);
        Assert.Equal(expected, OpenMetricsSupport.Write(set, scheme));

        // The total has the name that it has in the text format.
        string total = ProtobufSupport.WriteText(set, scheme).Split('\n')[1].Split('{')[0];
        Assert.True(scheme == EscapingScheme.AllowUtf8 || expected.Contains($"\n{total}{{", StringComparison.Ordinal), total);
    }

    public static TheoryData<string, string> Misfits => new()
    {
        { "# TYPE c counter\nc 1\n", "# TYPE c unknown\nc 1.0\n" },
        { "# TYPE _total counter\n_total 1\n", "# TYPE _total unknown\n_total 1.0\n" },
        { "# TYPE c_total counter\nc_total NaN\n", "# TYPE c_total unknown\nc_total NaN\n" },
        { "# TYPE c_total counter\nc_total -1\n", "# TYPE c_total unknown\nc_total -1.0\n" },
        { "# TYPE s summary\ns{quantile=\"2\"} 1\ns_sum 1\ns_count 1\n",
            "# TYPE s unknown\ns{quantile=\"2.0\"} 1.0\n# TYPE s_sum unknown\ns_sum 1.0\n# TYPE s_count unknown\ns_count 1\n" },
        { "# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_bucket{le=\"+Inf\"} 1\n",
            "# TYPE h_bucket unknown\nh_bucket{le=\"1.0\"} 0.5\nh_bucket{le=\"+Inf\"} 1.0\n# TYPE h_sum unknown\nh_sum 0.0\n# TYPE "
            + "h_count unknown\nh_count 0\n" },
        { "# TYPE h histogram\nh_bucket{le=\"-1\"} 1\nh_sum{a=\"b\"} 1\nh_sum -1\nh_count 1\n",
            "# TYPE h_bucket unknown\nh_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_bucket{a=\"b\",le=\"+Inf\"} 0\n# TYPE h_sum "
            + "unknown\nh_sum -1.0\nh_sum{a=\"b\"} 1.0\n# TYPE h_count unknown\nh_count 1\nh_count{a=\"b\"} 0\n" },
        { "# TYPE h histogram\nh_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n",
            "# TYPE h_bucket unknown\nh_bucket{le=\"2.0\"} 1\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 0\n# TYPE h_sum "
            + "unknown\nh_sum 0.0\n# TYPE h_count unknown\nh_count 0\n" },
        { "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 3\nh_bucket{le=\"1\"} 2\n",
            "# TYPE h_bucket unknown\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"2.0\"} 3\nh_bucket{le=\"+Inf\"} 0\n# TYPE h_sum "
            + "unknown\nh_sum 0.0\n# TYPE h_count unknown\nh_count 0\n" },
        { "# TYPE h gaugehistogram\nh_bucket{le=\"+Inf\"} 1\nh_sum -1\n",
            "# TYPE h_bucket unknown\nh_bucket{le=\"+Inf\"} 1\n# TYPE h_gsum unknown\nh_gsum -1.0\n# TYPE h_gcount unknown\nh_gcount 0\n" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public void What_a_type_does_not_allow_goes_out_as_unknown(string text, string expected)
    {
        FamilySet set = TextReadTests.Read(text);
        Assert.False(OpenMetricsFormat.Fits(set, 0));
        Assert.Equal(expected, OpenMetricsSupport.Write(set));
        OpenMetricsSupport.Read(expected);
    }

    public static TheoryData<string, string> Mended => new()
    {
        { "# TYPE h histogram\nh_bucket{le=\"-1\"} 0\nh_bucket{le=\"+Inf\"} 1\n",
            "# TYPE h histogram\nh_bucket{le=\"-1.0\"} 0\nh_bucket{le=\"+Inf\"} 1\n" },
        { "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2\n", "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 2.0\nh_count 1\n" },
        { "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_count 2\n",
            "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 0.0\nh_count 2\n" },
        { "# TYPE s summary\ns_count 2\n", "# TYPE s summary\ns_count 2\n" },
        { "# TYPE s summary\ns{quantile=\"0.9\"} 2\ns{quantile=\"0.5\"} 2\n",
            "# TYPE s summary\ns{quantile=\"0.9\"} 2.0\ns{quantile=\"0.5\"} 2.0\n" },
        { "# TYPE s summary\ns 5\n", "# TYPE s summary\ns_count 0\n" },
        { "# TYPE h gaugehistogram\nh_bucket{le=\"-1\"} 1\nh_count 2\nh_sum -3\n",
            "# TYPE h gaugehistogram\nh_bucket{le=\"-1.0\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_gsum -3.0\nh_gcount 2\n" },
    };

    [Theory]
    [MemberData(nameof(Mended))]
    public void What_is_only_absent_is_mended_or_left_out(string text, string expected)
    {
        Assert.Equal(expected, OpenMetricsSupport.Write(TextReadTests.Read(text)));
        OpenMetricsSupport.Read(expected);
    }

    [Fact]
    public void Exemplars_and_times_that_would_be_refused_are_left_out()
    {
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(new Oracle.MetricFamily
        {
            Name = "c_total",
            Type = Oracle.MetricType.Counter,
            Unit = "bytes",
            Metric =
            {
                Counter("1", ("a", new string('x', 127)), ("b", "")),
                Counter("2", ("a", "1"), ("a", "2")),
                Counter("3", ("__a", "1")),
                Counter("4", ("", "1")),
                Counter("5", ("a", new string('é', 127))),
            },
        }));
        Assert.Equal(
            $"# TYPE c counter\nc_total{{n=\"1\"}} 1.0\nc_total{{n=\"2\"}} 1.0\nc_total{{n=\"3\"}} 1.0\nc_total{{n=\"4\"}} "
            + $"1.0\nc_total{{n=\"5\"}} 1.0 # {{a=\"{new string('é', 127)}\"}} 0.0\n", OpenMetricsSupport.Write(set));

        static Oracle.Metric Counter(string n, params (string Name, string Value)[] labels)
        {
            var exemplar = new Oracle.Exemplar { Timestamp = new Timestamp { Seconds = long.MaxValue } };
            exemplar.Label.AddRange(labels.Select(label => new Oracle.LabelPair { Name = label.Name, Value = label.Value }));
            return new Oracle.Metric
            {
                Label = { new Oracle.LabelPair { Name = "n", Value = n } },
                Counter = new Oracle.Counter { Value = 1, Exemplar = exemplar, CreatedTimestamp = new Timestamp { Nanos = -1 } },
            };
        }
    }

    [Fact]
    public void A_type_without_meaning_is_never_written()
    {
        var set = new FamilySet();
        set.AddMetric(set.AddFamily("a"u8, (MetricType)9, "h"u8));
        Assert.Empty(OpenMetricsSupport.Write(set));
    }

    [Fact]
    public void A_warm_writer_allocates_nothing()
    {
        FamilySet set = OpenMetricsSupport.Read("""
            # TYPE "c.x" counter
            # HELP "c.x" help
            {"c.x_total","l.m"="v"} 3 # {"trace.id"="x"} 0.5 1700000000.123
            {"c.x_created","l.m"="v"} 1520430000.123456789
            # TYPE h histogram
            h_bucket{le="0.5"} 1 # {a="b"} 0.5
            h_bucket{le="+Inf"} 2
            h_count 2
            h_sum 2.5

            """, NameScheme.Utf8);
        var output = new ArrayBufferWriter<byte>(1 << 16);
        Allocation.AssertNone(() =>
        {
            output.ResetWrittenCount();
            for (int family = 0; family < 2; family++)
            {
                OpenMetricsFormat.Write(set, family, EscapingScheme.AllowUtf8, output);
                OpenMetricsFormat.Write(set, family, EscapingScheme.Values, output);
            }

            OpenMetricsFormat.WriteEnd(output);
        });
    }

    [Theory]
    [InlineData("1520430000.123", 1_520_430_000, 123_000_000)]
    [InlineData("+0.1234567899", 0, 123_456_789)]
    [InlineData("-0.25", -1, 750_000_000)]
    [InlineData("-3", -3, 0)]
    [InlineData("00012.", 12, 0)]
    [InlineData("1.7e+09", 1_700_000_000, 0)]
    [InlineData("1e-9", 0, 1)]
    [InlineData("-2.5e0", -3, 500_000_000)]
    [InlineData("1.520430000123e+09", 1_520_430_000, 123_000_000)]
    [InlineData("15204300001234567891e-10", 1_520_430_000, 123_456_789)]
    [InlineData("0.0000000015204300001239E18", 1_520_430_000, 123_900_000)]
    [InlineData(".000000001E9", 1, 0)]
    [InlineData("0e99999999999", 0, 0)]
    [InlineData("1e-99999999999", 0, 0)]
    [InlineData("25e10", 250_000_000_000, 0)]
    [InlineData("-62135596800", -62_135_596_800, 0)]
    public void Times_are_read_to_the_nanosecond(string text, long seconds, int nanos)
    {
        FamilySet set = OpenMetricsSupport.Read($"# TYPE c counter\nc_total 1\nc_created {text}\n");
        string written = OpenMetricsSupport.Write(set);
        Assert.Equal(written, OpenMetricsSupport.Write(OpenMetricsSupport.Read(written)));
        Assert.Equal(
            new Timestamp { Seconds = seconds, Nanos = nanos }, OpenMetricsSupport.ToProtobuf(set)[0].Metric[0].Counter.CreatedTimestamp);
    }

    // 0.25 s must not become 0.2499998: Prometheus cuts to milliseconds.
    [Fact]
    public void Times_with_few_digits_are_printed_with_few_digits()
    {
        for (int i = 0; i < 2000; i++)
        {
            string time = string.Create(CultureInfo.InvariantCulture, $"{1_700_000_000 + (i * 7919)}.{(i % 999) + 1:D3}");
            string written = OpenMetricsSupport.Write(OpenMetricsSupport.Read($"# TYPE c counter\nc_total 1.0 # {{}} 1.0 {time}\n"));
            string shown = written.Split(' ')[^1].TrimEnd();
            Assert.Equal(
                decimal.Parse(time, CultureInfo.InvariantCulture), decimal.Parse(shown, NumberStyles.Float, CultureInfo.InvariantCulture));
        }
    }
}
