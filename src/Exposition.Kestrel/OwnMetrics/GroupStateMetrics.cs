using Exposition.Formats;
using Exposition.Store;

namespace Exposition.Kestrel.OwnMetrics;

/// <summary>What a store tells of the state of its groups.</summary>
internal sealed class GroupStateMetrics(MetricStore store) : IOwnMetrics
{
    public void Collect(FamilySet into)
    {
        Add(into, "pushgateway_expired_groups"u8, MetricType.Gauge, "Groups whose metrics have expired and that are still shown as such."u8, store.ExpiredGroups);
        Add(into, "pushgateway_families_hidden"u8, MetricType.Gauge, "Families that are stored but left out of scrapes because they contradict others."u8, store.HiddenFamilies);
        Add(into, "pushgateway_group_expiries_total"u8, MetricType.Counter, "How often the metrics of a group have expired."u8, store.Expiries);
        Add(into, "pushgateway_group_expiry_failures_total"u8, MetricType.Counter, "How often an expiry has failed; it is tried again."u8, store.ExpiryFailures);
    }

    private static void Add(FamilySet into, ReadOnlySpan<byte> name, MetricType type, ReadOnlySpan<byte> help, long value)
    {
        int metric = into.AddMetric(into.AddFamily(name, type, help));
        into.Metrics[metric].Content = type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }
}
