using System.Globalization;

namespace Exposition.Load.Servers;

/// <summary>Which server.</summary>
internal enum ServerKind
{
    Ours,
    Reference,
    VictoriaMetrics,
}

/// <summary>What a push does.</summary>
internal enum PushWay
{
    /// <summary>It replaces the group.</summary>
    Replace,

    /// <summary>It is added, once, by its id.</summary>
    Add,

    /// <summary>What it is more than the source's last one is added.</summary>
    Total,
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

    /// <summary>The head of a push.</summary>
    /// <param name="job">The job.</param>
    /// <param name="instance">With it, the group.</param>
    /// <param name="bodyLength">Bytes of the body.</param>
    /// <param name="way">What it does.</param>
    /// <param name="who">Of one that adds, its id; of a total, its source.</param>
    public byte[] PushHead(string job, string instance, int bodyLength, PushWay way = PushWay.Replace, string who = "")
    {
        string line = Kind == ServerKind.VictoriaMetrics
            ? $"POST /api/v1/import/prometheus?extra_label=job={job}&extra_label=instance={instance}"
                + (way == PushWay.Total ? $"&extra_label=source={who}" : "")
            : $"{(way == PushWay.Replace ? "PUT" : "POST")} /metrics/job/{job}/instance/{instance}";
        string more = Kind == ServerKind.VictoriaMetrics ? "" : way switch
        {
            PushWay.Add => $"Exposition-Push-Mode: add\r\nExposition-Push-Id: {who}\r\n",
            PushWay.Total => $"Exposition-Push-Mode: cumulative\r\nExposition-Source: {who}\r\n",
            _ => "",
        };
        return System.Text.Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{line} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n{more}Content-Length: {bodyLength}\r\n\r\n"));
    }

    /// <summary>Whether this status says that a push was taken.</summary>
    public bool IsTaken(int status) => Kind == ServerKind.VictoriaMetrics ? status == 204 : status is 200 or 202;
}
