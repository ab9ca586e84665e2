namespace Exposition.Formats;

/// <summary>
/// The OpenMetrics 1.0 text format: <c>TryRead</c> decodes a body into a <see cref="FamilySet"/>, <c>WriteHeader</c>, <c>WriteSamples</c>
/// and <c>WriteEnd</c> write one. Stateless; a set must not be used by two callers at once.
/// </summary>
/// <remarks>
/// <para>Rows hold the model of io.prometheus.client, so both directions translate between the two, in the way of the reference's writer:
/// a counter <c>x</c> is the family <c>x_total</c>, unknown is untyped, an info <c>x</c> is the gauge <c>x_info</c>, a stateset <c>x</c> is
/// the gauge <c>x</c> whose states are values of the label <c>x</c>. So a text scrape shows the sample names that were read
/// (but for gauge histograms, whose <c>_gcount</c> and <c>_gsum</c> are <c>_count</c> and <c>_sum</c> there).</para>
/// <para>Exemplars and created times live in the metric's own protobuf bytes (<see cref="MetricRow.Raw"/>), as those of a metric that was
/// read from protobuf do. Sample timestamps are kept in whole milliseconds.</para>
/// </remarks>
public static partial class OpenMetricsFormat
{
}
