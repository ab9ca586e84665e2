using Exposition.Engine;

namespace Exposition.Kestrel;

public sealed partial class ExpositionOptions
{
    internal const long MostInOneArray = 1L << 30;

    /// <summary>
    /// The longest body, in bytes as sent. More is answered with 413. Default: 64 MiB. At most 1 GiB, as a body is one array; 0 means the
    /// same.
    /// </summary>
    public long MaxBodyBytes { get; set; } = 64L << 20;

    /// <summary>
    /// The longest body, in bytes after its Content-Encoding is undone. Decoding stops there, and the answer is 413. Default: 256 MiB. At
    /// most 1 GiB; 0 means the same.
    /// </summary>
    public long MaxDecodedBytes { get; set; } = 256L << 20;

    /// <summary>
    /// How many times as long as it was sent a body may become when its Content-Encoding is undone, beyond the first MiB; more is answered
    /// with 413. What clients pack stays below 150. Default: 200. 0 means no limit.
    /// </summary>
    public int MaxDecodeRatio { get; set; } = 200;

    /// <summary>
    /// The most large bodies that may wait for one of the threads on which they are decoded and read. Beyond it, and after
    /// <see cref="BodyTimeout"/>, one of them is answered with 503: the oldest of the client that has most waiting. Default: 256. 0 means
    /// no limit.
    /// </summary>
    public int MaxQueuedBodies { get; set; } = 256;

    /// <summary>
    /// The longest request head in bytes, from the method to the empty line, blanks around header values not counted. More is answered with
    /// 431, by the endpoints: Kestrel's own limits must be higher (<c>UseExpositionHeadLimits</c>), or it
    /// answers first and without a text. Default: 64 KiB. 0 means no limit.
    /// </summary>
    public int MaxHeadBytes { get; set; } = 64 << 10;

    /// <summary>
    /// The longest request target in bytes. More is answered with 414; see <see cref="MaxHeadBytes"/> for Kestrel's own limit. Default:
    /// 32 KiB. 0 means no limit.
    /// </summary>
    public int MaxTargetBytes { get; set; } = 32 << 10;

    /// <summary>
    /// The most headers of a request. More are answered with 431; see <see cref="MaxHeadBytes"/> for Kestrel's own limit. Default: 100.
    /// 0 means no limit.
    /// </summary>
    public int MaxHeaders { get; set; } = 100;

    /// <summary>
    /// The most memory that request bodies, their decoded forms, and the reading of large ones may take together, in bytes. Small bodies
    /// may go beyond it by a sixteenth. Otherwise bodies are not read on then: the one that comes too slowly to be complete in time is
    /// ended with 408, and after <see cref="BodyTimeout"/> the waiting one with 503. Default: 1 GiB. 0 means no limit.
    /// </summary>
    public long MaxInflightBytes { get; set; } = 1L << 30;

    /// <summary>
    /// The most connections of all endpoints that call <c>UseExpositionConnectionLimit</c>. Beyond it the
    /// longest idle one of the client that has most ends for a newcomer. Default: 10,000. 0 means no limit.
    /// </summary>
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>The most pushes of one job in a second. More are answered with 429. Default: 0, which means no limit.</summary>
    public int MaxPushesPerSecond { get; set; }

    /// <inheritdoc cref="StoreOptions.MaxSeriesPerPush"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 413.</remarks>
    public int MaxSeriesPerPush { get => Store.MaxSeriesPerPush; set => Store.MaxSeriesPerPush = value; }

    /// <inheritdoc cref="StoreOptions.MaxSeriesPerGroup"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 507.</remarks>
    public int MaxSeriesPerGroup { get => Store.MaxSeriesPerGroup; set => Store.MaxSeriesPerGroup = value; }

    /// <summary>
    /// The most ids of pushes that a group knows. For one more the oldest is forgotten, which is counted where its time was not over.
    /// Default: 4096. 0 means no limit. Used where the engine's store is made from these options.
    /// </summary>
    public int MaxPushIds { get => Store.MaxPushIds; set => Store.MaxPushIds = value; }

    /// <inheritdoc cref="StoreOptions.MaxSources"/>
    /// <remarks>Used where the engine's store is made from these options. More is answered with 507.</remarks>
    public int MaxSources { get => Store.MaxSources; set => Store.MaxSources = value; }

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
    /// Default: 130 seconds. 0 means any time.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(130);

    /// <summary>
    /// How long a request head may take from its first byte to its last. It is answered with 408 after that. Default: 30 seconds. 0 means
    /// any time.
    /// </summary>
    public TimeSpan HeadTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a sender may be silent in a body, or stay behind <see cref="MinBodyBytesPerSecond"/>. It is answered with 408 after that.
    /// Default: 30 seconds. 0 means any time.
    /// </summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The least rate at which a body must come, in bytes per second. Default: 1,000. 0: each must be complete within
    /// <see cref="BodyTimeout"/>.
    /// </summary>
    public int MinBodyBytesPerSecond { get; set; } = 1000;

    /// <summary>
    /// How long a scrape may take at most; its connection is broken after that. A scraper that announces a shorter timeout gets that.
    /// Default: 2 minutes. 0 means any time.
    /// </summary>
    public TimeSpan ScrapeTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// The least rate at which a scrape must be read, in bytes per second, from the first byte on and while something waits to be read; a
    /// connection that is ten seconds behind is closed. Default: 16 KiB. 0 means any rate.
    /// </summary>
    public int MinScrapeBytesPerSecond { get; set; } = 16 << 10;

    /// <summary>
    /// The most memory of replaced metrics that may be held for the sake of scrapes that are being read, in bytes. Beyond it the oldest
    /// scrape is ended. Default: 1 GiB. 0 means no limit.
    /// </summary>
    public long MaxHeldBytes { get; set; } = 1L << 30;

    /// <inheritdoc cref="StoreOptions.BundleCacheBytes"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public long BundleCacheBytes { get => Store.BundleCacheBytes; set => Store.BundleCacheBytes = value; }

    /// <summary>
    /// How many scrapes may run at once; beyond it the slowest ends for a newcomer. Default: 64. 0 means no limit.
    /// </summary>
    public int MaxScrapes { get; set; } = 64;

    /// <summary>
    /// How many readers the status page may have at once; beyond it the slowest ends for a newcomer. Default: 8. 0 means no limit.
    /// </summary>
    public int MaxPageReaders { get; set; } = 8;

    /// <summary>
    /// How many readers lists of the JSON API may have at once; beyond it the slowest ends for a newcomer. Default: 8. 0 means no limit.
    /// </summary>
    public int MaxApiReaders { get; set; } = 8;

    /// <summary>
    /// How many searches of the groups, by the page, the API and deletes of many groups, may run at once: each goes through all groups.
    /// Others wait for two seconds, and are answered with 503 then. Default: 2. 0 means no limit.
    /// </summary>
    public int MaxSearches { get; set; } = 2;

    internal long BodyLimit => MaxBodyBytes == 0 ? MostInOneArray : MaxBodyBytes;

    internal long DecodedLimit => MaxDecodedBytes == 0 ? MostInOneArray : MaxDecodedBytes;
}
