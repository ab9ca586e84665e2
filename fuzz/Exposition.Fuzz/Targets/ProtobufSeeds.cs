using Exposition.Formats.Tests.Oracle;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Exposition.Fuzz.Targets;

/// <summary>Bodies that hold each field of the format once, with numbers from the ends of their ranges.</summary>
internal static class ProtobufSeeds
{
    public static IEnumerable<byte[]> All()
    {
        yield return [];
        yield return Delimited(Family(MetricType.Gauge, new Metric { Gauge = new Gauge { Value = -1.5 }, TimestampMs = long.MinValue }));
        yield return Delimited(Family(MetricType.Counter, new Metric
        {
            Counter = new Counter
            { Value = 1e300, Exemplar = Exemplar(), CreatedTimestamp = Time() },
            TimestampMs = 1_700_000_000_000
        }));
        yield return Delimited(Family(MetricType.Untyped, new Metric { Untyped = new Untyped { Value = double.NaN } },
            new Metric { Untyped = new Untyped { Value = -0.0 } }));
        yield return Delimited(Family(MetricType.Summary, Summary()));
        yield return Delimited(Family(MetricType.Histogram, Classic(), Floats()));
        yield return Delimited(Family(MetricType.GaugeHistogram, Native()));

        // Two of a name, and a metric with every kind of value.
        var all = new Metric
        { Gauge = new Gauge(), Counter = new Counter(), Untyped = new Untyped(), Summary = new Summary(), Histogram = new Histogram() };
        yield return Delimited(Family(MetricType.Counter, all), Family(MetricType.Gauge, all));
    }

    private static Metric Summary() => new()
    {
        Summary = new Summary
        {
            SampleCount = ulong.MaxValue,
            SampleSum = double.NegativeInfinity,
            Quantile = { new Quantile { Quantile_ = 0.5, Value = double.NaN }, new Quantile { Quantile_ = 0.99, Value = 7 } },
            CreatedTimestamp = Time(),
        },
    };

    private static Metric Classic() => new()
    {
        Histogram = new Histogram
        {
            SampleCount = (1UL << 53) + 1,
            SampleSum = 0.1,
            Bucket =
            {
                new Bucket { CumulativeCount = 127, UpperBound = 0.1, Exemplar = Exemplar() },
                new Bucket { CumulativeCount = 128, UpperBound = double.PositiveInfinity },
            },
        },
    };

    private static Metric Floats() => new()
    {
        Histogram = new Histogram
        { SampleCountFloat = 2.5, SampleSum = 1, Bucket = { new Bucket { CumulativeCountFloat = 1.25, UpperBound = 1 } } },
    };

    private static Metric Native() => new()
    {
        Histogram = new Histogram
        {
            SampleCount = 9,
            SampleSum = 3,
            Schema = -4,
            ZeroThreshold = 1e-128,
            ZeroCount = 1,
            PositiveSpan = { new BucketSpan { Offset = -2, Length = 2 }, new BucketSpan { Offset = 3, Length = 1 } },
            PositiveDelta = { 1, -1, 4 },
            NegativeSpan = { new BucketSpan { Offset = 0, Length = 1 } },
            NegativeDelta = { 2 },
            PositiveCount = { 0.5 },
            Exemplars = { Exemplar() },
            CreatedTimestamp = Time(),
        },
    };

    private static Exemplar Exemplar() =>
        new() { Label = { new LabelPair { Name = "trace", Value = "a" } }, Value = 2, Timestamp = Time() };

    private static Timestamp Time() => new() { Seconds = 1_700_000_000, Nanos = 999_999_999 };

    private static MetricFamily Family(MetricType type, params Metric[] metrics)
    {
        var family = new MetricFamily { Name = "seed", Help = "A seed.", Type = type, Unit = "s" };
        foreach (var metric in metrics)
        {
            metric.Label.Add(new LabelPair { Name = "label.name", Value = "väl\"ue" });
            family.Metric.Add(metric.Clone());
        }

        return family;
    }

    private static byte[] Delimited(params MetricFamily[] families)
    {
        using var body = new MemoryStream();
        foreach (var family in families)
        {
            family.WriteDelimitedTo(body);
        }

        return body.ToArray();
    }
}
