using System.Globalization;
using Exposition.Replication;

namespace Exposition.Gateway.CommandLine;

/// <summary>The flags <c>--replication.*</c>.</summary>
internal sealed class ReplicationFlags
{
    /// <summary>Makes the flags.</summary>
    public ReplicationFlags() => Table =
    [
        new("replication.url",
            "Server of the NATS engine (JetStream) by which this gateway has its groups in common with others: nats://HOST:PORT or "
            + "tls://HOST:PORT. Repeatable. By default a gateway is alone.",
            AddUrl) { IsRepeatable = true, Shown = "= ...", Value = () => Urls.Count > 0 ? string.Join(',', Urls) : null },
        new("replication.config.file", "Path to a YAML file with the credentials and the TLS of --replication.url.",
            value => ConfigFile = value) { Value = () => Shown(ConfigFile) },
        new("replication.stream", "The stream that holds the log of changes: letters, digits, hyphens and underscores.",
            value => Stream = value)
            { Shown = "=EXPOSITION", Value = () => Shown(Stream) },
        new("replication.replicas", "How many servers of the engine keep a copy of the log: 1, 3 or 5.", SetReplicas)
            { Shown = "=3", Value = () => Shown(Replicas.ToString(null, null)) },
        new("replication.address",
            "HOST:PORT at which Prometheus and others reach this gateway by itself; all gateways list each other. By default that of the "
            + "first --web.listen-address, with the name of the machine where that is all of its addresses.",
            value => Options.Address = ReadAddress(value)) { Shown = "=HOST:PORT", Value = () => Shown(Options.Address) },
        new("replication.timeout", "How long a push waits for the log before it is answered with 503; more than 0, and at most 1h.",
            value => Options.Timeout = FlagValue.ReadWait("replication.timeout", value))
                { Shown = "=9s", Value = () => Shown(FlagValue.Of(Options.Timeout)) },
        Flag.Choice("replication.when-unreachable", [("refuse", WhenUnreachable.Refuse), ("accept", WhenUnreachable.Accept)],
            () => Options.WhenUnreachable, value => Options.WhenUnreachable = value,
            "What becomes of pushes while the log cannot be reached: answered with 503, or taken by this gateway alone and put into the "
            + "log when it is back.", static value => $"--replication.when-unreachable must be refuse or accept, is {value}")
                with { Value = () => Shown(Options.WhenUnreachable == WhenUnreachable.Accept ? "accept" : "refuse") },
        new("replication.ready-grace", "How long the log may be away before /-/ready says so. 0 for not at all.",
            value => ReadyGrace = FlagValue.ReadTime("replication.ready-grace", value))
                { Shown = "=15s", Value = () => Shown(FlagValue.Of(ReadyGrace)) },
        Flag.Switch("replication.seed", () => Options.Seed, value => Options.Seed = value,
            "Put the groups that this gateway has from before into the log. Without it a gateway that has such groups takes no part.")
                with { Value = () => Shown(Options.Seed ? "true" : "false") },
    ];

    /// <summary>All of them, as help lists them.</summary>
    public IReadOnlyList<Flag> Table { get; }

    /// <summary>How the gateway takes part.</summary>
    public ReplicationOptions Options { get; } = new() { NamesFlags = true };

    /// <summary>The servers; none where the gateway is alone.</summary>
    public List<Uri> Urls { get; } = [];

    /// <summary>Whether there are several gateways.</summary>
    public bool IsGiven => Urls.Count > 0;

    public string ConfigFile { get; private set; } = "";

    public string Stream { get; private set; } = "EXPOSITION";

    public int Replicas { get; private set; } = 3;

    public TimeSpan ReadyGrace { get; private set; } = TimeSpan.FromSeconds(15);

    /// <summary>Refuses others where there is no engine.</summary>
    /// <exception cref="FlagException">One is given.</exception>
    public void RequireUrl()
    {
        bool isOther = Options.Address.Length > 0 || Options.Seed || Options.WhenUnreachable != WhenUnreachable.Refuse;
        if (!IsGiven && (isOther || ConfigFile.Length > 0))
        {
            throw new FlagException("the flags --replication.* are of no use without --replication.url");
        }
    }

    /// <summary>Refuses OTLP, whose requests are not given to the log.</summary>
    /// <exception cref="FlagException">It is given beside an engine.</exception>
    public void RefuseOtlp(bool enableOtlp)
    {
        if (IsGiven && enableOtlp)
        {
            throw new FlagException(
                "--web.enable-otlp cannot be used with --replication.url: what comes by OTLP is not shared between gateways");
        }
    }

    private string? Shown(string value) => IsGiven && value.Length > 0 ? value : null;

    private void AddUrl(string value)
    {
        bool isOne = Uri.TryCreate(value, UriKind.Absolute, out Uri? url) && (url.Scheme is "nats" or "tls") && url.Host.Length > 0;
        if (!isOne || url!.UserInfo.Length > 0)
        {
            throw new FlagException(
                $"--replication.url must be nats://HOST:PORT or tls://HOST:PORT, is {(isOne ? "one with a password in it" : value)}");
        }

        Urls.Add(url);
    }

    private static string ReadAddress(string value)
    {
        int colon = value.LastIndexOf(':');
        UriHostNameType host = colon <= 0 ? UriHostNameType.Unknown : Uri.CheckHostName(value[..colon]);
        bool isOne = host != UriHostNameType.Unknown && (host != UriHostNameType.IPv6 || value[0] == '[') && value.Length <= 255
            && ushort.TryParse(value.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0;
        return isOne ? value : throw new FlagException($"--replication.address must be HOST:PORT, is {value}");
    }

    private void SetReplicas(string value) => Replicas = value switch
    {
        "1" => 1,
        "3" => 3,
        "5" => 5,
        _ => throw new FlagException($"--replication.replicas must be 1, 3 or 5, is {value}"),
    };
}
