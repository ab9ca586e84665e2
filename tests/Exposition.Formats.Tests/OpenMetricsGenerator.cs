using System.Globalization;
using System.Text;
using Exposition.Formats.Tests.Oracle;
using Google.Protobuf.WellKnownTypes;
using OracleType = Exposition.Formats.Tests.Oracle.MetricType;

namespace Exposition.Formats.Tests;

/// <summary>Makes families that OpenMetrics can say without loss, and bodies that it may or may not take.</summary>
internal sealed class OpenMetricsGenerator(int seed)
{
    private static readonly string[] s_stems = ["a", "b:c", "höhe", "with \"quotes\" and \\ and \n", "x_seconds"];
    private static readonly string[] s_labels = ["l", "m.n", "o:p", "with \"quotes\" and \\ and \n"];
    private static readonly string[] s_values = ["", "1", "é ü", "\\n\n\"", " # {", "}"];
    private static readonly double[] s_positive = [0, 1, 0.5, 1e6, 123456.5, 5e-324, double.MaxValue, double.PositiveInfinity, 1e-5];
    private static readonly ulong[] s_counts = [0, 1, 7, 1 << 20, (1UL << 53) + 1, 1UL << 63];

    private readonly Random _random = new(seed);

    public List<MetricFamily> Families()
    {
        var families = new List<MetricFamily>();
        foreach (string stem in s_stems.Where(_ => _random.Next(3) == 0))
        {
            var type = (OracleType)_random.Next(6);
            var family = new MetricFamily { Name = type == OracleType.Counter ? stem + "_total" : stem, Type = type };
            Maybe(() => family.Help = Pick(s_values[1..]));
            if (stem.EndsWith("_seconds", StringComparison.Ordinal))
            {
                Maybe(() => family.Unit = "seconds");
            }

            for (int i = _random.Next(1, 4); i > 0; i--)
            {
                family.Metric.Add(Metric(type, i));
            }

            families.Add(family);
        }

        return families;
    }

    /// <summary>A few families as text, with a fault now and then.</summary>
    public string Body()
    {
        var body = new StringBuilder();
        List<MetricFamily> families = Families();
        body.Append(OpenMetricsSupport.Write(ProtobufSupport.Read(ProtobufSupport.Delimited(families))));
        if (_random.Next(2) == 0)
        {
            body.Append("# TYPE i info\ni_info{x=\"1\"} 1\ni_info{x=\"2\"} 1.0 5\n# TYPE t stateset\nt{t=\"1\",y=\"z\"} "
                + "1\nt{t=\"2\",y=\"z\"} 0\n");
        }

        var lines = body.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        if (_random.Next(2) == 0 && lines.Count > 0)
        {
            int at = _random.Next(lines.Count);
            switch (_random.Next(4))
            {
                case 0:
                    lines.RemoveAt(at);
                    break;
                case 1:
                    lines.Insert(at, lines[_random.Next(lines.Count)]);
                    break;
                case 2:
                    lines[at] += string.Create(CultureInfo.InvariantCulture, $" {_random.Next(5)}");
                    break;
                default:
                    lines[at] = lines[at].Replace("0", "-1.5e3", StringComparison.Ordinal);
                    break;
            }
        }

        return string.Concat(lines.Select(line => line + "\n")) + "# EOF\n";
    }

    private Metric Metric(OracleType type, int number)
    {
        var metric = new Metric { Label = { new LabelPair { Name = "number", Value = number.ToString(CultureInfo.InvariantCulture) } } };
        foreach (string name in s_labels.Where(_ => _random.Next(3) == 0))
        {
            metric.Label.Add(new LabelPair { Name = name, Value = Pick(s_values) });
        }

        Maybe(() => metric.TimestampMs = _random.Next(2) == 0 ? _random.Next(-1000, 1000) : 1_700_000_000_000 + _random.Next(), 2);
        switch (type)
        {
            case OracleType.Counter:
                metric.Counter = new Counter { Value = Pick(s_positive) };
                Maybe(() => metric.Counter.Exemplar = Exemplar());
                Maybe(() => metric.Counter.CreatedTimestamp = Time());
                break;
            case OracleType.Gauge:
                metric.Gauge = new Gauge { Value = Any() };
                break;
            case OracleType.Untyped:
                metric.Untyped = new Untyped { Value = Any() };
                break;
            case OracleType.Summary:
                metric.Summary = Summary();
                break;
            default:
                metric.Histogram = Histogram(type == OracleType.GaugeHistogram);
                break;
        }

        return metric;
    }

    private Summary Summary()
    {
        var summary = new Summary();
        Maybe(() => summary.SampleSum = Pick(s_positive), 7);
        Maybe(() => summary.SampleCount = Pick(s_counts), 7);
        Maybe(() => summary.CreatedTimestamp = Time(), 3);
        foreach (double quantile in (double[])[0, 0.5, 0.99, 1])
        {
            Maybe(() => summary.Quantile.Add(
                new Quantile { Quantile_ = quantile, Value = _random.Next(4) == 0 ? double.NaN : Pick(s_positive) }));
        }

        if (!summary.HasSampleSum && summary.Quantile.Count == 0)
        {
            summary.SampleCount = 3;
        }

        return summary;
    }

    private Histogram Histogram(bool gauge)
    {
        var histogram = new Histogram();
        ulong count = 0;
        bool negative = _random.Next(4) == 0;
        foreach (double bound in (double[])[-1.5, 0, 0.5, 1e6, double.PositiveInfinity])
        {
            if (double.IsPositiveInfinity(bound) || (_random.Next(2) == 0 && (negative || bound >= 0)))
            {
                count += (ulong)_random.Next(1000);
                var bucket = new Bucket { UpperBound = bound, CumulativeCount = count };
                Maybe(() => bucket.Exemplar = Exemplar(), 3);
                histogram.Bucket.Add(bucket);
            }
        }

        negative = histogram.Bucket[0].UpperBound < 0;
        if (_random.Next(2) == 0 && (gauge || !negative))
        {
            histogram.SampleCount = count;
            histogram.SampleSum = negative ? -Pick(s_positive[1..]) : Pick(s_positive);
        }

        if (!gauge)
        {
            Maybe(() => histogram.CreatedTimestamp = Time(), 3);
        }

        return histogram;
    }

    private Exemplar Exemplar()
    {
        var exemplar = new Exemplar { Value = Any() };
        foreach (string name in s_labels.Where(_ => _random.Next(3) == 0))
        {
            exemplar.Label.Add(new LabelPair { Name = name, Value = Pick(s_values) });
        }

        Maybe(() => exemplar.Timestamp = Time());
        return exemplar;
    }

    // Times that a float tells apart: milliseconds of these days, or nanoseconds of the first days.
    private Timestamp Time() => _random.Next(2) == 0
        ? new Timestamp { Seconds = 1_500_000_000 + _random.Next(1 << 29), Nanos = _random.Next(1000) * 1_000_000 }
        : new Timestamp { Seconds = _random.Next(-900_000, 900_000), Nanos = _random.Next(1_000_000_000) };

    // Not -0, which is printed as 0.
    private double Any() => _random.Next(3) switch { 0 => -Pick(s_positive[1..]), 1 => Pick(s_positive), _ => double.NaN };

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private void Maybe(Action set, int ofTen = 5)
    {
        if (_random.Next(10) < ofTen)
        {
            set();
        }
    }
}
