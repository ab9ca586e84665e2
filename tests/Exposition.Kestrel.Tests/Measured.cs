using System.Diagnostics.Metrics;
using System.Globalization;

namespace Exposition.Kestrel.Tests;

/// <summary>What the meters of engines measure: those of one host, or all that a factory has made.</summary>
internal sealed class Measured : IDisposable
{
    private readonly Lock _lock = new();
    private readonly MeterListener _listener = new();
    private readonly List<Measure> _all = [];

    public Measured(IMeterFactory meters)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ExpositionEngine.MeterName && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>What has been recorded so far.</summary>
    public Measure[] Recorded
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>What an instrument measures now or has recorded, as <c>tags value</c>; what is zero is left out.</summary>
    public string[] Of(string instrument) =>
        [.. Observe().Where(measure => measure.Name == instrument && measure.Value != 0).Select(static measure => measure.Text)
            .Order(StringComparer.Ordinal)];

    /// <summary>What has been recorded, and what observables say now.</summary>
    public Measure[] Observe()
    {
        Measure[] recorded = Recorded;
        _listener.RecordObservableInstruments();
        lock (_lock)
        {
            Measure[] all = [.. _all];
            _all.RemoveRange(recorded.Length, _all.Count - recorded.Length);
            return all;
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var measure = new Measure(instrument, value, [.. instrument.Meter.Tags ?? [], .. tags]);
        lock (_lock)
        {
            _all.Add(measure);
        }
    }

    /// <summary>One measurement with the tags of its meter.</summary>
    internal sealed record Measure(Instrument Instrument, double Value, KeyValuePair<string, object?>[] Tags)
    {
        public string Name => Instrument.Name;

        public string Text => string.Join(
            ' ', [.. Tags.Select(static tag => tag.Value), Value.ToString(CultureInfo.InvariantCulture)]);
    }
}

/// <summary>Makes meters where there is no host.</summary>
internal sealed class Meters : IMeterFactory
{
    private readonly List<Meter> _made = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        var meter = new Meter(options);
        _made.Add(meter);
        return meter;
    }

    public void Dispose() => _made.ForEach(static meter => meter.Dispose());
}
