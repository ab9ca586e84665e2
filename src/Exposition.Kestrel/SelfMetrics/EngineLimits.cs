using Exposition.Engine;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Names the limits of an engine and of its store.</summary>
internal static class EngineLimits
{
    /// <summary>Names them.</summary>
    /// <param name="metrics">Where.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="store">Its store; null where it has none.</param>
    public static void Name(WireMetrics metrics, ExpositionEngine engine, MetricStore? store)
    {
        NameWire(metrics.Limits, engine);
        if (store is not null)
        {
            NameStore(metrics, store);
        }
    }

    private static void NameWire(LimitMetrics limits, ExpositionEngine engine)
    {
        ExpositionOptions options = engine.Options;
        limits.Share(Limit.ApiReaders, () => options.MaxApiReaders, () => engine.Readers.Reading(Limit.ApiReaders));
        limits.Share(Limit.Connections, () => options.MaxConnections, () => engine.Connections.Open);
        limits.Share(Limit.HeldBytes, () => options.MaxHeldBytes, () => engine.Readers.HeldBytes);
        limits.Share(Limit.InflightBytes, () => options.MaxInflightBytes, () => engine.Inflight.Used);
        limits.Share(Limit.PageReaders, () => options.MaxPageReaders, () => engine.Readers.Reading(Limit.PageReaders));
        limits.Share(Limit.QueuedBodies, () => options.MaxQueuedBodies, () => engine.Pushes.Waiting);
        limits.Share(Limit.Scrapes, () => options.MaxScrapes, () => engine.Readers.Reading(Limit.Scrapes));
        limits.Share(Limit.Searches, () => options.MaxSearches, () => engine.Searches.Taken);
        limits.Each(Limit.BodyBytes, () => options.MaxBodyBytes);
        limits.Each(Limit.BodyRate, () => options.MinBodyBytesPerSecond);
        limits.Each(Limit.BodyTimeout, () => options.BodyTimeout.Ticks, LimitMetrics.PerTick);
        limits.Each(Limit.DecodedBytes, () => options.MaxDecodedBytes);
        limits.Each(Limit.DecodeRatio, () => options.MaxDecodeRatio);
        limits.Each(Limit.HeadBytes, () => options.MaxHeadBytes);
        limits.Each(Limit.Headers, () => options.MaxHeaders);
        limits.Each(Limit.HeadTimeout, () => options.HeadTimeout.Ticks, LimitMetrics.PerTick);
        limits.Each(Limit.IdleTimeout, () => options.IdleTimeout.Ticks, LimitMetrics.PerTick);
        limits.Each(Limit.OtlpAttributes, () => options.MaxOtlpAttributes);
        limits.Each(Limit.OtlpResources, () => options.MaxOtlpResources);
        limits.Each(Limit.PushesPerSecond, () => options.MaxPushesPerSecond);
        limits.Each(Limit.ScrapeDuration, () => options.ScrapeTimeout.Ticks, LimitMetrics.PerTick);
        limits.Each(Limit.ScrapeRate, () => options.MinScrapeBytesPerSecond);
        limits.Each(Limit.TargetBytes, () => options.MaxTargetBytes);
    }

    private static void NameStore(WireMetrics metrics, MetricStore store)
    {
        StoreOptions options = store.Options;
        LimitMetrics limits = metrics.Limits;
        limits.Share(Limit.BundleCacheBytes, () => options.BundleCacheBytes, () => store.BundleBytes);
        limits.Share(Limit.Groups, () => options.MaxGroups, () => store.GroupCount);
        limits.Share(Limit.GroupingNameSets, () => options.MaxGroupingNameSets, () => store.MostNameSets);
        limits.Share(Limit.ShapeCacheBytes, () => options.ShapeCacheBytes, () => store.ShapeBytes);
        limits.Share(Limit.StoredBytes, () => options.MaxStoredBytes, () => store.StoredBytes);
        limits.Each(Limit.GroupBytes, () => options.MaxGroupBytes, also: store.Peaks.Group);
        limits.Each(Limit.GroupingKeyBytes, () => options.MaxGroupingKeyBytes, also: store.Peaks.GroupingKey);
        limits.Each(Limit.LabelValueBytes, () => options.MaxLabelValueBytes, also: store.Peaks.LabelValue);
        limits.Each(Limit.RenderedBytes, () => options.MaxRenderedBytes, also: store.Peaks.Rendered);
        limits.Each(Limit.PushIds, () => options.MaxPushIds, also: store.Peaks.Ids);
        limits.Each(Limit.SeriesPerGroup, () => options.MaxSeriesPerGroup, also: store.Peaks.GroupSeries);
        limits.Each(Limit.SeriesPerPush, () => options.MaxSeriesPerPush, also: store.Peaks.Series);
        limits.Each(Limit.Sources, () => options.MaxSources, also: store.Peaks.Sources);
        metrics.AlsoRefused(Limit.PushIds, () => store.ForgottenIds);
        metrics.AlsoRefused(Limit.BundleCacheBytes, () => store.Bundles.Refused);
        metrics.AlsoRefused(Limit.ShapeCacheBytes, () => store.ShapesRefused);
    }
}
