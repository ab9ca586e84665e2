using System.Runtime.InteropServices;
using System.Text;
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
    private const string TraceId = "trace_id";
    private const string SpanId = "span_id";

    // Of OpenMetrics, for names and values together.
    private const int MostCharacters = 128;

    private readonly List<Exemplar> _found = [];
    private readonly List<Label> _labels = [];
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
        int left = MostCharacters;
        if (exemplar.TraceId != default)
        {
            Add(TraceId, exemplar.TraceId.ToHexString(), ref left);
            Add(SpanId, exemplar.SpanId.ToHexString(), ref left);
        }

        // Those that views have taken from the labels, as far as there is room.
        foreach (KeyValuePair<string, object?> tag in exemplar.FilteredTags)
        {
            Add(names.OfLabel(PointLabels.Clean(tag.Key ?? "")), PointLabels.Clean(TagText.Of(tag.Value)), ref left);
        }

        writer.WriteExemplar(value, exemplar.Timestamp, CollectionsMarshal.AsSpan(_labels));
    }

    private void Add(string name, string value, ref int left)
    {
        int characters = CountWritten(name) + Count(value);
        if (characters <= left && !_labels.Exists(label => label.Name == name))
        {
            _labels.Add(new Label(name, value));
            left -= characters;
        }
    }

    // A name counts as it is written.
    private int CountWritten(string name)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        byte[] escaped = new byte[NameRules.MaxEscapedLength(utf8.Length)];
        return Count(Encoding.UTF8.GetString(escaped.AsSpan(0, NameRules.Escape(utf8, escaping, escaped))));
    }

    private static int Count(string text)
    {
        int count = 0;
        foreach (Rune _ in text.EnumerateRunes())
        {
            count++;
        }

        return count;
    }
}
