using Exposition.Engine;
using Exposition.Formats.Settings;
using Microsoft.Extensions.Options;

namespace Exposition.Hosting.Settings;

/// <summary>Says all that is wrong with the options of a store.</summary>
internal sealed class StoreOptionsValidator : IValidateOptions<StoreOptions>
{
    /// <summary>What is wrong, each with the name of its option.</summary>
    public static IEnumerable<string> FaultsOf(StoreOptions options) =>
    [
        .. OptionFaults.Negative(nameof(StoreOptions.MaxSeriesPerPush), options.MaxSeriesPerPush),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxGroups), options.MaxGroups),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxGroupingNameSets), options.MaxGroupingNameSets),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxGroupingKeyBytes), options.MaxGroupingKeyBytes),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxRenderedBytes), options.MaxRenderedBytes),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxGroupBytes), options.MaxGroupBytes),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxStoredBytes), options.MaxStoredBytes),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxLabelValueBytes), options.MaxLabelValueBytes),
        .. OptionFaults.Negative(nameof(StoreOptions.ShapeCacheBytes), options.ShapeCacheBytes),
        .. OptionFaults.Negative(nameof(StoreOptions.BundleCacheBytes), options.BundleCacheBytes),
        .. OptionFaults.Null(nameof(StoreOptions.ExpiryRules), options.ExpiryRules),
        .. OptionFaults.Null(nameof(StoreOptions.PushExpectations), options.PushExpectations),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxSeriesPerGroup), options.MaxSeriesPerGroup),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxPushIds), options.MaxPushIds),
        .. OptionFaults.Negative(nameof(StoreOptions.MaxSources), options.MaxSources),
        .. OptionFaults.Negative(nameof(StoreOptions.IdWindow), options.IdWindow),
        .. OptionFaults.Negative(nameof(StoreOptions.SourceAge), options.SourceAge),
        .. OptionFaults.Null(nameof(StoreOptions.PushModes), options.PushModes),
        .. OptionFaults.Null(nameof(StoreOptions.Aggregates), options.Aggregates),
        .. OptionFaults.Null(nameof(StoreOptions.SourceLabel), options.SourceLabel),
        .. OptionFaults.Null(nameof(StoreOptions.Time), options.Time),
    ];

    public ValidateOptionsResult Validate(string? name, StoreOptions options) =>
        CheckedResult.Of(name, options, FaultsOf(options));
}
