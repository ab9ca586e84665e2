using Exposition.Formats.Go;
using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Writing;

// Exemplars, the created time and native buckets have no rows: they wait here until the metric is complete, and then become its message in
// protobuf (OpenMetricsRaw), from which all formats take them.
// Labels may come before the value: the metric is begun with the first of them. What is refused takes the whole metric back.

/// <summary>The current metric of the last family of a set.</summary>
internal sealed class MetricDraft(FamilySet set, TextIntake texts, bool hasExtras)
{
    private FamilySet.Mark _start;
    private UnixTime? _created;
    private RowList<byte> _native;

    // Where the metric's labels belong to: its own or those of an exemplar.
    private MetricType _type;

    /// <summary>Index of the metric.</summary>
    public int Metric { get; private set; } = -1;

    public bool HasCreated => _created is not null;

    public void Begin(MetricType type)
    {
        _type = type;
        _start = set.TakeMark();
        Metric = set.AddMetric(set.Families.Length - 1);
        set.Index.LabelNames.Restart();
    }

    /// <summary>Takes back what has come of the metric.</summary>
    public void Forget()
    {
        set.ReturnTo(in _start);
        Drop();
    }

    /// <summary>Forgets a metric of a set that was reset.</summary>
    public void Drop()
    {
        Metric = -1;
        _created = null;
        _native.Truncate(0);
        set.OpenMetrics.Exemplars.Truncate(0);
        set.OpenMetrics.ExemplarLabels.Truncate(0);
    }

    public void AddLabels(scoped ReadOnlySpan<Label> labels)
    {
        foreach (ref readonly Label label in labels)
        {
            AddLabel(texts.Take(label.Name, "label name"), texts.Take(label.Value, "label value"));
        }
    }

    public void AddLabel(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) =>
        AddLabel(texts.Take(name, "label name"), texts.Take(value, "label value"));

    private void AddLabel(TextRef name, TextRef value)
    {
        name = texts.Escape(name);
        if (texts.Checks)
        {
            CheckName(name);
            if (IsBound(set.Text(name)))
            {
                throw new ArgumentException(
                    $"The label {GoQuote.Text(set.Text(name))} is written for each point of a {_type}: it is no label of the metric.");
            }
        }

        set.AddLabel(name, value);
    }

    private void CheckName(TextRef name)
    {
        texts.CheckLabelName(name);
        if (!set.Index.LabelNames.TryAdd(set, name))
        {
            throw new ArgumentException($"The label {GoQuote.Text(set.Text(name))} comes twice.");
        }
    }

    private bool IsBound(ReadOnlySpan<byte> name) => _type switch
    {
        MetricType.Summary => name.SequenceEqual("quantile"u8),
        MetricType.Histogram or MetricType.GaugeHistogram => name.SequenceEqual("le"u8),
        _ => false,
    };

    public void AddBuckets(scoped ReadOnlySpan<HistogramBucket> buckets, ulong count)
    {
        foreach (ref readonly HistogramBucket bucket in buckets)
        {
            set.AddPoint(Metric, bucket.UpperBound, 0, bucket.CumulativeCount);
        }

        if (buckets.IsEmpty || !double.IsPositiveInfinity(buckets[^1].UpperBound))
        {
            set.AddPoint(Metric, double.PositiveInfinity, 0, count);
        }

        set.Metrics[Metric].Content |= MetricContent.InfBucket;
    }

    public void SetNative(scoped in NativeHistogramValue value)
    {
        if (hasExtras)
        {
            NativeFields.Write(in value, ref _native);
        }
    }

    public void SetCreated(UnixTime created) => _created = created;

    /// <summary>Adds an exemplar to the bucket that its value falls into, or to the metric where there are none.</summary>
    public void AddExemplar(double value, UnixTime? time, scoped ReadOnlySpan<Label> labels)
    {
        OpenMetricsTables tables = set.OpenMetrics;
        int point = BucketOf(value);
        int at = tables.Exemplars.Count;
        while (at > 0 && tables.Exemplars.Span[at - 1].Point > point)
        {
            at--;
        }

        bool native = point < 0 && _type != MetricType.Counter;
        if (at > 0 && !native && tables.Exemplars.Span[at - 1].Point == point)
        {
            throw new InvalidOperationException(point < 0
                ? "The counter has an exemplar already: it can have one."
                : $"The bucket that {ExpositionNumber.ToString(value)} falls into has an exemplar already: it can have one.");
        }

        int scratch = set.Scratch.Count;
        int first = tables.ExemplarLabels.Count;
        try
        {
            AddExemplarLabels(labels, ref tables.ExemplarLabels);
        }
        catch
        {
            set.Scratch.Truncate(scratch);
            tables.ExemplarLabels.Truncate(first);
            throw;
        }

        tables.Exemplars.Add(default);
        Span<ExemplarRow> rows = tables.Exemplars.Span;
        rows[at..^1].CopyTo(rows[(at + 1)..]);
        rows[at] = new ExemplarRow { Point = point, FirstLabel = first, LabelCount = labels.Length, Value = value, Time = time };
    }

    private int BucketOf(double value)
    {
        int point = set.Metrics[Metric].FirstPoint;
        while (point >= 0 && value > set.Points[point].Bound)
        {
            point = set.Points[point].Next;
        }

        return point;
    }

    private void AddExemplarLabels(scoped ReadOnlySpan<Label> labels, ref RowList<LabelRow> into)
    {
        set.Index.LabelNames.Restart();
        int characters = 0;
        foreach (ref readonly Label label in labels)
        {
            TextRef name = texts.Escape(texts.Take(label.Name, "label name"));
            TextRef value = texts.Take(label.Value, "label value");
            if (texts.Checks)
            {
                CheckName(name);
                characters += OpenMetricsReader.Characters(set.Text(name)) + OpenMetricsReader.Characters(set.Text(value));
            }

            into.Add(new LabelRow { Name = name, Value = value });
        }

        if (characters > Exemplar.MostCharacters)
        {
            throw new ArgumentException(
                $"The labels of the exemplar have {characters} characters; {Exemplar.MostCharacters} are allowed in all.", nameof(labels));
        }
    }

    /// <summary>Completes the metric, if there is one.</summary>
    public void End()
    {
        if (Metric >= 0 && hasExtras && (_created is not null || _native.Count > 0 || set.OpenMetrics.Exemplars.Count > 0))
        {
            OpenMetricsRaw.Write(set, Metric, _type, _created, _native.Span);
        }

        Drop();
    }
}
