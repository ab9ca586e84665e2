using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Counts what is left out of the families of the host.</summary>
internal sealed class SourceMetrics(MetricSources sources) : IMetricSource
{
    public void Collect(FamilySet into)
    {
        int family = into.AddFamily("pushgateway_engine_own_metrics_failures_total"u8, MetricType.Counter,
            "Sources of own families, and families of theirs, that were left out of a scrape, by reason."u8);
        Add(into, family, "exception"u8, SourceFault.Threw);
        Add(into, family, "invalid"u8, SourceFault.Invalid);
        Add(into, family, "repeated"u8, SourceFault.Repeated);
    }

    private void Add(FamilySet into, int family, ReadOnlySpan<byte> reason, SourceFault fault)
    {
        int metric = into.AddMetric(family);
        into.Metrics[metric].Content = MetricContent.Counter;
        into.Metrics[metric].Value = sources.Faults(fault);
        into.AddLabel("reason"u8, reason);
    }
}
