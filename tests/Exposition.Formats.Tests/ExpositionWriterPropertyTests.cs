using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

/// <summary>What the writer writes is read back as what it was given, by the readers and by Google's runtime.</summary>
public sealed class ExpositionWriterPropertyTests
{
    [Property(MaxTest = 500)]
    public void Protobuf_is_what_was_given(DoNotSize<int> seed)
    {
        (byte[] body, List<Oracle.MetricFamily> expected) = Write(seed.Item, ScrapeFormat.ProtobufDelimited, EscapingScheme.AllowUtf8);
        List<Oracle.MetricFamily> families = ProtobufSupport.ParseDelimited(body);
        Oracle.Histogram[] histograms = [.. Histograms(families)];
        Oracle.Histogram[] given = [.. Histograms(expected)];
        Assert.Equal(given.Select(NativeModel.Dense), histograms.Select(NativeModel.Dense));
        Assert.All(histograms, histogram => Assert.True(
            histogram.HasSchema == histogram.PositiveSpan.Count + histogram.NegativeSpan.Count > 0, "a native one has spans"));
        Assert.All(histograms.Concat(given), NativeModel.ForgetSpans);
        Assert.Equal(expected, families);

        // Our reader takes it, and keeps it as it is.
        (body, _) = Write(seed.Item, ScrapeFormat.ProtobufDelimited, EscapingScheme.AllowUtf8);
        Assert.Equal(body, WithUnits(ProtobufSupport.Read(body)));
    }

    [Property(MaxTest = 500)]
    public void Openmetrics_is_what_was_given(DoNotSize<int> seed)
    {
        (byte[] body, List<Oracle.MetricFamily> expected) = Write(seed.Item, ScrapeFormat.OpenMetrics, EscapingScheme.AllowUtf8);
        var set = new FamilySet();
        Assert.True(OpenMetricsFormat.TryRead(body, NameScheme.Utf8, set, out FormatError error),
            $"{error}\n{Encoding.UTF8.GetString(body)}");
        ForgetNative(expected);
        Assert.Equal(expected, OpenMetricsSupport.ToProtobuf(set));
    }

    [Property(MaxTest = 500)]
    public void Text_is_what_was_given_but_for_what_it_has_no_place_for(DoNotSize<int> seed)
    {
        (byte[] body, List<Oracle.MetricFamily> expected) = Write(seed.Item, ScrapeFormat.Text, EscapingScheme.AllowUtf8);
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(body, new TextReadOptions(NameScheme.Utf8, Lenient: false), set, out FormatError error),
            $"{error}\n{Encoding.UTF8.GetString(body)}");
        ForgetNative(expected);
        foreach (Oracle.MetricFamily family in expected)
        {
            family.ClearUnit();
            if (family.HasHelp)
            {
                // Blanks before it are those behind the name.
                family.Help = family.Help.TrimStart(' ');
            }

            family.Type = family.Type == Oracle.MetricType.GaugeHistogram ? Oracle.MetricType.Histogram : family.Type;
            foreach (Oracle.Metric metric in family.Metric)
            {
                metric.Counter?.Exemplar = null;
                metric.Counter?.CreatedTimestamp = null;
                metric.Summary?.CreatedTimestamp = null;
                metric.Histogram?.CreatedTimestamp = null;
                foreach (Oracle.Bucket bucket in metric.Histogram?.Bucket ?? [])
                {
                    bucket.Exemplar = null;
                }
            }
        }

        Assert.Equal(expected, OpenMetricsSupport.ToProtobuf(set));
    }

    // Other schemes make other names, which are readable all the same.
    [Property(MaxTest = 500)]
    public void Escaped_names_are_read_in_every_format(DoNotSize<int> seed)
    {
        foreach (EscapingScheme scheme in (EscapingScheme[])[EscapingScheme.Underscores, EscapingScheme.Dots, EscapingScheme.Values])
        {
            var set = new FamilySet();
            (byte[] text, List<Oracle.MetricFamily> given) = Write(seed.Item, ScrapeFormat.Text, scheme);
            Assert.True(TextFormat.TryRead(text, default, set, out FormatError error), $"{error}\n{Encoding.UTF8.GetString(text)}");
            Assert.Equal(given.Select(family => Escape(family.Name, scheme)), Names(set));
            (byte[] open, _) = Write(seed.Item, ScrapeFormat.OpenMetrics, scheme);
            Assert.True(OpenMetricsFormat.TryRead(open, NameScheme.Legacy, set, out error), $"{error}\n{Encoding.UTF8.GetString(open)}");
            Assert.Equal(given.Select(family => Escape(family.Name, scheme)), Names(set));
            (byte[] protobuf, _) = Write(seed.Item, ScrapeFormat.ProtobufDelimited, scheme);
            Assert.Equal(given.Select(family => Escape(family.Name, scheme)), Names(ProtobufSupport.Read(protobuf)));
        }
    }

    // One seam: rows that a source has written are the rows that a reader would have made of its protobuf.
    [Property(MaxTest = 500)]
    public void A_writer_over_a_set_is_the_writer_of_every_format(DoNotSize<int> seed)
    {
        var set = new FamilySet();
        set.AddGauge("of_another_source", "Here already.", 1);
        new WriterModel(seed.Item).Write(new ExpositionWriter(set));
        (byte[] body, _) = Write(seed.Item, ScrapeFormat.ProtobufDelimited, EscapingScheme.AllowUtf8);
        FamilySet read = ProtobufSupport.Read(body);
        Assert.Equal(body, WithUnits(set, first: 1));
        Assert.Equal(Contents(read), Contents(set)[1..]);
    }

    private static (byte[] Body, List<Oracle.MetricFamily> Given) Write(int seed, ScrapeFormat format, EscapingScheme scheme)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(output, new ExpositionWriterOptions(format, scheme));
        List<Oracle.MetricFamily> given = new WriterModel(seed).Write(writer);
        return (output.WrittenSpan.ToArray(), given);
    }

    private static byte[] WithUnits(FamilySet set, int first = 0)
    {
        var all = new ArrayBufferWriter<byte>();
        for (int family = first; family < set.Families.Length; family++)
        {
            var metrics = new ArrayBufferWriter<byte>();
            ProtobufFormat.WriteMetrics(set, family, metrics);
            FamilyRow row = set.Families[family];
            ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), set.Text(row.Unit),
                EscapingScheme.AllowUtf8, metrics.WrittenCount, all);
            all.Write(metrics.WrittenSpan);
        }

        return all.WrittenSpan.ToArray();
    }

    private static IEnumerable<Oracle.Histogram> Histograms(IEnumerable<Oracle.MetricFamily> families) =>
        families.SelectMany(family => family.Metric).Where(metric => metric.Histogram is not null).Select(metric => metric.Histogram);

    // A native histogram has no classic buckets of its own but the one for everything.
    private static void ForgetNative(List<Oracle.MetricFamily> families)
    {
        foreach (Oracle.Histogram histogram in Histograms(families))
        {
            NativeModel.ForgetNative(histogram);
            if (histogram.Bucket.Count == 0)
            {
                histogram.Bucket.Add(new Oracle.Bucket { UpperBound = double.PositiveInfinity, CumulativeCount = histogram.SampleCount });
            }
        }
    }

    private static List<MetricContent> Contents(FamilySet set)
    {
        var contents = new List<MetricContent>();
        foreach (ref readonly MetricRow metric in set.Metrics)
        {
            contents.Add(metric.Content);
        }

        return contents;
    }

    private static List<string> Names(FamilySet set)
    {
        var names = new List<string>();
        foreach (FamilyView family in set.Views)
        {
            names.Add(Encoding.UTF8.GetString(family.Name));
        }

        return names;
    }

    private static string Escape(string name, EscapingScheme scheme)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        byte[] into = new byte[NameRules.MaxEscapedLength(bytes.Length)];
        return Encoding.UTF8.GetString(into, 0, NameRules.Escape(bytes, scheme, into));
    }
}
