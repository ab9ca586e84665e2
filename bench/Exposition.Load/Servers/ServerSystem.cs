using System.Globalization;

namespace Exposition.Load.Servers;

/// <summary>Which server.</summary>
internal enum ServerKind
{
    Ours,
    Reference,
    VictoriaMetrics,
}

/// <summary>A server that can be measured.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">As it is shown.</param>
/// <param name="Program">The file that is executed.</param>
/// <param name="Version">What it says of itself.</param>
internal sealed record ServerSystem(ServerKind Kind, string Name, string Program, string Version)
{
    /// <summary>Whether it exposes what was pushed as it was pushed, so that scrapes can be compared.</summary>
    public bool Exposes => Kind != ServerKind.VictoriaMetrics;

    /// <summary>Answers 200 once it can be used.</summary>
    public string ReadyPath => Kind == ServerKind.VictoriaMetrics ? "/health" : "/-/ready";

    /// <summary>What a push is checked for before it is answered.</summary>
    public string Checked => Kind switch
    {
        ServerKind.VictoriaMetrics => "syntax; nothing against what is stored; keeps 12 digits, on disk",
        ServerKind.Reference => "syntax, and by collecting all that is stored, that the whole stays consistent",
        _ => "syntax, and that the whole stays consistent",
    };

    /// <summary>What it is started with.</summary>
    /// <param name="port">On the loopback address.</param>
    /// <param name="directory">For files of its own; empty.</param>
    /// <param name="isUnchecked">Pushes are not checked against others, where that can be chosen.</param>
    public IEnumerable<string> Arguments(int port, string directory, bool isUnchecked)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        if (Kind == ServerKind.VictoriaMetrics)
        {
            return [$"-httpListenAddr={address}", $"-storageDataPath={directory}", "-retentionPeriod=1d", "-search.latencyOffset=0s",
                "-loggerLevel=ERROR"];
        }

        List<string> arguments = [$"--web.listen-address={address}", "--persistence.file=", "--log.level=error"];
        if (isUnchecked)
        {
            arguments.Add("--push.disable-consistency-check");
        }

        // Debian's build has the files of its page beside it.
        string assets = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Program)!, "../share/prometheus/pushgateway"));
        if (Kind == ServerKind.Reference && Directory.Exists(assets))
        {
            arguments.Add("--web.local-assets=" + assets);
        }

        return arguments;
    }

    /// <summary>The head of a push that replaces a group.</summary>
    public byte[] PushHead(string job, string instance, int bodyLength)
    {
        string line = Kind == ServerKind.VictoriaMetrics
            ? $"POST /api/v1/import/prometheus?extra_label=job={job}&extra_label=instance={instance}"
            : $"PUT /metrics/job/{job}/instance/{instance}";
        return System.Text.Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: {bodyLength}\r\n\r\n"));
    }

    /// <summary>Whether this status says that a push was taken.</summary>
    public bool IsTaken(int status) => Kind == ServerKind.VictoriaMetrics ? status == 204 : status is 200 or 202;
}
