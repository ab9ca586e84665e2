using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What a store tells of the state of its groups.</summary>
internal sealed class GroupStateMetrics(MetricStore store) : IMetricSource
{
    public void Collect(FamilySet into)
    {
        CollectLimits(into);
        Add(into, "pushgateway_expired_groups"u8, MetricType.Gauge, "Groups whose metrics have expired and that are still shown as such."u8,
            store.ExpiredGroups);
        Add(into, "pushgateway_families_hidden"u8, MetricType.Gauge,
            "Families that are stored but left out of scrapes because they contradict others."u8, store.HiddenFamilies);
        Add(into, "pushgateway_group_expiries_total"u8, MetricType.Counter, "How often the metrics of a group have expired."u8,
            store.Expiries);
        Add(into, "pushgateway_group_expiry_failures_total"u8, MetricType.Counter, "How often an expiry has failed; it is tried again."u8,
            store.ExpiryFailures);
    }

    // The capacities that all clients share: whoever runs the gateway is to hear of it before they are used up.
    private void CollectLimits(FamilySet into)
    {
        Add(into, "pushgateway_engine_groups"u8, MetricType.Gauge, "Groups stored."u8, store.GroupCount);
        int family = into.AddFamily("pushgateway_limit_value"u8, MetricType.Gauge,
            "What a capacity that all clients share is limited to, by the flag that sets it; 0 for no limit."u8);
        AddLimit(into, family, "groups"u8, store.Options.MaxGroups);
        AddLimit(into, family, "stored-bytes"u8, store.Options.MaxStoredBytes);
    }

    private static void AddLimit(FamilySet into, int family, ReadOnlySpan<byte> flag, long value)
    {
        int metric = into.AddMetric(family);
        into.Metrics[metric].Content = MetricContent.Gauge;
        into.Metrics[metric].Value = value;
        into.AddLabel("limit"u8, flag);
    }

    private static void Add(FamilySet into, ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help, long value)
    {
        int metric = into.AddMetric(into.AddFamily(name, type, help));
        into.Metrics[metric].Content = type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }
}
