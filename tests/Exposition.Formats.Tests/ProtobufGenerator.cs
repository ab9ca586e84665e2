using Exposition.Formats.Tests.Oracle;
using Google.Protobuf.WellKnownTypes;
using OracleType = Exposition.Formats.Tests.Oracle.MetricType;

namespace Exposition.Formats.Tests;

/// <summary>Makes families at random: every field of the format, present or not, in odd combinations and with odd values.</summary>
internal sealed class ProtobufGenerator(int seed)
{
    private static readonly double[] s_doubles =
        [0, -0.0, 1, -1, 0.5, 1e6, 123456.5, 5e-324, double.MaxValue, double.PositiveInfinity, double.NegativeInfinity, double.NaN];

    private static readonly ulong[] s_counts = [0, 1, 7, 127, 128, 1 << 20, 1UL << 53, (1UL << 53) + 1, 1UL << 63, ulong.MaxValue];
    private static readonly string[] s_names = ["a", "a_b", "a.b", "höhe", "1x", "x:y", "", "with \"quotes\" and \\ and \n"];

    private readonly Random _random = new(seed);

    public List<MetricFamily> Families()
    {
        var families = new List<MetricFamily>();
        for (int i = _random.Next(4); i >= 0; i--)
        {
            families.Add(Family());
        }

        return families;
    }

    public MetricFamily Family()
    {
        var family = new MetricFamily();
        Maybe(() => family.Name = Pick(s_names), 9);
        Maybe(() => family.Help = Pick(s_names));
        Maybe(() => family.Unit = "seconds", 1);
        Maybe(() => family.Type = (OracleType)_random.Next(6), 9);
        for (int i = _random.Next(4); i > 0; i--)
        {
            family.Metric.Add(Metric(family.Type));
        }

        return family;
    }

    public byte[] Mutate(byte[] body)
    {
        byte[] mutated = [.. body];
        for (int i = _random.Next(1, 4); i > 0 && mutated.Length > 0; i--)
        {
            int at = _random.Next(mutated.Length);
            mutated = _random.Next(4) switch
            {
                0 => [.. mutated[..at], .. mutated[(at + 1)..]],
                1 => [.. mutated[..at], (byte)_random.Next(256), .. mutated[at..]],
                2 => [.. mutated[..at], (byte)(mutated[at] ^ (1 << _random.Next(8))), .. mutated[(at + 1)..]],
                _ => [.. mutated[..at], (byte)_random.Next(256), .. mutated[(at + 1)..]],
            };
        }

        return mutated;
    }

    private Metric Metric(OracleType type)
    {
        var metric = new Metric();
        for (int i = _random.Next(4); i > 0; i--)
        {
            metric.Label.Add(Label());
        }

        bool right = _random.Next(10) > 0;
        for (int kind = 0; kind < 5; kind++)
        {
            bool wanted = kind == (type == OracleType.GaugeHistogram ? 4 : (int)type);
            if (wanted ? right : _random.Next(20) == 0)
            {
                AddValue(metric, kind);
            }
        }

        Maybe(() => metric.TimestampMs = _random.NextInt64() * (_random.Next(2) == 0 ? -1 : 1), 1);
        return metric;
    }

    private void AddValue(Metric metric, int kind)
    {
        switch (kind)
        {
            case 0:
                metric.Counter = new Counter();
                Maybe(() => metric.Counter.Value = Double(), 9);
                Maybe(() => metric.Counter.Exemplar = Exemplar(), 2);
                Maybe(() => metric.Counter.CreatedTimestamp = Time(), 2);
                break;
            case 1:
                metric.Gauge = new Gauge();
                Maybe(() => metric.Gauge.Value = Double(), 9);
                break;
            case 2:
                metric.Summary = Summary();
                break;
            case 3:
                metric.Untyped = new Untyped();
                Maybe(() => metric.Untyped.Value = Double(), 9);
                break;
            default:
                metric.Histogram = Histogram();
                break;
        }
    }

    private Summary Summary()
    {
        var summary = new Summary();
        Maybe(() => summary.SampleCount = Pick(s_counts), 9);
        Maybe(() => summary.SampleSum = Double(), 9);
        Maybe(() => summary.CreatedTimestamp = Time(), 1);
        for (int i = _random.Next(4); i > 0; i--)
        {
            var quantile = new Quantile();
            Maybe(() => quantile.Quantile_ = Double(), 9);
            Maybe(() => quantile.Value = Double(), 9);
            summary.Quantile.Add(quantile);
        }

        return summary;
    }

    private Histogram Histogram()
    {
        var histogram = new Histogram();
        Maybe(() => histogram.SampleCount = Pick(s_counts), 8);
        Maybe(() => histogram.SampleSum = Double(), 9);
        Maybe(() => histogram.SampleCountFloat = Double(), 2);
        Maybe(() => histogram.CreatedTimestamp = Time(), 1);
        for (int i = _random.Next(4); i > 0; i--)
        {
            var bucket = new Bucket();
            Maybe(() => bucket.CumulativeCount = Pick(s_counts), 8);
            Maybe(() => bucket.CumulativeCountFloat = Double(), 2);
            Maybe(() => bucket.UpperBound = Double(), 9);
            Maybe(() => bucket.Exemplar = Exemplar(), 1);
            histogram.Bucket.Add(bucket);
        }

        if (_random.Next(3) == 0)
        {
            Maybe(() => histogram.Schema = _random.Next(-6, 11), 8);
            Maybe(() => histogram.ZeroThreshold = Double());
            Maybe(() => histogram.ZeroCount = Pick(s_counts));
            Maybe(() => histogram.ZeroCountFloat = Double(), 2);
            for (int i = _random.Next(3); i > 0; i--)
            {
                histogram.PositiveSpan.Add(new BucketSpan { Offset = _random.Next(-5, 5), Length = (uint)_random.Next(4) });
                histogram.NegativeSpan.Add(new BucketSpan { Offset = _random.Next(-5, 5), Length = (uint)_random.Next(4) });
                histogram.PositiveDelta.Add(_random.Next(-5, 5));
                histogram.NegativeDelta.Add(_random.NextInt64());
                histogram.PositiveCount.Add(Double());
                histogram.NegativeCount.Add(Double());
            }

            Maybe(() => histogram.Exemplars.Add(Exemplar()), 2);
        }

        return histogram;
    }

    private Exemplar Exemplar()
    {
        var exemplar = new Exemplar();
        Maybe(() => exemplar.Label.Add(Label()));
        Maybe(() => exemplar.Value = Double());
        Maybe(() => exemplar.Timestamp = Time());
        return exemplar;
    }

    private LabelPair Label() => new() { Name = Pick(s_names), Value = Pick(s_names) };

    private Timestamp Time() => new() { Seconds = _random.NextInt64(), Nanos = _random.Next() };

    private double Double() => _random.Next(3) == 0 ? BitConverter.Int64BitsToDouble(_random.NextInt64()) : Pick(s_doubles);

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private void Maybe(Action set, int ofTen = 5)
    {
        if (_random.Next(10) < ofTen)
        {
            set();
        }
    }
}
