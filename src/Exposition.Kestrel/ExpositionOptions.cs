using Exposition.Formats;

namespace Exposition.Kestrel;

/// <summary>How an engine behaves on the wire. Read once when the engine is made.</summary>
public sealed class ExpositionOptions
{
    private string _routePrefix = "";
    private long _maxBodyBytes = 64L << 20;
    private long _maxDecodedBytes = 256L << 20;

    /// <summary>
    /// What stands before every path, normalised as the reference does: empty and <c>/</c> mean nothing, a leading slash is added,
    /// one trailing slash is cut.
    /// </summary>
    public string RoutePrefix
    {
        get => _routePrefix;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            string cut = value.EndsWith('/') ? value[..^1] : value;
            _routePrefix = cut.Length == 0 || cut.StartsWith('/') ? cut : "/" + cut;
        }
    }

    /// <summary>The path of scrapes, below the prefix. The push paths stay at <c>/metrics/job/...</c> whatever it is.</summary>
    public string TelemetryPath { get; set; } = "/metrics";

    /// <summary>Which names grouping labels and text bodies may use.</summary>
    public NameScheme Names { get; set; } = NameScheme.Legacy;

    /// <summary>Refuse pushes that contradict themselves or what is stored. Used where the engine's store is made from these options.</summary>
    public bool CheckConsistency { get; set; } = true;

    /// <summary>The longest body, in bytes as sent. More is answered with 413. At most 1 GiB, as a body is one array.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxBodyBytes
    {
        get => _maxBodyBytes;
        set => _maxBodyBytes = InOneArray(value);
    }

    /// <summary>The longest body, in bytes after its Content-Encoding is undone. Decoding stops there, and the answer is 413. At most 1 GiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxDecodedBytes
    {
        get => _maxDecodedBytes;
        set => _maxDecodedBytes = InOneArray(value);
    }

    /// <summary>The longest request head that the raw door reads, in bytes; longer ones are left to Kestrel and its limits.</summary>
    public int MaxHeadBytes { get; set; } = 32 << 10;

    /// <summary>How long a connection may be silent between requests. It is announced, less a margin, to clients that ask for keep-alive.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long a request head may take from its first byte to its last.</summary>
    public TimeSpan HeadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a body may take, apart from what <see cref="MinBodyBytesPerSecond"/> grants for its size.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The rate at which received bytes prolong <see cref="BodyTimeout"/>.</summary>
    public int MinBodyBytesPerSecond { get; set; } = 1000;

    /// <summary>How long a scrape may take at most. A scraper that announces a shorter timeout gets that.</summary>
    public TimeSpan ScrapeTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How many scrapes may run at once; more are answered with 503 and Retry-After.</summary>
    public int MaxScrapes { get; set; } = 64;

    /// <summary>Expose also the families that the reference does not have (which door served, why connections were handed on).</summary>
    public bool EngineMetrics { get; set; } = true;

    /// <summary>Who says when changes are taken and acknowledged; null takes all and answers at once.</summary>
    public IChangeGate? Gate { get; set; }

    /// <summary>The clock for timeouts, durations and the Date header.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    internal string FullTelemetryPath => RoutePrefix + (TelemetryPath.StartsWith('/') ? "" : "/") + TelemetryPath;

    private static long InOneArray(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, 1L << 30);
        return bytes;
    }
}
