using FsCheck;
using FsCheck.Xunit;
using Google.Protobuf;

namespace Exposition.Formats.Tests;

/// <summary>Reader and writer against Google's runtime, over families made at random.</summary>
public sealed class ProtobufOracleTests
{
    [Property(MaxTest = 2000)]
    public void What_was_read_is_written_with_nothing_lost(DoNotSize<int> seed)
    {
        List<Oracle.MetricFamily> families = new ProtobufGenerator(seed.Item).Families();
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(families));

        List<Oracle.MetricFamily> written = ProtobufSupport.ParseDelimited(ProtobufSupport.WriteProtobuf(set));
        Assert.Equal(Expected(families).OrderBy(f => f.Name, StringComparer.Ordinal), written.OrderBy(f => f.Name, StringComparer.Ordinal));
    }

    [Property(MaxTest = 2000)]
    public void Rows_say_what_the_oracle_decodes(DoNotSize<int> seed)
    {
        List<Oracle.MetricFamily> families = new ProtobufGenerator(seed.Item).Families();
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(families));

        foreach (ref readonly FamilyRow row in set.Families)
        {
            string name = System.Text.Encoding.UTF8.GetString(set.Text(row.Name));
            Oracle.MetricFamily family = families.Last(f => f.Name == name);
            Assert.Equal((byte)family.Type, (byte)row.Type);
            Assert.Equal(family.HasHelp, row.HasHelp);
            Assert.Equal(family.Metric.Count, row.MetricCount);
            int index = row.FirstMetric;
            foreach (Oracle.Metric metric in family.Metric)
            {
                AssertRow(set, index, metric, family.Type);
                index = set.Metrics[index].Next;
            }

            Assert.Equal(-1, index);
        }
    }

    // A metric without the flag must survive without its bytes: that is what the flag is for.
    [Property(MaxTest = 2000)]
    public void Rows_without_the_flag_need_no_raw_bytes(DoNotSize<int> seed)
    {
        List<Oracle.MetricFamily> families = new ProtobufGenerator(seed.Item).Families();
        FamilySet set = ProtobufSupport.Read(ProtobufSupport.Delimited(families));
        for (int family = 0; family < set.Families.Length; family++)
        {
            var kept = new List<int>();
            for (int metric = set.Families[family].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                MetricContent content = set.Metrics[metric].Content;
                if ((content & (MetricContent.OnlyInRaw | MetricContent.NativeHistogram | MetricContent.FloatCounts)) == 0
                    && (content & MetricContent.Kinds) == Kind((Oracle.MetricType)set.Families[family].Type))
                {
                    kept.Add(metric);
                }
            }

            set.SetMetrics(family, kept.ToArray());
        }

        byte[] withRaw = ProtobufSupport.WriteProtobuf(set);
        ProtobufSupport.ForgetRaw(set);
        Assert.Equal(withRaw, ProtobufSupport.WriteProtobuf(set));
    }

    [Property(MaxTest = 300)]
    public void A_prefix_is_refused_unless_it_ends_between_families(DoNotSize<int> seed)
    {
        List<Oracle.MetricFamily> families = new ProtobufGenerator(seed.Item).Families();
        byte[] body = ProtobufSupport.Delimited(families);
        var ends = new HashSet<int> { 0 };
        int end = 0;
        foreach (Oracle.MetricFamily family in families)
        {
            ends.Add(end += ProtobufSupport.Delimited(family).Length);
        }

        var set = new FamilySet();
        for (int length = 0; length <= body.Length; length++)
        {
            // A copy of its own, so that reading past the end would throw.
            bool read = ProtobufFormat.TryRead(body.AsSpan(0, length).ToArray(), set, out FormatError error);
            Assert.Equal(ends.Contains(length), read);
            Assert.True(read || error is { Message: "unexpected EOF", Line: 0 }, error.ToString());
        }
    }

    // Google's runtime is the looser one: it takes varints whose tenth byte overflows and tags of more than 32 bits. What it refuses, and
    // is no text, must be refused here, too; what it accepts and re-reads unchanged must be accepted.
    [Property(MaxTest = 5000)]
    public void Damaged_bodies_are_judged_as_the_oracle_does(DoNotSize<int> seed)
    {
        var generator = new ProtobufGenerator(seed.Item);
        byte[] message = generator.Mutate(generator.Family().ToByteArray());
        byte[] prefix = new byte[10];
        using var output = new CodedOutputStream(prefix);
        output.WriteLength(message.Length);
        output.Flush();
        byte[] body = [.. prefix[..(int)output.Position], .. message];

        bool expected = ProtobufModel.IsFamily(message);
        string? oracle = null;
        try
        {
            Oracle.MetricFamily.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException exception)
        {
            oracle = exception.Message;
        }

        var set = new FamilySet();
        Assert.Equal(expected, ProtobufFormat.TryRead(body, set, out FormatError error));
        Assert.True(oracle is null || oracle.Contains("UTF-8", StringComparison.Ordinal) || !expected, oracle);
        Assert.True(expected || error.Message == "proto: cannot parse invalid wire-format data", error.Message);
        if (expected)
        {
            // Whatever was accepted can be written in every form.
            ProtobufSupport.Read(ProtobufSupport.WriteProtobuf(set));
            ProtobufSupport.WriteText(set);
        }
    }

    private static void AssertRow(FamilySet set, int index, Oracle.Metric metric, Oracle.MetricType type)
    {
        ref readonly MetricRow row = ref set.Metrics[index];
        Assert.Equal(metric.Label.Select(l => (l.Name, l.Value)), set.LabelsOf(index).ToArray()
            .Select(l => (Text(set, l.Name), Text(set, l.Value))));
        Assert.Equal(metric.HasTimestampMs, (row.Content & MetricContent.Timestamp) != 0);
        Assert.Equal(metric.TimestampMs, row.TimestampMs);
        MetricContent kinds = (metric.Counter is null ? 0 : MetricContent.Counter) | (metric.Gauge is null ? 0 : MetricContent.Gauge)
            | (metric.Summary is null ? 0 : MetricContent.Summary) | (metric.Untyped is null ? 0 : MetricContent.Untyped)
            | (metric.Histogram is null ? 0 : MetricContent.Histogram);
        Assert.Equal(kinds, row.Content & MetricContent.Kinds);
        if ((kinds & Kind(type)) == 0)
        {
            Assert.Equal((0.0, 0UL, 0), (row.Value, row.Count, row.PointCount));
            return;
        }

        var points = new List<(double, double, ulong)>();
        for (int i = row.FirstPoint; i >= 0; i = set.Points[i].Next)
        {
            points.Add((set.Points[i].Bound, set.Points[i].Value, set.Points[i].Count));
        }

        Assert.Equal(points.Count, row.PointCount);
        switch (Kind(type))
        {
            case MetricContent.Summary:
                Assert.Equal((metric.Summary!.SampleSum, metric.Summary!.SampleCount), (row.Value, row.Count));
                Assert.Equal(metric.Summary!.Quantile.Select(q => (q.Quantile_, q.Value, 0UL)), points);
                break;
            case MetricContent.Histogram:
                Oracle.Histogram histogram = metric.Histogram!;
                Assert.Equal(
                    (histogram.SampleSum, histogram.SampleCount, histogram.SampleCountFloat), (row.Value, row.Count, row.CountFloat));
                Assert.Equal(histogram.Bucket.Select(b => (b.UpperBound, b.CumulativeCountFloat, b.CumulativeCount)), points);
                Assert.Equal(
                    histogram.PositiveSpan.Count + histogram.NegativeSpan.Count > 0, (row.Content & MetricContent.NativeHistogram) != 0);
                Assert.Equal(
                    histogram.Bucket.Any(b => b.UpperBound == double.PositiveInfinity), (row.Content & MetricContent.InfBucket) != 0);
                Assert.Equal(histogram.HasSampleCountFloat
                    || histogram.Bucket.Any(b => b.HasCumulativeCountFloat), (row.Content & MetricContent.FloatCounts) != 0);
                break;
            default:
                Assert.Equal(metric.Counter is not null && type == Oracle.MetricType.Counter ? metric.Counter.Value
                    : type == Oracle.MetricType.Gauge ? metric.Gauge!.Value : metric.Untyped!.Value, row.Value);
                break;
        }
    }

    // The last of a name wins, the type is always there, the unit is dropped.
    private static IEnumerable<Oracle.MetricFamily> Expected(List<Oracle.MetricFamily> families)
    {
        foreach (IGrouping<string, Oracle.MetricFamily> named in families.GroupBy(f => f.Name))
        {
            Oracle.MetricFamily family = named.Last().Clone();
            family.Name = named.Key;
            family.Type = family.Type;
            family.ClearUnit();
            yield return family;
        }
    }

    private static MetricContent Kind(Oracle.MetricType type) => type switch
    {
        Oracle.MetricType.Counter => MetricContent.Counter,
        Oracle.MetricType.Gauge => MetricContent.Gauge,
        Oracle.MetricType.Summary => MetricContent.Summary,
        Oracle.MetricType.Untyped => MetricContent.Untyped,
        _ => MetricContent.Histogram,
    };

    private static string Text(FamilySet set, TextRef text) => System.Text.Encoding.UTF8.GetString(set.Text(text));
}
