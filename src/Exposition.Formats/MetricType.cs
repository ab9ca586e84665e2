namespace Exposition.Formats;

/// <summary>The type of a metric family, numbered as in io.prometheus.client.MetricType.</summary>
public enum MetricType : byte
{
    /// <summary>A value that only goes up.</summary>
    Counter = 0,

    /// <summary>A value that goes up and down.</summary>
    Gauge = 1,

    /// <summary>Quantiles, a sum and a count.</summary>
    Summary = 2,

    /// <summary>Nothing is known of the value.</summary>
    Untyped = 3,

    /// <summary>Buckets (classic, native or both), a sum and a count.</summary>
    Histogram = 4,

    /// <summary>A histogram whose counts may go down.</summary>
    GaugeHistogram = 5,
}
