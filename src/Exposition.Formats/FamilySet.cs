using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Formats.OpenMetrics;
using Exposition.Formats.Rows;
using Exposition.Formats.Scanning;

namespace Exposition.Formats;

// Shape: four flat tables (families, metrics, labels, points) and two byte stores. A row points to other rows by index and to text by
// TextRef, so a set of a million series is six arrays and no objects. Families, metrics and points form chains because the text format
// lets a family's lines be scattered; labels of one metric are consecutive.
// Ownership: the source bytes belong to the caller and must stay unchanged until Reset; scratch bytes belong to the set.
// A set is meant to be reused: Reset keeps the arrays (up to a bound) for the next exposition.

/// <summary>
/// A decoded exposition: metric families over flat arrays, without an object per series. Readers fill it
/// (<see cref="TextFormat"/>, <see cref="OpenMetricsFormat"/>, <see cref="ProtobufFormat"/>), writers walk it, and sources of metrics add
/// to it: gauges and counters in a line each, everything else with an <see cref="ExpositionWriter"/> over it. <see cref="Views"/> show what
/// is in it without indexes. Reusable through <see cref="Reset()"/>; not safe for concurrent use.
/// </summary>
/// <example>
/// A source of metrics (<see cref="IMetricSource"/>):
/// <code>
/// public void Collect(FamilySet into)
/// {
///     into.AddGauge("backup_last_success_seconds", "When the last backup ended.", 1700000000.25, ("job", "nightly"));
///     into.AddCounter("backup_rows_total", "Rows.", 17, ("table", "users"));
///     into.AddCounter("backup_rows_total", "Rows.", 3, ("table", "orders"));
///
///     var writer = new ExpositionWriter(into);
///     writer.StartFamily("backup_seconds", MetricType.Histogram, "How long backups take.");
///     writer.WriteHistogram([new(60, 7)], count: 8, sum: 199);
///     writer.Complete();
/// }
/// </code>
/// </example>
[DebuggerDisplay("{Families.Length} families, {Metrics.Length} metrics")]
[DebuggerTypeProxy(typeof(FamilySetView))]
public sealed partial class FamilySet
{
    // Of each array: what a body of several megabytes needs. For another body so large as much as that may need is kept.
    private const int BytesKept = 8 << 20;
    private const int KeptPerByte = 8;

    private byte[] _source = [];
    private int _sourceStart;
    private int _sourceLength;
    private RowList<byte> _scratch;
    private RowList<FamilyRow> _families;
    private RowList<MetricRow> _metrics;
    private RowList<LabelRow> _labels;
    private RowList<LabelRow> _newLabels;
    private RowList<PointRow> _points;
    private OpenMetricsTables? _openMetrics;

    /// <summary>Makes an empty set.</summary>
    public FamilySet()
    {
        _scratch = new(Progress);
        _families = new(Progress, isSeries: true);
        _metrics = new(Progress, isSeries: true);
        _labels = new(Progress);
        _newLabels = new(Progress);
        _points = new(Progress, isSeries: true);
    }

    /// <summary>The families, in order of first appearance.</summary>
    internal Span<FamilyRow> Families => _families.Span;

    /// <summary>Whether a reader has found all of the source to be UTF-8. Then so is what it has cut out of it: every text that lies there.
    /// False also if no reader has looked.</summary>
    internal bool IsSourceUtf8 { get; set; }

    /// <summary>All metrics; walk a family's own by <see cref="FamilyRow.FirstMetric"/> and <see cref="MetricRow.Next"/>.</summary>
    internal Span<MetricRow> Metrics => _metrics.Span;

    /// <summary>All labels.</summary>
    internal Span<LabelRow> Labels => _labels.Span;

    /// <summary>All quantiles and buckets.</summary>
    internal Span<PointRow> Points => _points.Span;

    /// <summary>Forgets everything and keeps the arrays for reuse.</summary>
    public void Reset() => Reset(default);

    /// <summary>
    /// Forgets everything and takes <paramref name="source"/> as the bytes that positive <see cref="TextRef"/>s point into.
    /// </summary>
    /// <param name="source">Bytes owned by the caller; they must not change until the next reset. Memory that is not backed by an array is
    /// copied.</param>
    internal void Reset(ReadOnlyMemory<byte> source)
    {
        long kept = Math.Max(BytesKept, (long)KeptPerByte * source.Length);
        _scratch.Clear(kept);
        _families.Clear(kept);
        _metrics.Clear(kept);
        _labels.Clear(kept);
        _newLabels.Clear(kept);
        _points.Clear(kept);
        Index.Clear();
        _openMetrics?.Clear();
        IsSourceUtf8 = false;
        if (source.IsEmpty)
        {
            (_source, _sourceStart, _sourceLength) = ([], 0, 0);
        }
        else if (MemoryMarshal.TryGetArray(source, out ArraySegment<byte> segment))
        {
            (_source, _sourceStart, _sourceLength) = (segment.Array!, segment.Offset, segment.Count);
        }
        else
        {
            (_source, _sourceStart, _sourceLength) = (source.ToArray(), 0, source.Length);
        }

        (Progress.Total, Progress.At) = (source.Length, 0);
    }

    /// <summary>The bytes of a reference. Valid until text is added or the set is reset.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ReadOnlySpan<byte> Text(TextRef text) => text.Start >= 0
        ? _source.AsSpan(_sourceStart + text.Start, text.Length)
        : _scratch.Span.Slice(~text.Start, text.Length);

    /// <summary>Copies text into the set's own scratch bytes.</summary>
    internal TextRef AddText(scoped ReadOnlySpan<byte> text)
    {
        int start = _scratch.Count;
        text.CopyTo(_scratch.AddRange(text.Length));
        return new TextRef(~start, text.Length);
    }

    /// <summary>Starts a family.</summary>
    /// <returns>Its index in <see cref="Families"/>.</returns>
    internal int AddFamily(TextRef name, MetricType type)
    {
        _families.Add(new FamilyRow { Name = name, Type = type, FirstMetric = -1, LastMetric = -1 });
        return _families.Count - 1;
    }

    /// <summary>Starts a family with a help text.</summary>
    /// <returns>Its index in <see cref="Families"/>.</returns>
    internal int AddFamily(scoped ReadOnlySpan<byte> name, MetricType type, scoped ReadOnlySpan<byte> help)
    {
        int family = AddFamily(AddText(name), type);
        Families[family].Help = AddText(help);
        Families[family].HasHelp = true;
        return family;
    }

    /// <summary>Appends an empty metric to a family. Labels added next belong to it.</summary>
    /// <returns>Its index in <see cref="Metrics"/>.</returns>
    internal int AddMetric(int family)
    {
        int metric = _metrics.Count;
        _metrics.Add(new MetricRow { FirstLabel = _labels.Count, Next = -1, FirstPoint = -1, LastPoint = -1 });
        ref FamilyRow row = ref Families[family];
        if (row.LastMetric < 0)
        {
            row.FirstMetric = metric;
        }
        else
        {
            Metrics[row.LastMetric].Next = metric;
        }

        row.LastMetric = metric;
        row.MetricCount++;
        return metric;
    }

    /// <summary>Appends a label to the metric added last.</summary>
    internal void AddLabel(TextRef name, TextRef value)
    {
        _labels.Add(new LabelRow { Name = name, Value = value });
        Metrics[^1].LabelCount++;
    }

    /// <summary>Appends a label to the metric added last.</summary>
    internal void AddLabel(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value) => AddLabel(AddText(name), AddText(value));

    /// <summary>Appends a quantile or bucket to a metric.</summary>
    /// <returns>Its index in <see cref="Points"/>.</returns>
    internal int AddPoint(int metric, double bound, double value, ulong count)
    {
        int point = _points.Count;
        _points.Add(new PointRow { Bound = bound, Value = value, Count = count, Next = -1 });
        ref MetricRow row = ref Metrics[metric];
        if (row.LastPoint < 0)
        {
            row.FirstPoint = point;
        }
        else
        {
            Points[row.LastPoint].Next = point;
        }

        row.LastPoint = point;
        row.PointCount++;
        return point;
    }

    /// <summary>Replaces a metric's labels by rows appended to the label table.</summary>
    /// <param name="metric">Index of the metric.</param>
    /// <param name="labels">The new labels; copied.</param>
    internal void SetLabels(int metric, scoped ReadOnlySpan<LabelRow> labels)
    {
        ref MetricRow row = ref Metrics[metric];
        row.FirstLabel = _labels.Count;
        row.LabelCount = labels.Length;
        labels.CopyTo(_labels.AddRange(labels.Length));
    }

    /// <summary>Chains a family's metrics anew.</summary>
    /// <param name="family">Index of the family.</param>
    /// <param name="order">Indexes of metrics in their new order; metrics left out no longer belong to the family.</param>
    internal void SetMetrics(int family, scoped ReadOnlySpan<int> order)
    {
        ref FamilyRow row = ref Families[family];
        row.FirstMetric = order.IsEmpty ? -1 : order[0];
        row.LastMetric = order.IsEmpty ? -1 : order[^1];
        row.MetricCount = order.Length;
        for (int i = 0; i < order.Length; i++)
        {
            Metrics[order[i]].Next = i + 1 < order.Length ? order[i + 1] : -1;
        }
    }

    /// <summary>The labels of a metric.</summary>
    internal Span<LabelRow> LabelsOf(int metric)
    {
        ref MetricRow row = ref Metrics[metric];
        return Labels.Slice(row.FirstLabel, row.LabelCount);
    }

    // The labels of all metrics are to be replaced: makes room for so many. Until the end, LabelsOf gives the old ones of those that have
    // not been replaced.
    internal void BeginNewLabels(int rows) => _newLabels.Expect(rows);

    internal void AddNewLabels(int metric, scoped ReadOnlySpan<LabelRow> labels)
    {
        ref MetricRow row = ref Metrics[metric];
        row.FirstLabel = _newLabels.Count;
        row.LabelCount = labels.Length;
        labels.CopyTo(_newLabels.AddRange(labels.Length));
    }

    internal void EndNewLabels()
    {
        (_labels, _newLabels) = (_newLabels, _labels);
        _newLabels.Clear(long.MaxValue);
    }

    // The source is let go of, the arrays are not, however large they are.
    internal void ForgetSource() => (_source, _sourceStart, _sourceLength) = ([], 0, 0);

    // How far a reader has come.
    internal ReadProgress Progress { get; } = new();

    // The memory of its rows and scratch bytes.
    internal long CapacityBytes =>
        _scratch.CapacityBytes + _families.CapacityBytes + _metrics.CapacityBytes
        + _labels.CapacityBytes + _newLabels.CapacityBytes + _points.CapacityBytes;

    // Lookup tables that the readers need while they fill the set (families by name, metrics of summaries and histograms by label set).
    internal FamilyIndex Index { get; } = new();

    // What the reader of text classifies bytes in.
    internal ScanWindow Window { get; } = new();

    // The same for the reader of OpenMetrics.
    internal OpenMetricsTables OpenMetrics => _openMetrics ??= new OpenMetricsTables(this);

    // All bytes given to Reset; readers work on these, so that offsets are the same whether or not the source was copied.
    internal ReadOnlySpan<byte> Source => _source.AsSpan(_sourceStart, _sourceLength);

    // For readers that write unescaped text piece by piece.
    internal ref RowList<byte> Scratch => ref _scratch;

    internal ref RowList<FamilyRow> FamilyList => ref _families;

    internal ref RowList<LabelRow> LabelList => ref _labels;
}
