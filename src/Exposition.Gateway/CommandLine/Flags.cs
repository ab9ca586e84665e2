using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Go;
using Exposition.Gateway.Logging;
using Exposition.Gateway.Machine;
using Exposition.Kestrel;
using Exposition.Kestrel.Origins;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.CommandLine;

/// <summary>The command line, read. Spelling, defaults and errors are those of the Pushgateway.</summary>
internal sealed class Flags
{
    // No URL.
    private const string OwnGateway = "*";

    private readonly List<string> _listenAddresses = [];
    private long? _interval;
    private long? _commitInterval;

    /// <summary>The defaults.</summary>
    /// <param name="container">What the container may use of memory, in bytes; 0 where nothing limits it.</param>
    public Flags(long container)
    {
        Limits = new LimitFlags(Options, Replication.Options, container);
        Adding = new AddingFlags(Options);
        Table = MakeTable();
    }

    /// <summary>
    /// The flags in the order in which help lists them. The status shows the value of those that the Pushgateway does not have where it
    /// matters.
    /// </summary>
    public List<Flag> Table { get; }

    /// <summary>The options of the engine, as far as flags set them as they are.</summary>
    public ExpositionOptions Options { get; } = new();

    /// <summary>The flags <c>--limit.*</c>.</summary>
    public LimitFlags Limits { get; }

    /// <summary>The flags of pushes that add up.</summary>
    public AddingFlags Adding { get; }

    /// <summary>The flags <c>--replication.*</c>.</summary>
    public ReplicationFlags Replication { get; } = new();

    public List<string> ListenAddresses => _listenAddresses.Count > 0 ? _listenAddresses : [":9091"];

    public bool SystemdSocket { get; private set; }

    public string WebConfigFile { get; private set; } = "";

    /// <summary>How long a stop waits for requests in flight.</summary>
    public TimeSpan ShutdownTimeout { get; private set; } = TimeSpan.FromSeconds(10);

    public string TelemetryPath { get; private set; } = "/metrics";

    /// <summary>Where the gateway's own families are; empty for the telemetry path.</summary>
    public string SelfMetricsPath { get; private set; } = "";

    /// <summary>Permissions of Unix sockets; null leaves them to the umask.</summary>
    public UnixFileMode? SocketMode { get; private set; }

    public string ExternalUrl { get; private set; } = "";

    /// <summary>As given; <see cref="Prefix"/> is what counts.</summary>
    public string RoutePrefix { get; private set; } = "";

    public bool EnableLifecycle { get; private set; }

    /// <summary>Whether probes need no credentials.</summary>
    public bool HealthWithoutAuth { get; private set; }

    public bool EnableAdminApi { get; private set; }

    /// <summary>Whether metrics are taken with OTLP.</summary>
    public bool EnableOtlp { get; private set; }

    public string PersistenceFile { get; private set; } = "";

    /// <summary>A snapshot to start from; empty for none.</summary>
    public string RestoreFrom { get; private set; } = "";

    public LogLevel LogLevel { get; private set; } = LogLevel.Information;

    public LogFormat LogFormat { get; private set; } = LogFormat.Logfmt;

    /// <summary>Set when the program shall print its usage and end.</summary>
    public bool Help { get; private set; }

    /// <summary>Set when the program shall print its version and end.</summary>
    public bool Version { get; private set; }

    /// <summary>Whether the program shall ask a gateway for its health and end.</summary>
    public bool CheckHealth { get; private set; }

    /// <summary>Where to ask; null for the gateway that the other flags describe.</summary>
    public Uri? CheckHealthUrl { get; private set; }

    /// <summary>How long the check of the health may take.</summary>
    public TimeSpan CheckHealthTimeout { get; private set; } = TimeSpan.FromSeconds(5);

    /// <summary>The effective route prefix: empty, or with a leading slash and without one at the end.</summary>
    public string Prefix => WebPaths.Normalise(RoutePrefix.Length > 0 ? RoutePrefix : WebPaths.PathOfUrl(ExternalUrl));

    /// <summary>The external URL, if its pages can be told from those of others.</summary>
    public string? ExternalOrigin => Authority.TryParseOrigin(ExternalUrl, out _) ? ExternalUrl : null;

    /// <summary>The prefix under which browsers see us, of the external URL alone; empty if unknown.</summary>
    public string ExternalPrefix => WebPaths.Normalise(WebPaths.PathOfUrl(ExternalUrl));

    /// <summary>The path of scrapes, prefix included.</summary>
    public string FullTelemetryPath => WebPaths.Join(Prefix, TelemetryPath);

    /// <summary>The path of the own families, prefix included; null if they have none of their own.</summary>
    public string? FullSelfMetricsPath => SelfMetricsPath.Length > 0 ? WebPaths.Join(Prefix, SelfMetricsPath) : null;

    /// <summary>How old a change may become before it is on disk; with zero an answer waits for the disk.</summary>
    public TimeSpan CommitInterval => TimeSpan.FromTicks(CommitIntervalNanoseconds / 100);

    /// <summary>What was given as <c>--persistence.interval</c>, which changes nothing; null if it was not.</summary>
    public string? UnusedInterval => _interval is { } given ? GoDuration.Format(given) : null;

    private long CommitIntervalNanoseconds => _commitInterval ?? 1_000_000_000;

    /// <summary>The names of the flags that were given, whatever they say.</summary>
    public HashSet<string> Given { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FlagException">It is wrong.</exception>
    public static Flags Parse(IEnumerable<string> arguments) => Parse(arguments, ContainerMemory.Limit);

    /// <inheritdoc cref="Parse(IEnumerable{string})"/>
    internal static Flags Parse(IEnumerable<string> arguments, long container)
    {
        var flags = new Flags(container);
        var parser = new FlagParser(flags.Table);
        parser.Parse(arguments);
        flags.Given.UnionWith(parser.Given);
        return flags;
    }

    /// <summary>
    /// Refuses flags whose effect is not there yet: ignoring them silently would, for example, serve without the TLS that was asked for.
    /// </summary>
    /// <exception cref="FlagException">One of them is set.</exception>
    public void RequireSupported()
    {
        Replication.RequireUrl();
        Replication.RefuseOtlp(EnableOtlp);
        if (ListenAddresses.Exists(static address => address.StartsWith("vsock://", StringComparison.Ordinal)))
        {
            throw new FlagException("vsock:// in --web.listen-address is not supported yet");
        }
    }

    /// <summary>The values as <c>/api/v1/status</c> and the page show them, in order of names.</summary>
    public SortedDictionary<string, string> Shown()
    {
        var shown = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Flag flag in Table)
        {
            if (flag.Value() is { } value)
            {
                shown[flag.Name] = value;
            }
        }

        return shown;
    }

    private List<Flag> MakeTable() =>
    [
        // As in the Pushgateway, also the negated form of help and version has the effect.
        new("help", "Show context-sensitive help.", _ => Help = true)
            { IsSwitch = true, Short = 'h' },
        Flag.Switch("web.systemd-socket", () => SystemdSocket, value => SystemdSocket = value,
            "Use systemd socket activation listeners instead of port listeners (Linux only)."),
        new("web.listen-address", "Addresses on which to expose metrics and web interface. Repeatable for multiple addresses. "
            + "Examples: `:9100` or `[::1]:9100` for http, `unix:/run/pushgateway.sock` for a Unix socket", _listenAddresses.Add)
                { IsRepeatable = true, Shown = "=:9091 ...", Value = () => string.Join(',', ListenAddresses) },
        new("web.config.file", "Path to configuration file that can enable TLS or authentication.", value => WebConfigFile = value)
            { Value = () => WebConfigFile },
        new("web.telemetry-path", "Path under which to expose metrics.",
            value => TelemetryPath = FlagValue.ReadPath("web.telemetry-path", value, WebPaths.Join("", value)))
                { Shown = "=\"/metrics\"", Value = () => TelemetryPath },
        new("web.self-metrics-path",
            "Path under which to expose the gateway's own metrics, which then are not under the telemetry path. By default they are.",
            value => SelfMetricsPath = value.Length == 0
                ? "" : FlagValue.ReadPath("web.self-metrics-path", value, WebPaths.Join("", value)))
                { Value = () => NullIfEmpty(SelfMetricsPath) },
        new("web.external-url", "The URL under which the Pushgateway is externally reachable.",
            value => ExternalUrl = FlagValue.ReadPath("web.external-url", value, WebPaths.Normalise(WebPaths.PathOfUrl(value))))
                { Shown = "=", Value = () => ExternalUrl },
        new("web.route-prefix", "Prefix for the internal routes of web endpoints. Defaults to the path of --web.external-url.",
            value => RoutePrefix = FlagValue.ReadPath("web.route-prefix", value, WebPaths.Normalise(value))) { Value = () => Prefix },
        new("web.allowed-hosts",
            "Host names under which requests are served, separated by commas: a name, an address, *.name for all below it, with a "
            + "port where that matters. Others are answered with 421. Repeatable. By default any.",
            value => Add(Options.AllowedHosts, FlagValue.ReadHosts(value)))
                { IsRepeatable = true, Shown = "= ...", Value = () => NullIfEmpty(string.Join(',', Options.AllowedHosts)) },
        new("web.socket-mode",
            "Permissions of the Unix sockets of --web.listen-address, in octal, such as 0660. By default those of the umask.",
            value => SocketMode = FlagValue.ReadMode(value))
                { Value = () => SocketMode is { } mode ? "0" + Convert.ToString((int)mode, 8) : null },
        new("web.trusted-proxies",
            "Proxies whose X-Forwarded-For is believed where clients are told apart, as networks or addresses separated by commas: "
            + "`10.0.0.0/8,::1`. That of a peer at a Unix socket always is, that of any other never.",
            value => Add(Options.TrustedProxies, TrustedProxies.Parse(value)))
                { Value = () => NullIfEmpty(string.Join(',', Options.TrustedProxies)) },
        new("web.shutdown-timeout", "How long a stop waits for requests that are being served. 0 for not at all.",
            value => ShutdownTimeout = FlagValue.ReadTime("web.shutdown-timeout", value))
                { Shown = "=10s", Value = () => FlagValue.Of(ShutdownTimeout) },
        Flag.Switch("web.enable-lifecycle", () => EnableLifecycle, value => EnableLifecycle = value,
            "Enable shutdown, and reload of the web configuration, via HTTP request."),
        Flag.Switch("web.health-without-auth", () => HealthWithoutAuth, value => HealthWithoutAuth = value,
            "Let the probes /-/healthy and /-/ready pass without credentials, and not count for the rate limit."),
        Flag.Switch("web.enable-admin-api", () => EnableAdminApi, value => EnableAdminApi = value,
            "Enable API endpoints for admin control actions."),
        Flag.Switch("web.enable-otlp", () => EnableOtlp, value => EnableOtlp = value,
            "Take metrics that OpenTelemetry's exporters send with OTLP over HTTP to /v1/metrics."),
        Flag.Switch("web.disable-delete", () => Options.DisableDelete, value => Options.DisableDelete = value,
            "Answer deletes of groups with 403: of one, of many, and of all (wipe). The page shows no buttons for them."),
        Flag.Switch("web.enable-openmetrics", () => Options.EnableOpenMetrics, value => Options.EnableOpenMetrics = value,
            "Answer scrapes in OpenMetrics 1.0 if the scraper prefers it."),
        new("persistence.file", "File to persist metrics. If empty, metrics are only kept in memory.", value => PersistenceFile = value)
            { Value = () => PersistenceFile },
        new("persistence.interval",
            "Taken so that command lines of the Prometheus Pushgateway can stay; changes nothing. See --persistence.commit-interval.",
            value => _interval = GoDuration.ParseNanoseconds(value))
                { Shown = "=5m", Value = () => GoDuration.Format(_interval ?? 300_000_000_000) },
        new("persistence.commit-interval",
            "How old a change may become before it is on disk; 0 lets each answer wait for the disk.", SetCommitInterval)
                { Shown = "=1s", Value = () => PersistenceFile.Length > 0 ? GoDuration.Format(CommitIntervalNanoseconds) : null },
        new("persistence.restore-from", "Snapshot to start from. --persistence.file must not exist then.", value => RestoreFrom = value)
            { Value = () => NullIfEmpty(RestoreFrom) },
        Flag.Switch("push.disable-consistency-check", () => !Options.CheckConsistency, value => Options.CheckConsistency = !value,
            "Do not check consistency of pushed metrics. DANGEROUS."),
        Flag.Switch("push.enable-utf8-names", () => Options.Names == NameScheme.Utf8,
            value => Options.Names = value ? NameScheme.Utf8 : NameScheme.Legacy,
            "Allow UTF-8 characters in metric and label names."),
        Flag.Choice("push.timestamps", [("reject", SampleTimestamps.Reject), ("drop", SampleTimestamps.Drop)], () => Options.Timestamps,
            value => Options.Timestamps = value, "What becomes of the timestamps of pushed samples.",
            static value => $"--push.timestamps must be reject or drop, is {value}"),
        Flag.Switch("push.verify-repeated", () => Options.VerifyShapes, value => Options.VerifyShapes = value,
            "Read each push whose series are those of the last one in full, too, and compare. For the search for a fault; slow."),
        Flag.Rules<ExpiryRule>("push.expire-after",
            "Time without a push after which the metrics of a group expire; 0 for never. Repeatable with a selector of groups, the first "
            + "that matches counts: `{job=~\"flink.*\"}=2m`. Overridden by the header Exposition-Expire-After of a push. By default "
            + "nothing expires.",
            ExpiryRule.TryParse, Options.ExpiryRules),
        new("push.expired-grace",
            "How long an expired group still shows push_time_seconds, push_failure_time_seconds and push_expired. 0 for not at all.",
            value => Options.ExpiredGrace = FlagValue.ReadExpiry("push.expired-grace", value))
                { Shown = "=24h", Value = () => Options.ExpiryRules.Count > 0 ? FlagValue.Of(Options.ExpiredGrace) : null },
        Flag.Rules<PushExpectation>("push.expect",
            "The longest time between two pushes to a group. It shows push_overdue: 1 if its last successful push is longer ago, else 0. "
            + "Repeatable with a selector of groups, the first that matches counts, 0 for none: `{job=\"nightly_backup\"}=26h`. A job that "
            + "is named with = alone is shown even if it has never pushed. By default no group has it.",
            PushExpectation.TryParse, Options.PushExpectations),
        .. Adding.Table,
        .. OtlpFlags.Of(Options, () => EnableOtlp),
        .. Replication.Table,
        .. Limits.Table,
        Flag.Choice("log.level",
            [("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error)],
            () => LogLevel, value => LogLevel = value, "Only log messages with the given severity or above.",
            static value => $"unrecognized log level {value}", StringComparison.OrdinalIgnoreCase),
        Flag.Choice("log.format", [("logfmt", LogFormat.Logfmt), ("json", LogFormat.Json)], () => LogFormat, value => LogFormat = value,
            "Output format of log messages.", static value => $"unrecognized log format {value}"),
        new("check-health", "Ask the gateway of this machine that the other flags describe, or the URL, whether it is healthy, print one "
            + "line and end: with exit code 0 if it is, else 1.", SetCheckHealth) { Shown = "[=URL]", Implied = OwnGateway },
        new("check-health-timeout", "How long --check-health waits for the answer; more than 0, and at most 1h.",
            value => CheckHealthTimeout = FlagValue.ReadWait("check-health-timeout", value)) { Shown = "=5s" },
        new("version", "Show application version.", _ => Version = true) { IsSwitch = true, IsImmediate = true },
    ];

    private static string? NullIfEmpty(string value) => value.Length > 0 ? value : null;

    private static void Add<T>(IList<T> list, IEnumerable<T> values)
    {
        foreach (T value in values)
        {
            list.Add(value);
        }
    }

    private void SetCheckHealth(string value)
    {
        CheckHealth = true;
        CheckHealthUrl = value == OwnGateway ? null : FlagValue.ReadUrl("check-health", value);
    }

    private void SetCommitInterval(string value) => _commitInterval = GoDuration.ParseNanoseconds(value) is >= 0 and var interval
        ? interval : throw new FlagException($"--persistence.commit-interval must not be negative, is {value}");
}
