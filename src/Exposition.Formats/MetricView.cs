using System.Diagnostics;

namespace Exposition.Formats;

/// <summary>A metric of a family, to be looked at. It is valid until the set is changed, and cannot be kept: it is a ref struct.</summary>
[DebuggerDisplay("{Shown,nq}")]
public readonly ref struct MetricView
{
    private readonly FamilySet _set;
    private readonly ref readonly MetricRow _row;

    internal MetricView(FamilySet set, ref readonly MetricRow row)
    {
        _set = set;
        _row = ref row;
    }

    /// <summary>The labels in the order of the text; <c>le</c> and <c>quantile</c> are points, not labels.</summary>
    public ExpositionLabels Labels => new(default, _set, _set.Labels.Slice(_row.FirstLabel, _row.LabelCount));

    /// <summary>The value, or the sum of a summary or histogram (0 if there is none).</summary>
    public double Value => _row.Value;

    /// <summary>Number of observations of a summary or histogram (0 if it is not said).</summary>
    public double Count => _row.CountFloat != 0 ? _row.CountFloat : _row.Count;

    /// <summary>Whether there is a timestamp.</summary>
    public bool HasTimestamp => (_row.Content & MetricContent.Timestamp) != 0;

    /// <summary>The timestamp in milliseconds since the Unix epoch; meaningful with <see cref="HasTimestamp"/>.</summary>
    public long TimestampMs => _row.TimestampMs;

    internal MetricContent Content => _row.Content;

    /// <summary>The quantiles of a summary or the classic buckets of a histogram.</summary>
    public PointViews Points => new(_set, _row.FirstPoint, _row.PointCount);

    /// <summary>The native buckets of a histogram; allocates.</summary>
    /// <param name="histogram">The histogram, or null.</param>
    /// <returns>Whether there are some.</returns>
    public bool TryGetNativeHistogram([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out NativeHistogram? histogram) =>
        NativeHistogram.TryRead(_set.Text(_row.Raw), out histogram);

    private string Shown => $"{Labels.Count} labels, {_row.PointCount} points: {Value}";
}

/// <summary>The metrics of a family, to be walked.</summary>
public readonly ref struct MetricViews
{
    private readonly FamilySet _set;
    private readonly int _first;

    internal MetricViews(FamilySet set, int first, int count)
    {
        _set = set;
        _first = first;
        Count = count;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Walks the metrics.</summary>
    public Enumerator GetEnumerator() => new(_set, _first);

    /// <summary>A position among the metrics.</summary>
    public ref struct Enumerator
    {
        private readonly FamilySet _set;
        private int _next;
        private int _metric;

        internal Enumerator(FamilySet set, int first)
        {
            _set = set;
            _next = first;
            _metric = -1;
        }

        /// <summary>The current metric.</summary>
        public readonly MetricView Current => new(_set, in _set.Metrics[_metric]);

        /// <summary>Goes on to the next one.</summary>
        public bool MoveNext()
        {
            _metric = _next;
            _next = _metric >= 0 ? _set.Metrics[_metric].Next : -1;
            return _metric >= 0;
        }
    }
}

/// <summary>A quantile of a summary or a bucket of a classic histogram, to be looked at, as long as its metric may be.</summary>
public readonly ref struct PointView
{
    private readonly ref readonly PointRow _row;

    internal PointView(ref readonly PointRow row) => _row = ref row;

    /// <summary>The quantile, or the upper bound of the bucket.</summary>
    public double Bound => _row.Bound;

    /// <summary>The value of the quantile.</summary>
    public double Value => _row.Value;

    /// <summary>How many observations are in the bucket and in those below it.</summary>
    public double Count => _row.Value != 0 ? _row.Value : _row.Count;
}

/// <summary>The quantiles or buckets of a metric, to be walked.</summary>
public readonly ref struct PointViews
{
    private readonly FamilySet _set;
    private readonly int _first;

    internal PointViews(FamilySet set, int first, int count)
    {
        _set = set;
        _first = first;
        Count = count;
    }

    /// <summary>How many there are.</summary>
    public int Count { get; }

    /// <summary>Walks the points.</summary>
    public Enumerator GetEnumerator() => new(_set, _first);

    /// <summary>A position among the points.</summary>
    public ref struct Enumerator
    {
        private readonly FamilySet _set;
        private int _next;
        private int _point;

        internal Enumerator(FamilySet set, int first)
        {
            _set = set;
            _next = first;
            _point = -1;
        }

        /// <summary>The current point.</summary>
        public readonly PointView Current => new(in _set.Points[_point]);

        /// <summary>Goes on to the next one.</summary>
        public bool MoveNext()
        {
            _point = _next;
            _next = _point >= 0 ? _set.Points[_point].Next : -1;
            return _point >= 0;
        }
    }
}
