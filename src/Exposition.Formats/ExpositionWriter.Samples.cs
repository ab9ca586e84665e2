using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Writing;

namespace Exposition.Formats;

public sealed partial class ExpositionWriter
{
    /// <summary>
    /// Adds a label to the sample, summary or histogram that is written next, before those that are given with it. For text that is UTF-8
    /// already.
    /// </summary>
    /// <param name="name">The label's name, unescaped.</param>
    /// <param name="value">Its value, unescaped.</param>
    /// <exception cref="ArgumentException">The label cannot be written; those added before it are forgotten.</exception>
    /// <exception cref="InvalidOperationException">No family has been started.</exception>
    public void AddLabel(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        EnterMetric(nameof(AddLabel));
        try
        {
            _draft.AddLabel(name, value);
        }
        catch
        {
            Forget();
            throw;
        }
    }

    /// <summary>Writes a value of a counter, a gauge or an untyped family.</summary>
    /// <param name="value">The value.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentException">A label cannot be written; the message says why.</exception>
    /// <exception cref="InvalidOperationException">No family of such a type has been started.</exception>
    public void WriteSample(double value, params ReadOnlySpan<Label> labels)
    {
        BeginMetric(nameof(WriteSample), MetricContent.Counter | MetricContent.Gauge | MetricContent.Untyped, labels);
        _set.Metrics[_draft.Metric].Value = value;
    }

    /// <summary>Writes a summary.</summary>
    /// <param name="quantiles">Its quantiles, in increasing order.</param>
    /// <param name="count">Number of observations.</param>
    /// <param name="sum">Their sum.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentException">A quantile or a label cannot be written; the message says why.</exception>
    /// <exception cref="InvalidOperationException">No family of such a type has been started.</exception>
    public void WriteSummary(ReadOnlySpan<SummaryQuantile> quantiles, ulong count, double sum, params ReadOnlySpan<Label> labels)
    {
        if (_checks)
        {
            ValueRules.Check(quantiles);
        }

        BeginMetric(nameof(WriteSummary), MetricContent.Summary, labels);
        foreach (ref readonly SummaryQuantile quantile in quantiles)
        {
            _set.AddPoint(_draft.Metric, quantile.Quantile, quantile.Value, 0);
        }

        SetCountAndSum(count, sum);
    }

    /// <summary>Writes a histogram, or a gauge histogram.</summary>
    /// <param name="buckets">Its buckets, in increasing order of their bounds, with cumulative counts. One up to +Inf is added if there is
    /// none.</param>
    /// <param name="count">Number of observations.</param>
    /// <param name="sum">Their sum.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentException">The buckets contradict each other or the count, or a label cannot be written; the message says
    /// why.</exception>
    /// <exception cref="InvalidOperationException">No family of such a type has been started.</exception>
    public void WriteHistogram(ReadOnlySpan<HistogramBucket> buckets, ulong count, double sum, params ReadOnlySpan<Label> labels)
    {
        if (_checks)
        {
            ValueRules.Check(buckets, count);
        }

        BeginMetric(nameof(WriteHistogram), MetricContent.Histogram, labels);
        _draft.AddBuckets(buckets, count);
        SetCountAndSum(count, sum);
    }

    /// <summary>
    /// Writes a histogram with native buckets, which only protobuf has; elsewhere its classic buckets go out, if there are some.
    /// </summary>
    /// <param name="value">The histogram.</param>
    /// <param name="labels">The labels; copied.</param>
    /// <exception cref="ArgumentException">The buckets contradict each other or the count, or a label cannot be written; the message says
    /// why.</exception>
    /// <exception cref="InvalidOperationException">No family of such a type has been started.</exception>
    public void WriteNativeHistogram(scoped in NativeHistogramValue value, params ReadOnlySpan<Label> labels)
    {
        if (_checks)
        {
            ValueRules.Check(in value);
        }

        BeginMetric(nameof(WriteNativeHistogram), MetricContent.Histogram, labels);
        if (!value.Buckets.IsEmpty)
        {
            _draft.AddBuckets(value.Buckets, value.Count);
        }

        _draft.SetNative(in value);
        SetCountAndSum(value.Count, value.Sum);
    }

    /// <summary>Gives the sample, summary or histogram written last a timestamp, in whole milliseconds. Mostly there is none: whoever
    /// scrapes knows when.</summary>
    /// <param name="time">The time.</param>
    /// <exception cref="InvalidOperationException">Nothing was written right before.</exception>
    public void WriteTimestamp(DateTimeOffset time)
    {
        RequireMetric(nameof(WriteTimestamp));
        ref MetricRow metric = ref _set.Metrics[_draft.Metric];
        metric.TimestampMs = time.ToUnixTimeMilliseconds();
        metric.Content |= MetricContent.Timestamp;
    }

    /// <summary>Says since when the counter, summary or histogram written last has been counting.</summary>
    /// <param name="time">The time.</param>
    /// <exception cref="InvalidOperationException">Nothing of such a type was written right before, or it has a created time.</exception>
    public void WriteCreated(DateTimeOffset time)
    {
        RequireMetric(nameof(WriteCreated));
        RequireType(nameof(WriteCreated), "counters, summaries and histograms",
            _set.Families[^1].Type is MetricType.Counter or MetricType.Summary or MetricType.Histogram);
        if (_draft.HasCreated)
        {
            throw new InvalidOperationException($"{nameof(WriteCreated)}: the metric has a created time already.");
        }

        _draft.SetCreated(UnixTime.Of(time));
    }

    /// <summary>
    /// Adds an exemplar to the counter or histogram written last: to the bucket that its value falls into. A counter and a bucket have one
    /// at most.
    /// </summary>
    /// <param name="value">The observation that it stands for; of a counter, by how much it went up.</param>
    /// <param name="time">When that was, if it is known.</param>
    /// <param name="labels">What leads to it, such as the identifier of a trace; at most 128 characters in all.</param>
    /// <exception cref="ArgumentException">A label cannot be written; the message says why.</exception>
    /// <exception cref="InvalidOperationException">Nothing of such a type was written right before, or it has an exemplar
    /// there.</exception>
    public void WriteExemplar(double value, DateTimeOffset? time, params ReadOnlySpan<Label> labels)
    {
        RequireMetric(nameof(WriteExemplar));
        RequireType(nameof(WriteExemplar), "counters and histograms",
            _set.Families[^1].Type is MetricType.Counter or MetricType.Histogram or MetricType.GaugeHistogram);
        if (_checks && double.IsNaN(value) && _set.Families[^1].Type != MetricType.Counter)
        {
            throw new ArgumentException("The value NaN falls into no bucket.", nameof(value));
        }

        _draft.AddExemplar(value, time is { } known ? UnixTime.Of(known) : null, labels);
    }

    private void SetCountAndSum(ulong count, double sum)
    {
        ref MetricRow metric = ref _set.Metrics[_draft.Metric];
        (metric.Count, metric.Value) = (count, sum);
    }

    private void BeginMetric(string method, MetricContent kinds, scoped ReadOnlySpan<Label> labels)
    {
        MetricContent kind = _stage is Stage.Empty or Stage.Completed ? kinds : KindOf(_set.Families[^1].Type) & kinds;
        if (kind == MetricContent.None)
        {
            throw WrongType(method, kinds == MetricContent.Summary ? "summaries"
                : kinds == MetricContent.Histogram ? "histograms"
                : "counters, gauges and untyped values");
        }

        EnterMetric(method);
        try
        {
            _draft.AddLabels(labels);
        }
        catch
        {
            Forget();
            throw;
        }

        _set.Metrics[_draft.Metric].Content = kind;
        _stage = Stage.Metric;
    }

    private static MetricContent KindOf(MetricType type) => type switch
    {
        MetricType.Summary => MetricContent.Summary,
        MetricType.Histogram or MetricType.GaugeHistogram => MetricContent.Histogram,
        _ => FamilySet.ScalarOf(type),
    };

    // The metric that labels have been added to, or a new one.
    private void EnterMetric(string method)
    {
        if (_stage is Stage.Empty or Stage.Completed)
        {
            throw new InvalidOperationException(_stage == Stage.Completed
                ? $"{method}: the exposition is complete; nothing can be written behind its end."
                : $"{method}: no family has been started: call {nameof(StartFamily)} first.");
        }

        if (_stage == Stage.Labels)
        {
            return;
        }

        _draft.End();
        if (_families is { TakesParts: true } && _set.Scratch.Count - _familyStart.Scratch > PartBytes)
        {
            WritePart(isLast: false);
            _set.ReturnTo(in _familyStart);
        }

        _draft.Begin(_set.Families[^1].Type);
        _stage = Stage.Labels;
    }

    private void Forget()
    {
        _draft.Forget();
        _stage = Stage.Family;
    }

    private void RequireMetric(string method)
    {
        if (_stage != Stage.Metric)
        {
            throw new InvalidOperationException($"{method}: it belongs to a sample, summary or histogram, and is called right after it.");
        }
    }

    private void RequireType(string method, string types, bool holds)
    {
        if (!holds)
        {
            throw WrongType(method, types);
        }
    }

    private InvalidOperationException WrongType(string method, string types) =>
        new($"{method} is for {types}; the family \"{FamilyName}\" is of the type {_set.Families[^1].Type}.");
}
