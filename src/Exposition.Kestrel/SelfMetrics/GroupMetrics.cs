using System.Diagnostics.Metrics;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What a store holds, as it counts it while it publishes.</summary>
internal static class GroupMetrics
{
    /// <summary>Adds the families.</summary>
    public static void Collect(FamilySet into, MetricStore store)
    {
        into.AddGauge("pushgateway_families"u8, "Families that are exposed, the same name in several groups counted once."u8,
            store.FamilyCount);
        into.AddGauge("pushgateway_groups"u8, "Groups stored."u8, store.GroupCount);
        into.AddGauge("pushgateway_groups_failed"u8, "Groups whose last push was refused, for whatever reason."u8,
            store.FailedGroups);
        into.AddGauge("pushgateway_jobs"u8, "Different values of the label job over all groups."u8, store.JobCount);
        into.AddCounter("pushgateway_pushed_series_total"u8, "Series of all pushes that were stored, those of equal ones each time."u8,
            store.PushedSamples);
        into.AddGauge("pushgateway_series"u8,
            "Series of all groups, the push times among them, but not push_overdue, which each scrape makes anew."u8, store.SampleCount);
        into.AddGauge("pushgateway_stored_bytes"u8, "What all groups take, as the limit stored-bytes counts it."u8, store.StoredBytes);
    }

    /// <summary>Lets a meter observe what it has not from elsewhere.</summary>
    public static void Observe(Meter meter, MetricStore store)
    {
        meter.CreateObservableUpDownCounter("exposition.families", () => store.FamilyCount, "{family}",
            "Families that are exposed, the same name in several groups counted once.");
        meter.CreateObservableUpDownCounter("exposition.groups.failed", () => store.FailedGroups, "{group}",
            "Groups whose last push was refused, for whatever reason.");
        meter.CreateObservableUpDownCounter("exposition.jobs", () => store.JobCount, "{job}",
            "Different values of the label job over all groups.");
        meter.CreateObservableCounter("exposition.push.series", () => store.PushedSamples, "{series}",
            "Series of all pushes that were stored, those of equal ones each time.");
    }
}
