using System.Net;
using Exposition.Engine;
using Exposition.Hosting.Settings;

namespace Exposition.Kestrel.Settings;

/// <summary>The settings of an engine: those of its store, and those of the wire.</summary>
internal static class ExpositionSettings
{
    /// <summary>By the names of the properties of <see cref="ExpositionOptions"/>.</summary>
    public static SettingTable<ExpositionOptions> Table { get; } = Make();

    private static SettingTable<ExpositionOptions> Make()
    {
        var table = new SettingTable<ExpositionOptions>
        {
            { nameof(ExpositionOptions.RoutePrefix), (ExpositionOptions o, string value) => o.RoutePrefix = value },
            { nameof(ExpositionOptions.TelemetryPath), (ExpositionOptions o, string value) => o.TelemetryPath = value },
            { nameof(ExpositionOptions.SelfMetricsPath), (ExpositionOptions o, string value) => o.SelfMetricsPath = value },
            { nameof(ExpositionOptions.DisableDelete), (ExpositionOptions o, bool value) => o.DisableDelete = value },
            { nameof(ExpositionOptions.EnableOpenMetrics), (ExpositionOptions o, bool value) => o.EnableOpenMetrics = value },
            { nameof(ExpositionOptions.EngineMetrics), (ExpositionOptions o, bool value) => o.EngineMetrics = value },
            { nameof(ExpositionOptions.MaxBodyBytes), (ExpositionOptions o, long value) => o.MaxBodyBytes = value },
            { nameof(ExpositionOptions.MaxDecodedBytes), (ExpositionOptions o, long value) => o.MaxDecodedBytes = value },
            { nameof(ExpositionOptions.MaxDecodeRatio), (ExpositionOptions o, int value) => o.MaxDecodeRatio = value },
            { nameof(ExpositionOptions.MaxQueuedBodies), (ExpositionOptions o, int value) => o.MaxQueuedBodies = value },
            { nameof(ExpositionOptions.MaxHeadBytes), (ExpositionOptions o, int value) => o.MaxHeadBytes = value },
            { nameof(ExpositionOptions.MaxTargetBytes), (ExpositionOptions o, int value) => o.MaxTargetBytes = value },
            { nameof(ExpositionOptions.MaxHeaders), (ExpositionOptions o, int value) => o.MaxHeaders = value },
            { nameof(ExpositionOptions.MaxInflightBytes), (ExpositionOptions o, long value) => o.MaxInflightBytes = value },
            { nameof(ExpositionOptions.MaxConnections), (ExpositionOptions o, int value) => o.MaxConnections = value },
            { nameof(ExpositionOptions.MaxPushesPerSecond), (ExpositionOptions o, int value) => o.MaxPushesPerSecond = value },
            { nameof(ExpositionOptions.IdleTimeout), (ExpositionOptions o, TimeSpan value) => o.IdleTimeout = value },
            { nameof(ExpositionOptions.HeadTimeout), (ExpositionOptions o, TimeSpan value) => o.HeadTimeout = value },
            { nameof(ExpositionOptions.BodyTimeout), (ExpositionOptions o, TimeSpan value) => o.BodyTimeout = value },
            { nameof(ExpositionOptions.MinBodyBytesPerSecond), (ExpositionOptions o, int value) => o.MinBodyBytesPerSecond = value },
            { nameof(ExpositionOptions.ScrapeTimeout), (ExpositionOptions o, TimeSpan value) => o.ScrapeTimeout = value },
            { nameof(ExpositionOptions.MinScrapeBytesPerSecond), (ExpositionOptions o, int value) => o.MinScrapeBytesPerSecond = value },
            { nameof(ExpositionOptions.MaxHeldBytes), (ExpositionOptions o, long value) => o.MaxHeldBytes = value },
            { nameof(ExpositionOptions.MaxScrapes), (ExpositionOptions o, int value) => o.MaxScrapes = value },
            { nameof(ExpositionOptions.MaxPageReaders), (ExpositionOptions o, int value) => o.MaxPageReaders = value },
            { nameof(ExpositionOptions.OtlpScopeLabels), (ExpositionOptions o, bool value) => o.OtlpScopeLabels = value },
            { nameof(ExpositionOptions.MaxOtlpAttributes), (ExpositionOptions o, int value) => o.MaxOtlpAttributes = value },
            { nameof(ExpositionOptions.MaxOtlpResources), (ExpositionOptions o, int value) => o.MaxOtlpResources = value },
            { nameof(ExpositionOptions.MaxApiReaders), (ExpositionOptions o, int value) => o.MaxApiReaders = value },
            { nameof(ExpositionOptions.MaxSearches), (ExpositionOptions o, int value) => o.MaxSearches = value },
        };
        table.AddNames<OtlpTranslationStrategy>(nameof(ExpositionOptions.OtlpTranslation), static (o, value) => o.OtlpTranslation = value);
        table.AddList(nameof(ExpositionOptions.AllowedHosts), static (o, value) => o.AllowedHosts.Add(value));
        table.AddList(nameof(ExpositionOptions.TrustedOrigins), static (o, value) => o.TrustedOrigins.Add(value));
        table.AddList(nameof(ExpositionOptions.TrustedProxies), static (o, value) => o.TrustedProxies.Add(Network(value)));
        table.AddList(
            nameof(ExpositionOptions.OtlpGroupingAttributes), static (o, value) => o.OtlpGroupingAttributes.Add(value));
        foreach (string name in StoreSettings.ExpiryNames)
        {
            table.AddList(name, static (o, value) => o.ExpiryRules.Add(ExpiryRule.Parse(value)));
        }

        table.AddList(
            nameof(ExpositionOptions.PushExpectations), static (o, value) => o.PushExpectations.Add(PushExpectation.Parse(value)));
        table.AddList(nameof(ExpositionOptions.PushModes), static (o, value) => o.PushModes.Add(ModeRule.Parse(value)));
        table.AddList(nameof(ExpositionOptions.Aggregates), static (o, value) => o.Aggregates.Add(AggregateRule.Parse(value)));
        table.AddRange(StoreSettings.Table
            .Where(setting => !table.Exists(own => own.Name == setting.Name))
            .Select(static setting => setting.Of<ExpositionOptions>(static o => o.Store)));
        return table;
    }

    private static IPNetwork Network(string text) => IPNetwork.TryParse(text, out IPNetwork network) ? network
        : IPAddress.TryParse(text, out IPAddress? address) ? new IPNetwork(address, 8 * address.GetAddressBytes().Length)
        : throw new FormatException("expected an address or a network, such as 10.0.0.0/8");
}
