using System.Diagnostics.Metrics;
using System.Text;

namespace Exposition.Formats.Meters;

/// <summary>
/// What instruments of one identity (meter, name, kind and unit) have measured: a family. A limited number of series; what is beyond it
/// is added up in one that says so. Safe for concurrent use, but observables are measured in one collection at a time.
/// </summary>
internal sealed class MeasuredFamily(string name, Instrument first, InstrumentKind kind, string unit, int maxSeries)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, MeterSeries> _series = new(StringComparer.Ordinal);
    private readonly double[] _bounds = kind == InstrumentKind.Histogram ? HistogramBounds.Of(first) : [];
    private readonly string _meter = first.Meter.Name;
    private readonly string? _meterVersion = first.Meter.Version;
    private readonly string? _unit = first.Unit;
    private readonly byte[] _name = Encoding.UTF8.GetBytes(name);
    private readonly byte[] _help = Encoding.UTF8.GetBytes(first.Description ?? "");
    private readonly byte[] _unitWords = Encoding.UTF8.GetBytes(unit);
    private MeterSeries[]? _ordered;
    private int _collection;
    private int _swept;

    public string Name => name;

    public string Meter => _meter;

    public InstrumentKind Kind => kind;

    /// <summary>Rises when series are gone: whoever has kept some asks again.</summary>
    public int Era { get; private set; }

    /// <summary>Whether measurements of the instrument belong here: it is the same one, made again.</summary>
    public bool IsOf(Instrument instrument, InstrumentKind itsKind) =>
        itsKind == kind && instrument.Meter.Name == _meter && instrument.Meter.Version == _meterVersion && instrument.Unit == _unit;

    /// <summary>Whether a value can be taken: a counter does not go down, and no number stays none when something is added.</summary>
    public bool Takes(double value) => kind switch
    {
        InstrumentKind.Counter or InstrumentKind.ObservableCounter => value >= 0,
        InstrumentKind.Histogram or InstrumentKind.UpDownCounter => !double.IsNaN(value),
        _ => true,
    };

    /// <summary>The series of these labels, or that of all which are too many.</summary>
    public MeterSeries Find(SeriesLabels labels, out bool isOverflow)
    {
        lock (_lock)
        {
            if (!_series.TryGetValue(labels.Key, out MeterSeries? series))
            {
                if (_series.Count >= maxSeries && kind.IsObservable && _swept != _collection)
                {
                    // What has not been named yet may be gone, and comes back whole if it is not.
                    Forget();
                }

                if (_series.Count >= maxSeries && !_series.TryGetValue(SeriesLabels.Overflow.Key, out series))
                {
                    series = Add(SeriesLabels.Overflow);
                }

                series ??= Add(labels);
            }

            isOverflow = ReferenceEquals(series.Labels, SeriesLabels.Overflow);
            return series;
        }
    }

    public void Record(MeterSeries series, double value)
    {
        if (!kind.IsObservable)
        {
            series.Record(value);
            return;
        }

        // What has overflowed in one collection belongs together, of what can be added up.
        bool isMore = series.Seen == _collection && !kind.IsGauge && ReferenceEquals(series.Labels, SeriesLabels.Overflow);
        series.Seen = _collection;
        if (isMore)
        {
            ((NumberSeries)series).Add(value);
        }
        else
        {
            series.Record(value);
        }
    }

    /// <summary>Observables are about to be measured.</summary>
    public void BeginCollection() => _collection++;

    /// <summary>Observables have been measured: what they have not named is gone.</summary>
    public void EndCollection()
    {
        if (!kind.IsObservable)
        {
            return;
        }

        lock (_lock)
        {
            Forget();
        }
    }

    public void Write(FamilySet into)
    {
        MeterSeries[] ordered = Ordered();
        if (ordered.Length == 0)
        {
            return;
        }

        int family = _help.Length > 0
            ? into.AddFamily(_name, kind.Type, _help)
            : into.AddFamily(into.AddText(_name), kind.Type);
        into.Families[family].Unit = _unitWords.Length > 0 ? into.AddText(_unitWords) : default;
        foreach (MeterSeries series in ordered)
        {
            series.Write(into, family);
        }
    }

    // Removes what has not been named in this collection. Under the lock.
    private void Forget()
    {
        _swept = _collection;
        string[] gone = [.. _series.Where(pair => pair.Value.Seen != _collection).Select(static pair => pair.Key)];
        Array.ForEach(gone, key => _series.Remove(key));
        if (gone.Length > 0)
        {
            _ordered = null;
            Era++;
        }
    }

    private MeterSeries[] Ordered()
    {
        lock (_lock)
        {
            return _ordered ??= [.. _series.OrderBy(static pair => pair.Key, StringComparer.Ordinal).Select(static pair => pair.Value)];
        }
    }

    private MeterSeries Add(SeriesLabels labels)
    {
        MeterSeries series = kind == InstrumentKind.Histogram
            ? new HistogramSeries(labels, _bounds)
            : new NumberSeries(labels, kind.Adds, kind.Type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge);
        _series.Add(labels.Key, series);
        _ordered = null;
        return series;
    }
}
