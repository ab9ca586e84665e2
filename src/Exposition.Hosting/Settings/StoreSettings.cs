using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Hosting.Settings;

/// <summary>The settings of a store.</summary>
internal static class StoreSettings
{
    /// <summary>The rules of expiry go by the name of their property, and by that of the flag.</summary>
    public static string[] ExpiryNames { get; } = [nameof(StoreOptions.ExpiryRules), "ExpireAfter"];

    /// <summary>By the names of the properties of <see cref="StoreOptions"/>.</summary>
    public static SettingTable<StoreOptions> Table { get; } = Make();

    private static SettingTable<StoreOptions> Make()
    {
        var table = new SettingTable<StoreOptions>
        {
            { nameof(StoreOptions.CheckConsistency), (StoreOptions options, bool value) => options.CheckConsistency = value },
            { nameof(StoreOptions.MaxSeriesPerPush), (StoreOptions options, int value) => options.MaxSeriesPerPush = value },
            { nameof(StoreOptions.MaxGroups), (StoreOptions options, int value) => options.MaxGroups = value },
            { nameof(StoreOptions.MaxGroupingNameSets), (StoreOptions options, int value) => options.MaxGroupingNameSets = value },
            { nameof(StoreOptions.MaxGroupingKeyBytes), (StoreOptions options, int value) => options.MaxGroupingKeyBytes = value },
            { nameof(StoreOptions.MaxRenderedBytes), (StoreOptions options, long value) => options.MaxRenderedBytes = value },
            { nameof(StoreOptions.MaxGroupBytes), (StoreOptions options, long value) => options.MaxGroupBytes = value },
            { nameof(StoreOptions.MaxStoredBytes), (StoreOptions options, long value) => options.MaxStoredBytes = value },
            { nameof(StoreOptions.MaxLabelValueBytes), (StoreOptions options, int value) => options.MaxLabelValueBytes = value },
            { nameof(StoreOptions.ShapeCacheBytes), (StoreOptions options, long value) => options.ShapeCacheBytes = value },
            { nameof(StoreOptions.BundleCacheBytes), (StoreOptions options, long value) => options.BundleCacheBytes = value },
            { nameof(StoreOptions.VerifyShapes), (StoreOptions options, bool value) => options.VerifyShapes = value },
            { nameof(StoreOptions.MaxSeriesPerGroup), (StoreOptions options, int value) => options.MaxSeriesPerGroup = value },
            { nameof(StoreOptions.MaxPushIds), (StoreOptions options, int value) => options.MaxPushIds = value },
            { nameof(StoreOptions.MaxSources), (StoreOptions options, int value) => options.MaxSources = value },
            { nameof(StoreOptions.IdWindow), (StoreOptions options, TimeSpan value) => options.IdWindow = value },
            { nameof(StoreOptions.SourceLabel), (StoreOptions options, string value) => options.SourceLabel = value },
            { nameof(StoreOptions.SourceAge), (StoreOptions options, TimeSpan value) => options.SourceAge = value },
            { nameof(StoreOptions.ExpiredGrace), (StoreOptions options, TimeSpan value) => options.ExpiredGrace = value },
        };
        table.AddNames<NameScheme>(nameof(StoreOptions.Names), static (options, value) => options.Names = value);
        table.AddNames<SampleTimestamps>(nameof(StoreOptions.Timestamps), static (options, value) => options.Timestamps = value);
        foreach (string name in ExpiryNames)
        {
            table.AddList(name, static (options, value) => options.ExpiryRules = [.. options.ExpiryRules, ExpiryRule.Parse(value)]);
        }

        table.AddList(nameof(StoreOptions.PushExpectations),
            static (options, value) => options.PushExpectations = [.. options.PushExpectations, PushExpectation.Parse(value)]);
        table.AddList(nameof(StoreOptions.PushModes),
            static (options, value) => options.PushModes = [.. options.PushModes, ModeRule.Parse(value)]);
        table.AddList(nameof(StoreOptions.Aggregates),
            static (options, value) => options.Aggregates = [.. options.Aggregates, AggregateRule.Parse(value)]);
        return table;
    }
}
