using System.Globalization;
using Exposition.Formats;
using Exposition.Formats.Settings;
using Exposition.Hosting.Settings;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Routing;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Settings;

/// <summary>Says all that is wrong with the options of an engine.</summary>
internal sealed class ExpositionOptionsValidator : IValidateOptions<ExpositionOptions>
{
    public ValidateOptionsResult Validate(string? name, ExpositionOptions options) =>
        CheckedResult.Of(name, options, FaultsOf(options));

    /// <summary>What is wrong, each with the name of its option.</summary>
    public static IEnumerable<string> FaultsOf(ExpositionOptions options) =>
    [
        .. PathFaults(options),
        .. NotInOneArray(nameof(ExpositionOptions.MaxBodyBytes), options.MaxBodyBytes),
        .. NotInOneArray(nameof(ExpositionOptions.MaxDecodedBytes), options.MaxDecodedBytes),
        .. Wrong(nameof(ExpositionOptions.AllowedHosts), AllowedHosts.FaultOf(options.AllowedHosts)),
        .. Wrong(nameof(ExpositionOptions.TrustedOrigins), OriginRules.FaultOf(options.TrustedOrigins)),
        .. StoreOptionsValidator.FaultsOf(options.Store),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxDecodeRatio), options.MaxDecodeRatio),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxQueuedBodies), options.MaxQueuedBodies),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxHeadBytes), options.MaxHeadBytes),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxTargetBytes), options.MaxTargetBytes),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxHeaders), options.MaxHeaders),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxInflightBytes), options.MaxInflightBytes),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxConnections), options.MaxConnections),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxPushesPerSecond), options.MaxPushesPerSecond),
        .. OptionFaults.Negative(nameof(ExpositionOptions.IdleTimeout), options.IdleTimeout),
        .. OptionFaults.Negative(nameof(ExpositionOptions.HeadTimeout), options.HeadTimeout),
        .. OptionFaults.Negative(nameof(ExpositionOptions.BodyTimeout), options.BodyTimeout),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MinBodyBytesPerSecond), options.MinBodyBytesPerSecond),
        .. OptionFaults.Negative(nameof(ExpositionOptions.ScrapeTimeout), options.ScrapeTimeout),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MinScrapeBytesPerSecond), options.MinScrapeBytesPerSecond),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxHeldBytes), options.MaxHeldBytes),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxScrapes), options.MaxScrapes),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxPageReaders), options.MaxPageReaders),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxApiReaders), options.MaxApiReaders),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxSearches), options.MaxSearches),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxOtlpAttributes), options.MaxOtlpAttributes),
        .. OptionFaults.Negative(nameof(ExpositionOptions.MaxOtlpResources), options.MaxOtlpResources),
        .. OtlpFaults(options),
    ];

    private static IEnumerable<string> OtlpFaults(ExpositionOptions options)
    {
        bool keepsNames = options.OtlpTranslation
            is OtlpTranslationStrategy.NoTranslation or OtlpTranslationStrategy.NoUtf8EscapingWithSuffixes;
        if (keepsNames && options.Names != NameScheme.Utf8)
        {
            yield return $"{nameof(ExpositionOptions.OtlpTranslation)} {options.OtlpTranslation} keeps names as they are and needs "
                + $"{nameof(ExpositionOptions.Names)} to be {NameScheme.Utf8}";
        }

        foreach (string attribute in options.OtlpGroupingAttributes)
        {
            if (OtlpGrouping.FaultOf(attribute) is { } fault)
            {
                yield return $"{nameof(ExpositionOptions.OtlpGroupingAttributes)} {fault}";
            }
        }
    }

    private static IEnumerable<string> PathFaults(ExpositionOptions options) =>
    [
        .. Wrong(nameof(ExpositionOptions.RoutePrefix), RoutePath.FaultOf(options.RoutePrefix)),
        .. Wrong(nameof(ExpositionOptions.TelemetryPath), RoutePath.FaultOf(options.TelemetryPath)),
        .. Wrong($"{nameof(ExpositionOptions.TelemetryPath)} {options.TelemetryPath}",
            options.TelemetryPath.StartsWith("/metrics/job/", StringComparison.Ordinal) ? "is a path of pushes" : null),
        .. Wrong($"{nameof(ExpositionOptions.SelfMetricsPath)} {options.SelfMetricsPath}", options.SelfMetricsError()),
    ];

    private static IEnumerable<string> NotInOneArray(string name, long bytes) =>
        bytes is >= 0 and <= ExpositionOptions.MostInOneArray
            ? []
            : [string.Create(CultureInfo.InvariantCulture, $"{name} is {bytes}: expected at least 0 and at most 1 GiB, in bytes")];

    private static IEnumerable<string> Wrong(string name, string? fault) => fault is null ? [] : [$"{name} {fault}"];
}
