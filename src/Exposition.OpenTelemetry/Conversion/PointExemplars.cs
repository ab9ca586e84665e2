using Exposition.Formats;
using Exposition.Formats.Meters;
using OpenTelemetry.Metrics;
using Bucket = Exposition.Formats.HistogramBucket;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>
/// Writes exemplars of the point that was written last: the newest of a counter and of each bucket, and all of an exponential histogram.
/// </summary>
internal sealed class PointExemplars(MetricNames names, EscapingScheme escaping)
{
    private readonly List<Exemplar> _found = [];
    private readonly ExemplarLabels _labels = new(escaping);
    private readonly HashSet<int> _taken = [];

    public void WriteLatest(ExpositionWriter writer, in MetricPoint point, bool isLong)
    {
        if (Find(in point))
        {
            Exemplar latest = _found[0];
            Write(writer, in latest, isLong ? latest.LongValue : latest.DoubleValue);
        }
    }

    public void WriteByBucket(ExpositionWriter writer, in MetricPoint point, ReadOnlySpan<Bucket> buckets)
    {
        if (!Find(in point))
        {
            return;
        }

        _taken.Clear();
        foreach (Exemplar exemplar in _found)
        {
            int bucket = 0;
            while (bucket < buckets.Length && exemplar.DoubleValue > buckets[bucket].UpperBound)
            {
                bucket++;
            }

            if (!double.IsNaN(exemplar.DoubleValue) && _taken.Add(bucket))
            {
                Write(writer, in exemplar, exemplar.DoubleValue);
            }
        }
    }

    public void WriteAll(ExpositionWriter writer, in MetricPoint point)
    {
        if (Find(in point))
        {
            // From old to new, as Prometheus appends them.
            for (int i = _found.Count - 1; i >= 0; i--)
            {
                Exemplar exemplar = _found[i];
                if (!double.IsNaN(exemplar.DoubleValue))
                {
                    Write(writer, in exemplar, exemplar.DoubleValue);
                }
            }
        }
    }

    // The newest first.
    private bool Find(in MetricPoint point)
    {
        _found.Clear();
        if (point.TryGetExemplars(out ReadOnlyExemplarCollection exemplars))
        {
            foreach (ref readonly Exemplar exemplar in exemplars)
            {
                _found.Add(exemplar);
            }

            _found.Sort(static (a, b) => b.Timestamp.CompareTo(a.Timestamp));
        }

        return _found.Count > 0;
    }

    private void Write(ExpositionWriter writer, in Exemplar exemplar, double value)
    {
        _labels.Clear();
        if (exemplar.TraceId != default)
        {
            _labels.AddTrace(exemplar.TraceId.ToHexString(), exemplar.SpanId.ToHexString());
        }

        // Those that views have taken from the labels, as far as there is room.
        foreach (KeyValuePair<string, object?> tag in exemplar.FilteredTags)
        {
            _labels.Add(names.OfLabel(AttributeLabels.Clean(tag.Key ?? "")), AttributeLabels.Clean(TagText.Of(tag.Value)));
        }

        writer.WriteExemplar(value, exemplar.Timestamp, _labels.Span);
    }
}
