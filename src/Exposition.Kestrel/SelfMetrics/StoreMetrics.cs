using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What the store says of itself. The families are ours, not the reference's.</summary>
internal static class StoreMetrics
{
    /// <summary>Adds the families as they are now.</summary>
    public static void Collect(FamilySet into, MetricStore store)
    {
        Add(into, "pushgateway_engine_repeated_pushes_total"u8,
            "Pushes whose series equalled those of the last push of their group, so that only values were read."u8, MetricType.Counter,
            store.RepeatedPushes);
        Add(into, "pushgateway_engine_shape_cache_bytes"u8, "Memory for what pushes of repeated series are compared with."u8,
            MetricType.Gauge, store.ShapeBytes);
        Add(into, "pushgateway_engine_spare_block_bytes"u8, "Memory of replaced blocks that wait to be used again."u8, MetricType.Gauge,
            store.SpareBytes);
        Add(into, "pushgateway_engine_stored_bytes"u8, "What all groups take, as --limit.stored-bytes counts it."u8, MetricType.Gauge,
            store.StoredBytes);
    }

    private static void Add(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, MetricType type, double value)
    {
        int metric = into.AddMetric(into.AddFamily(name, type, help));
        into.Metrics[metric].Content = type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }
}
