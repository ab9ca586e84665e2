using Google.Protobuf.WellKnownTypes;
using OracleType = Exposition.Formats.Tests.Oracle.MetricType;

namespace Exposition.Formats.Tests;

/// <summary>Expositions made at random that an <see cref="ExpositionWriter"/> can write in any format: as calls, and as messages.</summary>
internal sealed class WriterModel(int seed)
{
    private static readonly string[] s_stems = ["a", "b:c", "höhe", "with \"quotes\" and \\ and \n", "x_seconds", "d.e", "f"];
    private static readonly string[] s_labels = ["l", "m.n", "op", "with \"quotes\" and \\ and \n", "aé"];
    private static readonly string[] s_values = ["", "1", "é ü", "\\n\n\"", " # {", "}"];
    private static readonly double[] s_numbers = [0, 1, 0.5, 1e6, 123456.5, 5e-324, double.MaxValue, double.PositiveInfinity, 1e-5];

    private readonly Random _random = new(seed);

    /// <summary>Makes an exposition: calls it on the writer, and returns what it must be read as.</summary>
    public List<Oracle.MetricFamily> Write(ExpositionWriter writer)
    {
        var families = new List<Oracle.MetricFamily>();
        foreach (string stem in s_stems.Where(_ => _random.Next(3) == 0))
        {
            var type = (OracleType)_random.Next(6);
            var family = new Oracle.MetricFamily { Name = type == OracleType.Counter ? stem + "_total" : stem, Type = type };
            string help = _random.Next(2) == 0 ? Pick(s_values) : "";
            string unit = stem == "x_seconds" && _random.Next(2) == 0 ? "seconds" : "";
            if (_random.Next(2) == 0)
            {
                writer.StartFamily(family.Name, (MetricType)type, help, unit);
            }
            else
            {
                writer.StartFamily(Utf8(family.Name), (MetricType)type, Utf8(help), Utf8(unit));
            }

            if (help.Length > 0)
            {
                family.Help = help;
            }

            if (unit.Length > 0)
            {
                family.Unit = unit;
            }

            for (int i = _random.Next(4); i > 0; i--)
            {
                family.Metric.Add(WriteMetric(writer, type, i));
            }

            if (family.Metric.Count > 0)
            {
                families.Add(family);
            }
        }

        writer.Complete();
        return families;
    }

    private Oracle.Metric WriteMetric(ExpositionWriter writer, OracleType type, int number)
    {
        var metric = new Oracle.Metric { Label = { new Oracle.LabelPair { Name = "number", Value = $"{number}" } } };
        metric.Label.Add(Labels(s_labels));
        int first = _random.Next(metric.Label.Count + 1);
        foreach (Oracle.LabelPair label in metric.Label.Take(first))
        {
            writer.AddLabel(Utf8(label.Name), Utf8(label.Value));
        }

        Label[] labels = [.. metric.Label.Skip(first).Select(label => new Label(label.Name, label.Value))];
        switch (type)
        {
            case OracleType.Counter:
                metric.Counter = new Oracle.Counter { Value = Pick(s_numbers) };
                writer.WriteSample(metric.Counter.Value, labels);
                Maybe(() => metric.Counter.Exemplar = WriteExemplar(writer, 1));
                Maybe(() => metric.Counter.CreatedTimestamp = WriteCreated(writer));
                break;
            case OracleType.Gauge:
                metric.Gauge = new Oracle.Gauge { Value = -Pick(s_numbers[1..]) };
                writer.WriteSample(metric.Gauge.Value, labels);
                break;
            case OracleType.Untyped:
                metric.Untyped = new Oracle.Untyped { Value = double.NaN };
                writer.WriteSample(double.NaN, labels);
                break;
            case OracleType.Summary:
                metric.Summary = WriteSummary(writer, labels);
                break;
            default:
                metric.Histogram = WriteHistogram(writer, labels, type == OracleType.GaugeHistogram);
                break;
        }

        if (_random.Next(5) == 0)
        {
            metric.TimestampMs = _random.Next(2) == 0 ? _random.Next(-1000, 1000) : 1_700_000_000_000 + _random.Next();
            writer.WriteTimestamp(DateTimeOffset.FromUnixTimeMilliseconds(metric.TimestampMs));
        }

        return metric;
    }

    private Oracle.Summary WriteSummary(ExpositionWriter writer, Label[] labels)
    {
        var summary = new Oracle.Summary { SampleCount = (ulong)_random.Next(1000), SampleSum = Pick(s_numbers) };
        foreach (double quantile in (double[])[0, 0.5, 0.99, 1])
        {
            Maybe(() => summary.Quantile.Add(new Oracle.Quantile { Quantile_ = quantile, Value = Pick(s_numbers) }));
        }

        writer.WriteSummary(
            [.. summary.Quantile.Select(quantile => new SummaryQuantile(quantile.Quantile_, quantile.Value))],
            summary.SampleCount, summary.SampleSum, labels);
        Maybe(() => summary.CreatedTimestamp = WriteCreated(writer));
        return summary;
    }

    private Oracle.Histogram WriteHistogram(ExpositionWriter writer, Label[] labels, bool gauge)
    {
        var histogram = new Oracle.Histogram { SampleSum = Pick(s_numbers) };
        ulong count = 0;
        foreach (double bound in (double[])[0, 0.5, 1e6, double.PositiveInfinity])
        {
            if (_random.Next(2) == 0 || double.IsPositiveInfinity(bound))
            {
                count += (ulong)_random.Next(1000);
                histogram.Bucket.Add(new Oracle.Bucket { UpperBound = bound, CumulativeCount = count });
            }
        }

        histogram.SampleCount = count;

        // The last one may be left to the writer.
        HistogramBucket[] buckets = [.. histogram.Bucket.SkipLast(_random.Next(2))
            .Select(bucket => new HistogramBucket(bucket.UpperBound, bucket.CumulativeCount))];
        if (_random.Next(3) == 0)
        {
            NativeModel.Write(writer, _random, histogram, buckets, labels);
        }
        else
        {
            writer.WriteHistogram(buckets, count, histogram.SampleSum, labels);
        }

        if (histogram.Bucket.Count > 0)
        {
            Oracle.Bucket[] mixed = [.. histogram.Bucket];
            _random.Shuffle(mixed);
            foreach (Oracle.Bucket bucket in mixed.Where(_ => _random.Next(3) == 0))
            {
                bucket.Exemplar = WriteExemplar(writer, bucket.UpperBound);
            }
        }

        if (!gauge)
        {
            Maybe(() => histogram.CreatedTimestamp = WriteCreated(writer));
        }

        return histogram;
    }

    private Oracle.Exemplar WriteExemplar(ExpositionWriter writer, double value)
    {
        var exemplar = new Oracle.Exemplar { Value = value };
        exemplar.Label.Add(Labels(s_labels[..3]));
        exemplar.Timestamp = _random.Next(2) == 0 ? Time() : null;
        writer.WriteExemplar(value, exemplar.Timestamp?.ToDateTimeOffset(),
            [.. exemplar.Label.Select(label => new Label(label.Name, label.Value))]);
        return exemplar;
    }

    private IEnumerable<Oracle.LabelPair> Labels(string[] names) => names.Where(_ => _random.Next(3) == 0)
        .Select(name => new Oracle.LabelPair { Name = name, Value = Pick(s_values) });

    private Timestamp WriteCreated(ExpositionWriter writer)
    {
        Timestamp time = Time();
        writer.WriteCreated(time.ToDateTimeOffset());
        return time;
    }

    // Times that a float tells apart and that .NET has: milliseconds of these days, or ticks of the first days.
    private Timestamp Time() => _random.Next(2) == 0
        ? new Timestamp { Seconds = 1_500_000_000 + _random.Next(1 << 29), Nanos = _random.Next(1000) * 1_000_000 }
        : new Timestamp { Seconds = _random.Next(-900_000, 900_000), Nanos = _random.Next(10_000_000) * 100 };

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private T Pick<T>(T[] from) => from[_random.Next(from.Length)];

    private void Maybe(Action set)
    {
        if (_random.Next(2) == 0)
        {
            set();
        }
    }
}
