using System.Text.Json;

namespace Exposition.Kestrel.Outcomes;

/// <summary>What settings are called in texts for operators: a host has options, the program has flags.</summary>
internal static class SettingNames
{
    /// <summary>The name of what sets a limit.</summary>
    public static string NameOf(this ExpositionOptions options, Limit limit) =>
        options.NameOf(OptionOf(limit), "--limit." + JsonNamingPolicy.KebabCaseLower.ConvertName(limit.ToString()));

    /// <summary>The name that the host knows.</summary>
    public static string NameOf(this ExpositionOptions options, string option, string flag) => options.NamesFlags ? flag : option;

    /// <summary>The option that sets a limit; empty for one that no host can set.</summary>
    public static string OptionOf(Limit limit) => limit switch
    {
        Limit.ApiReaders => nameof(ExpositionOptions.MaxApiReaders),
        Limit.BodyBytes => nameof(ExpositionOptions.MaxBodyBytes),
        Limit.BodyRate => nameof(ExpositionOptions.MinBodyBytesPerSecond),
        Limit.BodyTimeout => nameof(ExpositionOptions.BodyTimeout),
        Limit.BundleCacheBytes => nameof(ExpositionOptions.BundleCacheBytes),
        Limit.Connections => nameof(ExpositionOptions.MaxConnections),
        Limit.DecodeRatio => nameof(ExpositionOptions.MaxDecodeRatio),
        Limit.DecodedBytes => nameof(ExpositionOptions.MaxDecodedBytes),
        Limit.GroupBytes => nameof(ExpositionOptions.MaxGroupBytes),
        Limit.GroupingKeyBytes => nameof(ExpositionOptions.MaxGroupingKeyBytes),
        Limit.GroupingNameSets => nameof(ExpositionOptions.MaxGroupingNameSets),
        Limit.Groups => nameof(ExpositionOptions.MaxGroups),
        Limit.HeadBytes => nameof(ExpositionOptions.MaxHeadBytes),
        Limit.HeadTimeout => nameof(ExpositionOptions.HeadTimeout),
        Limit.Headers => nameof(ExpositionOptions.MaxHeaders),
        Limit.HeldBytes => nameof(ExpositionOptions.MaxHeldBytes),
        Limit.IdleTimeout => nameof(ExpositionOptions.IdleTimeout),
        Limit.InflightBytes => nameof(ExpositionOptions.MaxInflightBytes),
        Limit.LabelValueBytes => nameof(ExpositionOptions.MaxLabelValueBytes),
        Limit.OtlpAttributes => nameof(ExpositionOptions.MaxOtlpAttributes),
        Limit.OtlpResources => nameof(ExpositionOptions.MaxOtlpResources),
        Limit.PageReaders => nameof(ExpositionOptions.MaxPageReaders),
        Limit.PushIds => nameof(ExpositionOptions.MaxPushIds),
        Limit.PushesPerSecond => nameof(ExpositionOptions.MaxPushesPerSecond),
        Limit.QueuedBodies => nameof(ExpositionOptions.MaxQueuedBodies),
        Limit.RenderedBytes => nameof(ExpositionOptions.MaxRenderedBytes),
        Limit.ScrapeDuration => nameof(ExpositionOptions.ScrapeTimeout),
        Limit.ScrapeRate => nameof(ExpositionOptions.MinScrapeBytesPerSecond),
        Limit.Scrapes => nameof(ExpositionOptions.MaxScrapes),
        Limit.Searches => nameof(ExpositionOptions.MaxSearches),
        Limit.SeriesPerGroup => nameof(ExpositionOptions.MaxSeriesPerGroup),
        Limit.SeriesPerPush => nameof(ExpositionOptions.MaxSeriesPerPush),
        Limit.ShapeCacheBytes => nameof(ExpositionOptions.ShapeCacheBytes),
        Limit.Sources => nameof(ExpositionOptions.MaxSources),
        Limit.StoredBytes => nameof(ExpositionOptions.MaxStoredBytes),
        Limit.TargetBytes => nameof(ExpositionOptions.MaxTargetBytes),
        _ => "",
    };
}
