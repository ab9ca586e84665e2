using System.Diagnostics.Metrics;

namespace Exposition.Formats.Meters;

/// <summary>How measurements of an instrument come together.</summary>
internal enum InstrumentKind
{
    Counter,
    UpDownCounter,
    Gauge,
    Histogram,
    ObservableCounter,
    ObservableUpDownCounter,
    ObservableGauge,
}

/// <summary>What follows from the kind of an instrument.</summary>
internal static class InstrumentKinds
{
    private static readonly Dictionary<Type, InstrumentKind> s_kinds = new()
    {
        [typeof(Counter<>)] = InstrumentKind.Counter,
        [typeof(UpDownCounter<>)] = InstrumentKind.UpDownCounter,
        [typeof(Gauge<>)] = InstrumentKind.Gauge,
        [typeof(Histogram<>)] = InstrumentKind.Histogram,
        [typeof(ObservableCounter<>)] = InstrumentKind.ObservableCounter,
        [typeof(ObservableUpDownCounter<>)] = InstrumentKind.ObservableUpDownCounter,
        [typeof(ObservableGauge<>)] = InstrumentKind.ObservableGauge,
    };

    /// <summary>The kind; null for an instrument of a type that somebody else has derived.</summary>
    public static InstrumentKind? Of(Instrument instrument)
    {
        Type type = instrument.GetType();
        return type.IsGenericType && s_kinds.TryGetValue(type.GetGenericTypeDefinition(), out InstrumentKind kind) ? kind : null;
    }

    extension(InstrumentKind kind)
    {
        public MetricType Type => kind switch
        {
            InstrumentKind.Counter or InstrumentKind.ObservableCounter => MetricType.Counter,
            InstrumentKind.Histogram => MetricType.Histogram,
            _ => MetricType.Gauge,
        };

        /// <summary>Whether its value is one of a time, and not a sum.</summary>
        public bool IsGauge => kind is InstrumentKind.Gauge or InstrumentKind.ObservableGauge;

        public bool IsObservable => kind >= InstrumentKind.ObservableCounter;

        /// <summary>Whether each measurement is added to those before.</summary>
        public bool Adds => kind is InstrumentKind.Counter or InstrumentKind.UpDownCounter;
    }
}
