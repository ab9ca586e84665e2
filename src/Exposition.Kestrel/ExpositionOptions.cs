using System.Buffers;
using System.Net;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel;

/// <summary>How an engine behaves on the wire. Read once when the engine is made.</summary>
public sealed class ExpositionOptions
{
    private const long MostInOneArray = 1L << 30;

    private static readonly SearchValues<char> s_pathCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!$&'()*+,;=:@/");

    private string _routePrefix = "";
    private string _telemetryPath = "/metrics";
    private long _maxBodyBytes = 64L << 20;
    private long _maxDecodedBytes = 256L << 20;

    /// <summary>
    /// What stands before every path, normalised: empty and <c>/</c> mean nothing, a leading slash is added, empty segments are cut.
    /// </summary>
    /// <exception cref="ArgumentException">A path with characters that stand for something else in a URL or a route.</exception>
    public string RoutePrefix
    {
        get => _routePrefix;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _routePrefix = RoutePath.Normalise(value);
        }
    }

    /// <summary>The path of scrapes, below the prefix. The push paths stay at <c>/metrics/job/...</c> whatever it is.</summary>
    /// <exception cref="ArgumentException">A path with characters that stand for something else in a URL or a route.</exception>
    public string TelemetryPath
    {
        get => _telemetryPath;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _telemetryPath = RoutePath.Normalise(value) is { Length: > 0 } path ? path : "/";
        }
    }

    /// <summary>
    /// Names under which requests are served: a name or an address, <c>*.name</c> for all below it, with a port where that matters. Under
    /// any other the answer is 421, against pages that make their own name point here. Empty for any.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>
    /// Origins, such as <c>https://push.example.org</c>, whose pages may push and delete, beside that of the request's own Host. Those of
    /// others are answered with 403; jobs and scripts, which send neither <c>Sec-Fetch-Site</c> nor <c>Origin</c>, are not concerned.
    /// </summary>
    public IList<string> TrustedOrigins { get; } = [];

    /// <summary>
    /// Where the engine's own families and those of the host are scraped, below the prefix; they are not on <see cref="TelemetryPath"/>
    /// then, and no pushed family is in their way. Empty, the default, leaves them there.
    /// </summary>
    public string SelfMetricsPath { get; set; } = "";

    /// <summary>Which names grouping labels and text bodies may use.</summary>
    public NameScheme Names { get => Store.Names; set => Store.Names = value; }

    /// <summary>Answer scrapes in OpenMetrics 1.0 where their Accept header prefers it. The Pushgateway never does.</summary>
    public bool EnableOpenMetrics { get; set; }

    /// <summary>
    /// Refuse pushes that contradict themselves or what is stored. Used where the engine's store is made from these options.
    /// </summary>
    public bool CheckConsistency { get => Store.CheckConsistency; set => Store.CheckConsistency = value; }

    /// <inheritdoc cref="StoreOptions.Timestamps"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public SampleTimestamps Timestamps { get => Store.Timestamps; set => Store.Timestamps = value; }

    /// <summary>
    /// After which time without a push the series of which groups expire, where a push does not say it by its
    /// <c>Exposition-Expire-After</c> header; the first rule that is for a group counts. None by default. Used where the engine's store is
    /// made from these options.
    /// </summary>
    public IList<ExpiryRule> ExpiryRules { get; } = [];

    /// <summary>
    /// How long an expired group still shows its push times and <c>push_expired</c>. Used where the engine's store is made from these
    /// options.
    /// </summary>
    public TimeSpan ExpiredGrace { get => Store.ExpiredGrace; set => Store.ExpiredGrace = value; }

    /// <summary>
    /// The proxies whose X-Forwarded-For is believed where clients are told apart; that of a peer at a Unix socket always is, that of any
    /// other never. None by default.
    /// </summary>
    public IList<IPNetwork> TrustedProxies { get; } = [];

    // Of all limits: zero means none.

    /// <summary>
    /// The longest body, in bytes as sent. More is answered with 413. At most 1 GiB, as a body is one array; zero is the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxBodyBytes
    {
        get => _maxBodyBytes;
        set => _maxBodyBytes = InOneArray(value);
    }

    /// <summary>
    /// The longest body, in bytes after its Content-Encoding is undone. Decoding stops there, and the answer is 413. At most 1 GiB; zero is
    /// the same.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxDecodedBytes
    {
        get => _maxDecodedBytes;
        set => _maxDecodedBytes = InOneArray(value);
    }

    /// <summary>
    /// How many times as long as it was sent a body may become when its Content-Encoding is undone, beyond the first MiB; more is answered
    /// with 413. What clients pack stays below 150.
    /// </summary>
    public int MaxDecodeRatio { get; set; } = 200;

    /// <summary>
    /// The most large bodies that may wait for one of the threads on which they are decoded and read. Beyond it, and after
    /// <see cref="BodyTimeout"/>, one of them is answered with 503: the oldest of the client that has most waiting.
    /// </summary>
    public int MaxQueuedBodies { get; set; } = 256;

    /// <summary>
    /// The longest request head in bytes, from the method to the empty line, blanks around header values not counted. More is answered with
    /// 431, by the endpoints: Kestrel's own limits must be higher (<c>UseExpositionHeadLimits</c>), or it
    /// answers first and without a text.
    /// </summary>
    public int MaxHeadBytes { get; set; } = 64 << 10;

    /// <summary>
    /// The longest request target in bytes. More is answered with 414; see <see cref="MaxHeadBytes"/> for Kestrel's own limit.
    /// </summary>
    public int MaxTargetBytes { get; set; } = 32 << 10;

    /// <summary>
    /// The most headers of a request. More are answered with 431; see <see cref="MaxHeadBytes"/> for Kestrel's own limit.
    /// </summary>
    public int MaxHeaders { get; set; } = 100;

    /// <summary>
    /// The most memory that request bodies, their decoded forms, and the reading of large ones may take together, in bytes. Small bodies
    /// may go beyond it by a sixteenth. Otherwise bodies are not read on then: the one that comes too slowly to be complete in time is
    /// ended with 408, and after <see cref="BodyTimeout"/> the waiting one with 503.
    /// </summary>
    public long MaxInflightBytes { get; set; } = 1L << 30;

    /// <summary>
    /// The most connections of all endpoints that call <c>UseExpositionConnectionLimit</c>. Beyond it the
    /// longest idle one of the client that has most ends for a newcomer.
    /// </summary>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>The most pushes of one job in a second. More are answered with 429. None by default.</summary>
    public int MaxPushesPerSecond { get; set; }

    /// <inheritdoc cref="StoreOptions.MaxSeriesPerPush"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 413.</remarks>
    public int MaxSeriesPerPush { get => Store.MaxSeriesPerPush; set => Store.MaxSeriesPerPush = value; }

    /// <inheritdoc cref="StoreOptions.MaxGroupingNameSets"/>
    public int MaxGroupingNameSets { get => Store.MaxGroupingNameSets; set => Store.MaxGroupingNameSets = value; }

    /// <inheritdoc cref="StoreOptions.MaxGroups"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 507.</remarks>
    public int MaxGroups { get => Store.MaxGroups; set => Store.MaxGroups = value; }

    /// <inheritdoc cref="StoreOptions.MaxLabelValueBytes"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 400.</remarks>
    public int MaxLabelValueBytes { get => Store.MaxLabelValueBytes; set => Store.MaxLabelValueBytes = value; }

    /// <inheritdoc cref="StoreOptions.MaxGroupingKeyBytes"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 414.</remarks>
    public int MaxGroupingKeyBytes { get => Store.MaxGroupingKeyBytes; set => Store.MaxGroupingKeyBytes = value; }

    /// <inheritdoc cref="StoreOptions.MaxRenderedBytes"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 413.</remarks>
    public long MaxRenderedBytes { get => Store.MaxRenderedBytes; set => Store.MaxRenderedBytes = value; }

    /// <inheritdoc cref="StoreOptions.MaxGroupBytes"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 507.</remarks>
    public long MaxGroupBytes { get => Store.MaxGroupBytes; set => Store.MaxGroupBytes = value; }

    /// <inheritdoc cref="StoreOptions.MaxStoredBytes"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 507.</remarks>
    public long MaxStoredBytes { get => Store.MaxStoredBytes; set => Store.MaxStoredBytes = value; }

    /// <summary>
    /// How long a connection may be silent between requests. It is announced, less a margin, to clients that ask for keep-alive.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>How long a request head may take from its first byte to its last.</summary>
    public TimeSpan HeadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a sender may be silent in a body, or stay behind <see cref="MinBodyBytesPerSecond"/>. It is answered with 408 after that.
    /// </summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The least rate at which a body must come; zero: each must be complete within <see cref="BodyTimeout"/>.</summary>
    public int MinBodyBytesPerSecond { get; set; } = 1000;

    /// <summary>How long a scrape may take at most. A scraper that announces a shorter timeout gets that.</summary>
    public TimeSpan ScrapeTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The least rate at which a scrape must be read, in bytes per second, from the first byte on and while something waits to be read; a
    /// connection that is ten seconds behind is closed.
    /// </summary>
    public int MinScrapeBytesPerSecond { get; set; } = 16 << 10;

    /// <summary>
    /// The most memory of replaced metrics that may be held for the sake of scrapes that are being read, in bytes. Beyond it the oldest
    /// scrape is ended.
    /// </summary>
    public long MaxHeldBytes { get; set; } = 1L << 30;

    /// <inheritdoc cref="StoreOptions.BundleCacheBytes"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public long BundleCacheBytes { get => Store.BundleCacheBytes; set => Store.BundleCacheBytes = value; }

    /// <summary>How many scrapes may run at once; beyond it the slowest ends for a newcomer.</summary>
    public int MaxScrapes { get; set; } = 64;

    /// <summary>How many readers the status page may have at once; beyond it the slowest ends for a newcomer.</summary>
    public int MaxPageReaders { get; set; } = 8;

    /// <summary>How many readers <c>/api/v1/metrics</c> may have at once; beyond it the slowest ends for a newcomer.</summary>
    public int MaxApiReaders { get; set; } = 8;

    /// <summary>
    /// Memory for what pushes of repeated series are compared with, in bytes; 0 for none. See <see cref="StoreOptions.ShapeCacheBytes"/>.
    /// </summary>
    public long ShapeCacheBytes { get => Store.ShapeCacheBytes; set => Store.ShapeCacheBytes = value; }

    /// <summary>Read each push of repeated series the long way, too, and compare. See <see cref="StoreOptions.VerifyShapes"/>.</summary>
    public bool VerifyShapes { get => Store.VerifyShapes; set => Store.VerifyShapes = value; }

    /// <summary>Expose also the families that the Pushgateway does not have (which door served, why connections were handed on).</summary>
    public bool EngineMetrics { get; set; } = true;

    /// <summary>
    /// Delays or refuses acknowledgements, as until changes are on disk. Null, the default: that of the host's services where the engine is
    /// made from them; without one all changes are taken and acknowledged at once.
    /// </summary>
    public ICommitGate? CommitGate { get; set; }

    /// <summary>The clock for timeouts, durations and the Date header.</summary>
    public TimeProvider Time { get => Store.Time; set => Store.Time = value; }

    /// <summary>The options of a store that is made from these, which hold what the two have in common.</summary>
    internal StoreOptions Store { get; } = new();

    internal long BodyLimit => _maxBodyBytes == 0 ? MostInOneArray : _maxBodyBytes;

    internal long DecodedLimit => _maxDecodedBytes == 0 ? MostInOneArray : _maxDecodedBytes;

    internal string FullTelemetryPath => RoutePrefix + TelemetryPath;

    internal string? FullSelfMetricsPath =>
        SelfMetricsPath.Length == 0 ? null : RoutePrefix + (SelfMetricsPath.StartsWith('/') ? "" : "/") + SelfMetricsPath;

    /// <summary>Why the path of the own families cannot be served, or null.</summary>
    internal string? SelfMetricsError()
    {
        string pushes = RoutePrefix + "/metrics/job";
        return FullSelfMetricsPath is not { } path ? null
            : path.AsSpan().ContainsAnyExcept(s_pathCharacters) ? "must be of the characters that need no escape in the path of a URL"
            : PathCleaner.Clean(path) != path ? "must not have empty components, . or .."
            : path == FullTelemetryPath ? "is the telemetry path"
            : path.StartsWith(pushes + "/", StringComparison.Ordinal)
                || path.StartsWith(pushes + "@base64/", StringComparison.Ordinal) ? "is a path of pushes"
            : null;
    }

    private static long InOneArray(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MostInOneArray);
        return bytes;
    }
}
