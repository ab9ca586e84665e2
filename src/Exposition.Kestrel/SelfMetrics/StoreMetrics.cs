using System.Diagnostics.Metrics;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What a store says of itself. The families are ours, not the Pushgateway's.</summary>
internal static class StoreMetrics
{
    /// <summary>Its memory, and what it was spared.</summary>
    public static void Collect(FamilySet into, MetricStore store)
    {
        (long found, long compressed) = store.BundleLookups;
        into.AddGauge("pushgateway_engine_bundle_cache_bytes"u8, "Memory for parts of scrapes that are compressed already."u8,
            store.BundleBytes);
        into.AddCounter("pushgateway_engine_bundles_compressed_total"u8,
            "Parts of compressed scrapes that had changed and were compressed."u8, compressed);
        into.AddCounter("pushgateway_engine_bundles_found_total"u8, "Parts of compressed scrapes that were found compressed already."u8,
            found);
        into.AddGauge("pushgateway_engine_held_bytes"u8,
            "Memory held by scrapes that are being read: replaced metrics that they still show, and their tables."u8, store.HeldBytes);
        into.AddCounter("pushgateway_engine_repeated_pushes_total"u8,
            "Pushes whose series equalled those of the last push of their group, so that only values were read."u8, store.RepeatedPushes);
        into.AddGauge("pushgateway_engine_shape_cache_bytes"u8, "Memory for what pushes of repeated series are compared with."u8,
            store.ShapeBytes);
        into.AddGauge("pushgateway_engine_spare_block_bytes"u8, "Memory of replaced blocks that wait to be used again."u8,
            store.SpareBytes);
        into.AddGauge("pushgateway_engine_stored_bytes"u8, "What all groups take, as the limit stored-bytes counts it."u8,
            store.StoredBytes);
    }

    /// <summary>Lets a meter observe it.</summary>
    public static void Observe(Meter meter, MetricStore store)
    {
        meter.CreateObservableUpDownCounter("exposition.groups", () => store.GroupCount, "{group}", "Groups stored.");
        meter.CreateObservableUpDownCounter("exposition.series", () => store.SampleCount, "{series}",
            "Series of all groups, the push times among them, but not push_overdue, which each scrape makes anew.");
        meter.CreateObservableUpDownCounter("exposition.groups.expired", () => store.ExpiredGroups, "{group}",
            "Groups whose metrics have expired and that are still shown as such.");
        meter.CreateObservableCounter("exposition.group.expiries", () => store.Expiries, "{expiry}",
            "How often the metrics of a group have expired.");
        meter.CreateObservableUpDownCounter("exposition.families.hidden", () => store.HiddenFamilies, "{family}",
            "Families that are stored but left out of scrapes because they contradict others.");
        meter.CreateObservableCounter("exposition.pushes.repeated", () => store.RepeatedPushes, "{push}",
            "Pushes whose series equalled those of the last push of their group, so that only values were read.");
        meter.CreateObservableUpDownCounter("exposition.memory.stored", () => store.StoredBytes, "By",
            "What all groups take, as MaxStoredBytes counts it.");
        meter.CreateObservableUpDownCounter("exposition.memory.held", () => store.HeldBytes, "By",
            "Memory held by scrapes that are being read: replaced metrics that they still show, and their tables.");
    }

    /// <summary>The state of its groups. To be collected last: families that are new in this scrape hide others.</summary>
    public static void CollectGroups(FamilySet into, MetricStore store)
    {
        into.AddGauge("pushgateway_engine_groups"u8, "Groups stored."u8, store.GroupCount);

        // The capacities that all clients share: whoever runs the gateway is to hear of it before they are used up.
        int limits = into.AddFamily("pushgateway_limit_value"u8, MetricType.Gauge,
            "What a capacity that all clients share is limited to, by the name of the limit; 0 for no limit."u8);
        into.AddSample(limits, store.Options.MaxGroups);
        into.AddLabel("limit"u8, "groups"u8);
        into.AddSample(limits, store.Options.MaxStoredBytes);
        into.AddLabel("limit"u8, "stored-bytes"u8);
        into.AddGauge("pushgateway_expired_groups"u8, "Groups whose metrics have expired and that are still shown as such."u8,
            store.ExpiredGroups);
        into.AddGauge("pushgateway_families_hidden"u8,
            "Families that are stored but left out of scrapes because they contradict others."u8, store.HiddenFamilies);
        into.AddCounter("pushgateway_group_expiries_total"u8, "How often the metrics of a group have expired."u8, store.Expiries);
        into.AddCounter("pushgateway_group_expiry_failures_total"u8, "How often an expiry has failed; it is tried again."u8,
            store.ExpiryFailures);
        into.AddCounter("pushgateway_late_totals_total"u8,
            "Running totals of a source that came after a later one of their series, so that they changed nothing."u8, store.LateTotals);
        into.AddCounter("pushgateway_push_ids_forgotten_total"u8,
            "Ids of pushes that were forgotten within the time in which they are to be known: "u8
                + "their group knows no more than the limit push-ids."u8,
            store.ForgottenIds);
        into.AddCounter("pushgateway_push_ids_repeated_total"u8,
            "Pushes that had been stored before under their id, so that they changed nothing."u8, store.RepeatedIds);
    }
}
