using System.Diagnostics.Metrics;
using Exposition.Formats.Meters;
using Exposition.Formats.Settings;

namespace Exposition.Formats;

/// <summary>
/// What <see cref="Meter"/>s of this process measure, as families: a source of metrics without an SDK. It hears what is measured from
/// when it is made until it is disposed of. Safe for concurrent use; measuring with tags that are known allocates nothing and takes no
/// lock, but for histograms.
/// </summary>
/// <remarks>
/// <para>Names follow OpenTelemetry's rules for Prometheus: underscores, the unit as a suffix (<c>s</c> is <c>_seconds</c>),
/// <c>_total</c> for counters, none of them twice. Tags of meter, instrument and measurement are labels; where their names become the same
/// their values are joined by semicolons; <c>le</c> of a histogram becomes <c>exported_le</c>; empty values are left out.</para>
/// <para>Counters, up-down counters and histograms add up from the start of the source and stay when their meter is disposed of;
/// observables are asked at each collection, and what they do not name is gone. Buckets are those of the instrument's advice, else
/// OpenTelemetry's: for seconds from 0.005 to 10, for others from 0 to 10,000.</para>
/// <para>Of two instruments that come to the same name the first is shown; the other is in <see cref="LeftOut"/>. An instrument that is
/// made again (meter, name, kind and unit are the same) goes on where the first stopped.</para>
/// </remarks>
/// <example>
/// <code>
/// using var source = new MeterSource("MyApp.*", "System.Net.Http");
/// using var meter = new Meter("MyApp.Backup");
/// Counter&lt;long&gt; rows = meter.CreateCounter&lt;long&gt;("backup.rows");
/// rows.Add(3, new KeyValuePair&lt;string, object?&gt;("table", "users"));
///
/// var set = new FamilySet();
/// source.Collect(set);     // backup_rows_total{table="users"} 3
/// </code>
/// </example>
public sealed class MeterSource : IMetricSource, IDisposable
{
    private const int MostNotices = 1000;

    private readonly MeterListener _listener = new();
    private readonly MeterPatterns _patterns;
    private readonly FamilyRegistry _families;
    private readonly int _maxSeries;
    private readonly Action<MeterNotice>? _report;
    private readonly Lock _collecting = new();
    private readonly List<MeterNotice> _leftOut = [];
    private long _leftOutCount;
    private long _ignored;
    private bool _isDisposed;

    /// <summary>Listens to meters with the usual limits.</summary>
    /// <param name="meters">Names, or their beginnings with an asterisk at the end.</param>
    /// <exception cref="ArgumentException">There are none, or one is no name.</exception>
    public MeterSource(params ReadOnlySpan<string> meters)
        : this(OptionsOf(meters))
    {
    }

    /// <summary>Listens to meters.</summary>
    /// <param name="options">Read here, and not kept.</param>
    /// <exception cref="ArgumentException">There are no meters, one is no name, or a limit is below one.</exception>
    public MeterSource(MeterSourceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionFaults.ThrowIfAny(options, options.Faults());
        _patterns = new MeterPatterns(options.Meters);
        _maxSeries = options.MaxSeriesPerInstrument;
        _families = new FamilyRegistry(options.MaxInstruments, _maxSeries);
        _report = options.Report;
        _listener.InstrumentPublished = Published;
        _listener.SetMeasurementEventCallback<double>((_, value, tags, seat) => Record(value, tags, seat));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, seat) => Record(value, tags, seat));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, seat) => Record((double)value, tags, seat));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, seat) => Record(value, tags, seat));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, seat) => Record(value, tags, seat));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, seat) => Record(value, tags, seat));
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, seat) => Record(value, tags, seat));
        _listener.Start();
    }

    /// <summary>The instruments that are not shown, and why: the first thousand. A copy.</summary>
    public IReadOnlyList<MeterNotice> LeftOut
    {
        get
        {
            lock (_leftOut)
            {
                return [.. _leftOut];
            }
        }
    }

    /// <summary>How many instruments are not shown.</summary>
    public long LeftOutCount => Interlocked.Read(ref _leftOutCount);

    /// <summary>
    /// How many measurements were left out as their value is none for the instrument: below zero for a counter, or NaN for what is added
    /// up.
    /// </summary>
    public long IgnoredMeasurements => Interlocked.Read(ref _ignored);

    /// <summary>
    /// Asks the observables and adds all families that have series, in the order of their names, with series in the order of their labels.
    /// An observable that throws is reported, and missing. Several calls at once take turns.
    /// </summary>
    /// <param name="into">Added to, never reset.</param>
    public void Collect(FamilySet into)
    {
        ArgumentNullException.ThrowIfNull(into);
        lock (_collecting)
        {
            if (_isDisposed)
            {
                return;
            }

            MeasuredFamily[] observed = _families.All;
            Array.ForEach(observed, static family => family.BeginCollection());
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException e)
            {
                foreach (Exception thrown in e.InnerExceptions)
                {
                    _report?.Invoke(new MeterNotice("", "", $"an observable instrument threw {thrown.GetType()}: {thrown.Message}"));
                }
            }

            Array.ForEach(observed, static family => family.EndCollection());
            Array.ForEach(_families.All, family => family.Write(into));
        }
    }

    /// <summary>Stops listening. Nothing is collected any more.</summary>
    public void Dispose()
    {
        lock (_collecting)
        {
            _isDisposed = true;
        }

        _listener.Dispose();
    }

    private static MeterSourceOptions OptionsOf(ReadOnlySpan<string> meters)
    {
        var options = new MeterSourceOptions();
        foreach (string meter in meters)
        {
            options.Meters.Add(meter);
        }

        return options;
    }

    private void Published(Instrument instrument, MeterListener listener)
    {
        if (!_patterns.Match(instrument.Meter.Name))
        {
            return;
        }

        if (_families.Find(instrument, out string? reason) is { } family)
        {
            listener.EnableMeasurementEvents(instrument, new InstrumentSeat(family, instrument, _maxSeries));
            return;
        }

        var notice = new MeterNotice(instrument.Meter.Name, instrument.Name ?? "", reason!);
        Interlocked.Increment(ref _leftOutCount);
        lock (_leftOut)
        {
            if (_leftOut.Count < MostNotices)
            {
                _leftOut.Add(notice);
            }
        }

        _report?.Invoke(notice);
    }

    private void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? seat)
    {
        if (!((InstrumentSeat)seat!).Record(value, tags))
        {
            Interlocked.Increment(ref _ignored);
        }
    }
}
