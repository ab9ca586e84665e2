using System.Net;
using Exposition.Engine;
using Exposition.Formats.Go;
using Exposition.Gateway.Logging;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Routing;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.CommandLine;

/// <summary>The command line, read. Spelling, defaults and errors are those of the reference.</summary>
internal sealed class Flags
{
    private readonly List<string> _expireAfter = [];
    private bool _listenAddressGiven;
    private bool _persistenceIntervalGiven;
    private long? _commitInterval;

    public List<string> ListenAddresses { get; } = [":9091"];

    public bool SystemdSocket { get; private set; }

    public string WebConfigFile { get; private set; } = "";

    /// <summary>The proxies whose X-Forwarded-For is believed.</summary>
    public List<IPNetwork> TrustedProxies { get; private set; } = [];

    /// <summary>How long a stop waits for requests in flight.</summary>
    public TimeSpan ShutdownTimeout { get; private set; } = TimeSpan.FromSeconds(10);

    public string TelemetryPath { get; private set; } = "/metrics";

    /// <summary>Where the gateway's own families are; empty for the telemetry path.</summary>
    public string SelfMetricsPath { get; private set; } = "";

    /// <summary>Host names under which requests are served; empty for any.</summary>
    public List<string> AllowedHosts { get; } = [];

    /// <summary>Permissions of Unix sockets; null leaves them to the umask.</summary>
    public UnixFileMode? SocketMode { get; private set; }

    public string ExternalUrl { get; private set; } = "";

    /// <summary>As given; <see cref="Prefix"/> is what counts.</summary>
    public string RoutePrefix { get; private set; } = "";

    public bool EnableLifecycle { get; private set; }

    public bool EnableAdminApi { get; private set; }

    public bool EnableOpenMetrics { get; private set; }

    public string PersistenceFile { get; private set; } = "";

    /// <summary>A snapshot to start from; empty for none.</summary>
    public string RestoreFrom { get; private set; } = "";

    public long PersistenceIntervalNanoseconds { get; private set; } = 300_000_000_000;

    public bool DisableConsistencyCheck { get; private set; }

    public bool EnableUtf8Names { get; private set; }

    public bool VerifyRepeated { get; private set; }

    /// <summary>What becomes of timestamps of pushed samples.</summary>
    public SampleTimestamps Timestamps { get; private set; }

    /// <summary>The flags <c>--limit.*</c>.</summary>
    public LimitFlags Limits { get; } = new();

    /// <summary>When series expire, in the order given.</summary>
    public List<ExpiryRule> ExpiryRules { get; } = [];

    public TimeSpan ExpiredGrace { get; private set; } = TimeSpan.FromHours(24);

    public string LogLevelName { get; private set; } = "info";

    public LogFormat LogFormat { get; private set; } = LogFormat.Logfmt;

    /// <summary>Set when the program shall print its usage and end.</summary>
    public bool Help { get; private set; }

    /// <summary>Set when the program shall print its version and end.</summary>
    public bool Version { get; private set; }

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

    private long CommitIntervalNanoseconds =>
        _commitInterval ?? (_persistenceIntervalGiven ? Math.Max(0, PersistenceIntervalNanoseconds) : 1_000_000_000);

    public LogLevel LogLevel => LogLevelName switch
    {
        "debug" => LogLevel.Debug,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => LogLevel.Information,
    };

    /// <summary>Reads a command line.</summary>
    /// <exception cref="FlagException">It is wrong.</exception>
    public static Flags Parse(IEnumerable<string> arguments)
    {
        var flags = new Flags();
        new FlagParser(flags.Table()).Parse(arguments);
        return flags;
    }

    /// <summary>
    /// Refuses flags whose effect is not there yet: ignoring them silently would, for example, serve without the TLS that was asked for.
    /// </summary>
    /// <exception cref="FlagException">One of them is set.</exception>
    public void RequireSupported()
    {
        string? missing = ListenAddresses.Exists(static address => address.StartsWith("vsock://", StringComparison.Ordinal))
            ? "vsock:// in --web.listen-address"
            : null;
        if (missing is not null)
        {
            throw new FlagException($"{missing} is not supported yet");
        }
    }

    /// <summary>The values as <c>/api/v1/status</c> and the page show them, in order of names.</summary>
    public SortedDictionary<string, string> Shown()
    {
        // What the reference does not have is shown where it matters.
        SortedDictionary<string, string> shown = Always();
        if (PersistenceFile.Length > 0)
        {
            shown["persistence.commit-interval"] = GoDuration.Format(CommitIntervalNanoseconds);
        }

        if (SelfMetricsPath.Length > 0)
        {
            shown["web.self-metrics-path"] = SelfMetricsPath;
        }

        if (RestoreFrom.Length > 0)
        {
            shown["persistence.restore-from"] = RestoreFrom;
        }

        if (TrustedProxies.Count > 0)
        {
            shown["web.trusted-proxies"] = string.Join(',', TrustedProxies);
        }

        if (ExpiryRules.Count > 0)
        {
            shown["push.expire-after"] = string.Join(' ', _expireAfter);
            shown["push.expired-grace"] = GoDuration.Format(ExpiredGrace.Ticks * 100);
        }

        if (AllowedHosts.Count > 0)
        {
            shown["web.allowed-hosts"] = string.Join(',', AllowedHosts);
        }

        if (SocketMode is { } mode)
        {
            shown["web.socket-mode"] = "0" + Convert.ToString((int)mode, 8);
        }

        return shown;
    }

    private SortedDictionary<string, string> Always() => new(new Dictionary<string, string>(Limits.Shown)
    {
        ["log.format"] = LogFormat == LogFormat.Json ? "json" : "logfmt",
        ["log.level"] = LogLevelName,
        ["persistence.file"] = PersistenceFile,
        ["persistence.interval"] = GoDuration.Format(PersistenceIntervalNanoseconds),
        ["push.disable-consistency-check"] = Word(DisableConsistencyCheck),
        ["push.enable-utf8-names"] = Word(EnableUtf8Names),
        ["push.timestamps"] = Timestamps == SampleTimestamps.Drop ? "drop" : "reject",
        ["push.verify-repeated"] = Word(VerifyRepeated),
        ["web.config.file"] = WebConfigFile,
        ["web.enable-admin-api"] = Word(EnableAdminApi),
        ["web.enable-lifecycle"] = Word(EnableLifecycle),
        ["web.enable-openmetrics"] = Word(EnableOpenMetrics),
        ["web.external-url"] = ExternalUrl,
        ["web.listen-address"] = string.Join(',', ListenAddresses),
        ["web.route-prefix"] = Prefix,
        ["web.shutdown-timeout"] = GoDuration.Format(ShutdownTimeout.Ticks * 100),
        ["web.systemd-socket"] = Word(SystemdSocket),
        ["web.telemetry-path"] = TelemetryPath,
    }, StringComparer.Ordinal);

    /// <summary>The flags in the order in which help lists them.</summary>
    internal List<Flag> Table() =>
    [
        new("help", "Show context-sensitive help (also try --help-long and --help-man).", On(() => Help = true))
            { IsSwitch = true, Short = 'h' },
        new("web.systemd-socket", "Use systemd socket activation listeners instead of port listeners (Linux only).",
            value => SystemdSocket = value == "true") { IsSwitch = true },
        new("web.listen-address", "Addresses on which to expose metrics and web interface. Repeatable for multiple addresses. "
            + "Examples: `:9100` or `[::1]:9100` for http, `unix:/run/pushgateway.sock` for a Unix socket", AddListenAddress)
                { IsRepeatable = true, Shown = "=:9091 ..." },
        new("web.config.file", "Path to configuration file that can enable TLS or authentication.", value => WebConfigFile = value)
            { Shown = "=\"\"" },
        new("web.telemetry-path", "Path under which to expose metrics.",
            value => TelemetryPath = PathOf("web.telemetry-path", value, WebPaths.Join("", value))) { Shown = "=\"/metrics\"" },
        new("web.self-metrics-path",
            "Path under which to expose the gateway's own metrics, which then are not under the telemetry path. By default they are.",
            value => SelfMetricsPath = value.Length == 0 ? "" : PathOf("web.self-metrics-path", value, WebPaths.Join("", value)))
                { Shown = "=\"\"" },
        new("web.external-url", "The URL under which the Pushgateway is externally reachable.", SetExternalUrl) { Shown = "=" },
        new("web.route-prefix", "Prefix for the internal routes of web endpoints. Defaults to the path of --web.external-url.",
            value =>
            {
                PathOf("web.route-prefix", value, WebPaths.Normalise(value));
                RoutePrefix = value;
            }) { Shown = "=\"\"" },
        new("web.allowed-hosts",
            "Host names under which requests are served, separated by commas: a name, an address, *.name for all below it, with a "
            + "port where that matters. Others are answered with 421. Repeatable. By default any.", AddAllowedHosts)
                { IsRepeatable = true, Shown = "= ..." },
        new("web.socket-mode", "Permissions of the Unix sockets of --web.listen-address, in octal. By default those of the umask.",
            value => SocketMode = ReadMode(value)) { Shown = "=0660" },
        new("web.trusted-proxies",
            "Proxies whose X-Forwarded-For is believed where clients are told apart, as networks or addresses separated by commas: "
            + "`10.0.0.0/8,::1`. That of a peer at a Unix socket always is, that of any other never.",
            value => TrustedProxies = CommandLine.TrustedProxies.Parse(value)) { Shown = "=\"\"" },
        new("web.shutdown-timeout", "How long a stop waits for requests that are being served.", SetShutdownTimeout) { Shown = "=10s" },
        new("web.enable-lifecycle", "Enable shutdown via HTTP request.", value => EnableLifecycle = value == "true") { IsSwitch = true },
        new("web.enable-admin-api", "Enable API endpoints for admin control actions.", value => EnableAdminApi = value == "true")
            { IsSwitch = true },
        new("web.enable-openmetrics", "Answer scrapes in OpenMetrics 1.0 if the scraper prefers it.",
            value => EnableOpenMetrics = value == "true") { IsSwitch = true },
        new("persistence.file", "File to persist metrics. If empty, metrics are only kept in memory.", value => PersistenceFile = value)
            { Shown = "=\"\"" },
        new("persistence.interval", "The minimum interval at which to write out the persistence file.",
            SetPersistenceInterval) { Shown = "=5m" },
        new("persistence.commit-interval",
            "How old a change may become before it is on disk; 0 lets each answer wait for the disk. Defaults to "
            + "--persistence.interval where that is given, else to 1s.", SetCommitInterval) { Shown = "=1s" },
        new("persistence.restore-from", "Snapshot to start from. --persistence.file must not exist then.", value => RestoreFrom = value)
            { Shown = "=\"\"" },
        new("push.disable-consistency-check", "Do not check consistency of pushed metrics. DANGEROUS.",
            value => DisableConsistencyCheck = value == "true") { IsSwitch = true },
        new("push.enable-utf8-names", "Allow UTF-8 characters in metric and label names.", value => EnableUtf8Names = value == "true")
            { IsSwitch = true },
        new("push.timestamps", "What becomes of the timestamps of pushed samples. One of: [reject, drop]", SetTimestamps)
            { Shown = "=reject" },
        new("push.verify-repeated",
            "Read each push whose series are those of the last one in full, too, and compare. For the search for a fault; slow.",
            value => VerifyRepeated = value == "true") { IsSwitch = true },
        new("push.expire-after",
            "Time without a push after which the metrics of a group expire; 0 for never. Repeatable with a selector of groups, the first "
            + "that matches counts: `{job=~\"flink.*\"}=2m`. Overridden by the header Exposition-Expire-After of a push. By default "
            + "nothing expires.",
            AddExpiryRule) { IsRepeatable = true, Shown = "= ..." },
        new("push.expired-grace", "How long an expired group still shows push_time_seconds, push_failure_time_seconds and push_expired.",
            value => ExpiredGrace = Time("push.expired-grace", value)) { Shown = "=24h" },
        .. Limits.Table,
        new("log.level", "Only log messages with the given severity or above. One of: [debug, info, warn, error]", SetLogLevel)
            { Shown = "=info" },
        new("log.format", "Output format of log messages. One of: [logfmt, json]", SetLogFormat) { Shown = "=logfmt" },
        new("version", "Show application version.", On(() => Version = true)) { IsSwitch = true, IsImmediate = true },
    ];

    private static string Word(bool value) => value ? "true" : "false";

    // As in the reference, also the negated form of help and version has the effect.
    private static Action<string> On(Action set) => _ => set();

    private void AddListenAddress(string value)
    {
        if (!_listenAddressGiven)
        {
            ListenAddresses.Clear();
        }

        _listenAddressGiven = true;
        ListenAddresses.Add(value);
    }

    private void AddExpiryRule(string value)
    {
        GroupSelector? groups = null;
        string duration = value;
        if (value.StartsWith('{'))
        {
            int end = value.LastIndexOf('}') + 1;
            if (end == 0 || end == value.Length || value[end] != '=')
            {
                throw new FlagException($"--push.expire-after={value}: expected {{SELECTOR}}=DURATION");
            }

            if (!GroupSelector.TryParse(value[..end], out groups, out string? error))
            {
                throw new FlagException($"--push.expire-after={value}: {error}");
            }

            duration = value[(end + 1)..];
        }

        ExpiryRules.Add(new ExpiryRule(groups, Time("push.expire-after", duration)));
        _expireAfter.Add(value);
    }

    private static TimeSpan Time(string flag, string value) =>
        GoDuration.TryParseTime(value, out TimeSpan time, out string? error) ? time : throw new FlagException($"--{flag}: {error}");

    private void SetPersistenceInterval(string value)
    {
        PersistenceIntervalNanoseconds = GoDuration.ParseNanoseconds(value);
        _persistenceIntervalGiven = true;
    }

    private void SetCommitInterval(string value) => _commitInterval = GoDuration.ParseNanoseconds(value) is >= 0 and var interval
        ? interval : throw new FlagException($"--persistence.commit-interval must not be negative, is {value}");

    private void SetExternalUrl(string value)
    {
        PathOf("web.external-url", value, WebPaths.Normalise(WebPaths.PathOfUrl(value)));
        ExternalUrl = value;
    }

    private static string PathOf(string flag, string given, string path)
    {
        try
        {
            RoutePath.Normalise(path);
            return given;
        }
        catch (ArgumentException e)
        {
            throw new FlagException($"--{flag}: {e.Message}");
        }
    }

    private void AddAllowedHosts(string value)
    {
        string[] names = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        try
        {
            _ = new AllowedHosts(names);
        }
        catch (ArgumentException e)
        {
            throw new FlagException($"--web.allowed-hosts: {e.Message}");
        }

        AllowedHosts.AddRange(names);
    }

    private static UnixFileMode ReadMode(string value)
    {
        bool octal = value.Length is 3 or 4 && value.All(static digit => digit is >= '0' and <= '7');
        return octal && Convert.ToInt32(value, 8) is var mode and <= 0x1FF
            ? (UnixFileMode)mode
            : throw new FlagException($"--web.socket-mode: expected an octal mode such as 0660, got {GoQuote.Text(value)}");
    }

    private void SetShutdownTimeout(string value) => ShutdownTimeout = GoDuration.ParseNanoseconds(value) is var time and >= 0
        ? TimeSpan.FromTicks(time / 100)
        : throw new FlagException($"web.shutdown-timeout: must not be negative, got {value}");

    private void SetLogLevel(string value)
    {
        LogLevelName = value.ToLowerInvariant() is var level and ("debug" or "info" or "warn" or "error")
            ? level : throw new FlagException($"unrecognized log level {value}");
    }

    private void SetTimestamps(string value) => Timestamps = value switch
    {
        "reject" => SampleTimestamps.Reject,
        "drop" => SampleTimestamps.Drop,
        _ => throw new FlagException($"--push.timestamps must be reject or drop, is {value}"),
    };

    private void SetLogFormat(string value) => LogFormat = value switch
    {
        "logfmt" => LogFormat.Logfmt,
        "json" => LogFormat.Json,
        _ => throw new FlagException($"unrecognized log format {value}"),
    };
}
