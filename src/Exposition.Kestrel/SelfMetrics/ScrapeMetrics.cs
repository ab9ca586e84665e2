using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What scrapes hold and find again. The families are ours, not the reference's.</summary>
internal sealed class ScrapeMetrics(MetricStore store) : IMetricSource
{
    public void Collect(FamilySet into)
    {
        (long found, long compressed) = store.BundleLookups;
        Add(into, "pushgateway_engine_bundle_cache_bytes"u8, MetricType.Gauge, "Memory for parts of scrapes that are compressed already."u8,
            store.BundleBytes);
        Add(into, "pushgateway_engine_bundles_compressed_total"u8, MetricType.Counter,
            "Parts of compressed scrapes that had changed and were compressed."u8, compressed);
        Add(into, "pushgateway_engine_bundles_found_total"u8, MetricType.Counter,
            "Parts of compressed scrapes that were found compressed already."u8, found);
        Add(into, "pushgateway_engine_held_bytes"u8, MetricType.Gauge,
            "Memory held by scrapes that are being read: replaced metrics that they still show, and their tables."u8, store.HeldBytes);
    }

    private static void Add(FamilySet into, ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help, long value)
    {
        int metric = into.AddMetric(into.AddFamily(name, type, help));
        into.Metrics[metric].Content = type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }
}
