using System.Runtime.InteropServices;
using Exposition.Formats;
using Exposition.Formats.Meters;
using Exposition.OpenTelemetry.Diagnostics;
using OpenTelemetry.Metrics;
using Bucket = Exposition.Formats.HistogramBucket;
using OtelBucket = OpenTelemetry.Metrics.HistogramBucket;
using PointType = OpenTelemetry.Metrics.MetricType;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>Writes the points of instruments as series of the family that has been started.</summary>
internal sealed class PointWriter(ExpositionWriter writer, AttributeLabels labels, PushgatewayExporterOptions options, Notices notices)
{
    private const string Scope = "otel_scope_";

    private readonly List<Bucket> _buckets = [];
    private readonly PointExemplars _exemplars = new(new MetricNames(options.Escaping), options.Escaping);

    private bool HasExtras => options.Format != PushgatewayFormat.Text;

    public void Write(FamilyPlan family, Metric metric)
    {
        KeyValuePair<string, object?>[] scope = options.WriteScopeLabels ? [.. ScopeOf(metric)] : [];
        foreach (ref readonly MetricPoint point in metric.GetMetricPoints())
        {
            labels.Clear();
            foreach (KeyValuePair<string, object?> label in scope)
            {
                labels.Add(label.Key, TagText.Of(label.Value));
            }

            foreach (KeyValuePair<string, object?> tag in point.Tags)
            {
                labels.Add(tag.Key ?? "", TagText.Of(tag.Value));
            }

            Label[] written = labels.Take(family.Type == Formats.MetricType.Histogram ? "le" : null, out string key);
            if (!family.Series.Add(key))
            {
                notices.LeftOut(metric.MeterName, metric.Name,
                    $"series are left out whose labels the family {family.Name} has already: they differ in what is no label alone");
                continue;
            }

            try
            {
                Write(metric, in point, written);
            }
            catch (ArgumentException e)
            {
                // The writer has taken the series back.
                notices.LeftOut(metric.MeterName, metric.Name, "a series is left out: " + e.Message);
            }
        }
    }

    private void Write(Metric metric, in MetricPoint point, Label[] written)
    {
        switch (metric.MetricType)
        {
            case PointType.LongSum:
                WriteCounter(point.GetSumLong(), isLong: true, in point, written);
                break;
            case PointType.DoubleSum:
                WriteCounter(point.GetSumDouble(), isLong: false, in point, written);
                break;
            case PointType.LongSumNonMonotonic:
                writer.WriteSample(point.GetSumLong(), written);
                break;
            case PointType.DoubleSumNonMonotonic:
                writer.WriteSample(point.GetSumDouble(), written);
                break;
            case PointType.LongGauge:
                writer.WriteSample(point.GetGaugeLastValueLong(), written);
                break;
            case PointType.DoubleGauge:
                writer.WriteSample(point.GetGaugeLastValueDouble(), written);
                break;
            case PointType.Histogram:
                WriteHistogram(in point, written);
                break;
            case PointType.ExponentialHistogram:
                WriteExponential(metric, in point, written);
                break;
            default:
                notices.LeftOut(metric.MeterName, metric.Name, $"nothing is pushed: its type {metric.MetricType} is not known");
                break;
        }
    }

    private void WriteCounter(double value, bool isLong, in MetricPoint point, Label[] written)
    {
        writer.WriteSample(value, written);
        if (HasExtras)
        {
            writer.WriteCreated(point.StartTime);
            _exemplars.WriteLatest(writer, in point, isLong);
        }
    }

    private void WriteHistogram(in MetricPoint point, Label[] written)
    {
        _buckets.Clear();
        ulong total = 0;
        foreach (OtelBucket bucket in point.GetHistogramBuckets())
        {
            total += (ulong)bucket.BucketCount;
            var next = new Bucket(bucket.ExplicitBound, total);
            if (_buckets.Count > 0 && _buckets[^1].UpperBound == next.UpperBound)
            {
                _buckets[^1] = next;
            }
            else
            {
                _buckets.Add(next);
            }
        }

        // Without bounds there are no buckets at all, and the count stands alone.
        ReadOnlySpan<Bucket> buckets = CollectionsMarshal.AsSpan(_buckets);
        writer.WriteHistogram(
            buckets, buckets.IsEmpty ? (ulong)point.GetHistogramCount() : total, point.GetHistogramSum(), written);
        if (HasExtras)
        {
            writer.WriteCreated(point.StartTime);
            _exemplars.WriteByBucket(writer, in point, buckets);
        }
    }

    private void WriteExponential(Metric metric, in MetricPoint point, Label[] written)
    {
        ExponentialHistogramData data = point.GetExponentialHistogramData();
        if (!NativeBuckets.TryOf(data, out NativeBuckets buckets))
        {
            notices.LeftOut(metric.MeterName, metric.Name,
                $"a series is left out: its scale {data.Scale} is below {ScaledBuckets.MinSchema}, "
                    + "the coarsest that native histograms have");
            return;
        }

        if (options.Format != PushgatewayFormat.Protobuf)
        {
            notices.Changed(metric.MeterName, metric.Name,
                $"count and sum are pushed without the exponential buckets, which {options.Format} has no place for: "
                    + $"expected {nameof(options.Format)} to be {nameof(PushgatewayFormat.Protobuf)}, or a view with bounds");
        }

        // What is infinite has a place in no bucket; Prometheus takes a count beyond the buckets only together with the sum NaN.
        double sum = point.GetHistogramSum();
        writer.WriteNativeHistogram(
            new NativeHistogramValue
            {
                Schema = buckets.Schema,
                Count = double.IsNaN(sum) ? (ulong)point.GetHistogramCount() : buckets.Total,
                Sum = sum,
                ZeroThreshold = ScaledBuckets.ZeroThreshold,
                ZeroCount = buckets.ZeroCount,
                PositiveOffset = buckets.Offset,
                PositiveCounts = buckets.Counts,
            },
            written);
        if (HasExtras)
        {
            writer.WriteCreated(point.StartTime);
        }

        if (options.Format == PushgatewayFormat.Protobuf)
        {
            _exemplars.WriteAll(writer, in point);
        }
    }

    private static IEnumerable<KeyValuePair<string, object?>> ScopeOf(Metric metric)
    {
        // What follows replaces tags that would be taken for it.
        foreach ((string key, object? value) in metric.MeterTags ?? [])
        {
            yield return new(Scope + key, value);
        }

        yield return new(Scope + "name", metric.MeterName);
        yield return new(Scope + "version", metric.MeterVersion);
        yield return new(Scope + "schema_url", metric.MeterSchemaUrl);
    }
}
