namespace Exposition.OpenTelemetry;

/// <summary>The format that metrics are pushed in.</summary>
public enum PushgatewayFormat
{
    /// <summary>
    /// Delimited protobuf, which every Prometheus Pushgateway takes, and which nothing is lost in: exemplars, created times, and
    /// exponential histograms as native ones.
    /// </summary>
    Protobuf = 0,

    /// <summary>
    /// Text format 0.0.4, for gateways of others that take nothing else, and to be read on the way. Exemplars, created times and the
    /// buckets of exponential histograms have no place in it.
    /// </summary>
    Text = 1,

    /// <summary>
    /// OpenMetrics 1.0, with exemplars and created times, but without the buckets of exponential histograms. Exposition Engine takes it;
    /// the Prometheus Pushgateway refuses exemplars in it.
    /// </summary>
    OpenMetrics = 2,
}
