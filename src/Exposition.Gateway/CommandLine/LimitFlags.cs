using System.Globalization;
using Exposition.Formats.Go;
using Exposition.Gateway.Machine;
using Exposition.Kestrel;

namespace Exposition.Gateway.CommandLine;

/// <summary>The flags <c>--limit.*</c>. For all of them 0 means no limit, but for the cache no cache.</summary>
internal sealed class LimitFlags
{
    private readonly List<Entry> _entries = [];

    public LimitFlags()
    {
        Size("body-bytes", BodyBytes, most: 1L << 30, value => BodyBytes = value, () => BodyBytes,
            "Longest body of a push as sent; longer ones are answered with 413. At most 1GiB.");
        Size("decoded-bytes", DecodedBytes, most: 1L << 30, value => DecodedBytes = value, () => DecodedBytes,
            "Longest body of a push as decoded; decoding stops there, and the answer is 413. At most 1GiB.");
        Size("inflight-bytes", InflightBytes, most: long.MaxValue, value => InflightBytes = value, () => InflightBytes,
            "Memory for all bodies together, packed and unpacked, and to read the large ones. When it is used up small bodies have a "
                + "sixteenth "
            + "more; of others the slowest is ended with 408, and who has waited in vain for the body timeout is answered with 503.");
        Number("decode-ratio", value => DecodeRatio = value, () => DecodeRatio,
            "How many times as long as it was sent a body may become as decoded, beyond the first MiB; longer ones are answered with 413.");
        Number("queued-bodies", value => QueuedBodies = value, () => QueuedBodies,
            "Most large bodies that wait to be decoded and read; of more the oldest of the client that has most is answered with 503.");
        Size("shape-cache-bytes", ShapeCacheBytes, most: long.MaxValue, value => ShapeCacheBytes = value, () => ShapeCacheBytes,
            "Memory for last pushes, so that one whose series are the same is patched in instead of read. When it is used up further "
                + "groups are read as ever.");
        Size("bundle-cache-bytes", BundleCacheBytes, most: long.MaxValue, value => BundleCacheBytes = value, () => BundleCacheBytes,
            "Memory for parts of scrapes that are compressed already. What finds no room there is compressed for each scrape.");
        Size("held-bytes", HeldBytes, most: long.MaxValue, value => HeldBytes = value, () => HeldBytes,
            "Memory of replaced metrics that may be held for scrapes that are being read; beyond it the oldest scrape is ended and its "
                + "connection closed.");
        Size("head-bytes", HeadBytes, most: int.MaxValue, value => HeadBytes = (int)value, () => HeadBytes,
            "Longest request head; longer ones are answered with 431.");
        Size("target-bytes", TargetBytes, most: int.MaxValue, value => TargetBytes = (int)value, () => TargetBytes,
            "Longest request target; longer ones are answered with 414.");
        Number("headers", value => Headers = value, () => Headers, "Most headers of a request; more are answered with 431.");
        Size("grouping-key-bytes", GroupingKeyBytes, most: int.MaxValue, value => GroupingKeyBytes = (int)value, () => GroupingKeyBytes,
            "Longest grouping key of a push; a push to a longer one is answered with 414.");
        Size("rendered-bytes", RenderedBytes, most: long.MaxValue, value => RenderedBytes = value, () => RenderedBytes,
            "What a push may become with its grouping labels on every line, or eight times its body if that is more; 413 beyond it.");
        Size("group-bytes", GroupBytes, most: 900_000_000, value => GroupBytes = value, () => GroupBytes,
            "Most memory for one group; a push that makes it larger is answered with 507. At most 900000000, which is what 0 means.");
        Size("stored-bytes", StoredBytes, most: long.MaxValue, value => StoredBytes = value, () => StoredBytes,
            "Most memory for all groups; beyond it a push that makes its group larger is answered with 507. Half of what the container "
                + "may use, if that is limited.");
        Size("label-value-bytes", LabelValueBytes, most: int.MaxValue, value => LabelValueBytes = (int)value, () => LabelValueBytes,
            "Longest label value of a push; a push with a longer one is answered with 400.");
        Number("series-per-push", value => SeriesPerPush = value, () => SeriesPerPush,
            "Most series of one push; more are answered with 413.");
        Number("groups", value => Groups = value, () => Groups, "Most groups; a push to a further one is answered with 507.");
        Number("grouping-name-sets", value => GroupingNameSets = value, () => GroupingNameSets,
            "Most different sets of grouping label names of one family; a push of it to a group with a further one is answered with 507.");
        Number("pushes-per-second", value => PushesPerSecond = value, () => PushesPerSecond,
            "Most pushes of one job in a second; more are answered with 429.");
        Number("password-checks", value => PasswordChecks = value, () => PasswordChecks,
            "Most passwords that wait to be checked; one more takes the place of that which waits longest of the client that has most "
                + "waiting, which is answered with 503.");
        Number("scrapes", value => Scrapes = value, () => Scrapes, "Most scrapes at once; the slowest ends for one more.");
        Number("page-readers", value => PageReaders = value, () => PageReaders,
            "Most readers of the page at once; the slowest ends for one more.");
        Number("api-readers", value => ApiReaders = value, () => ApiReaders,
            "Most readers of /api/v1/metrics at once; the slowest ends for one more.");
        Number("connections", value => Connections = value, () => Connections,
            "Most connections at once; the longest idle one of the client that has most ends for one more. Kept below what the system "
                + "allows of open files.");
        Duration("head-timeout", value => HeadTimeout = value, () => HeadTimeout, "Longest time for a request head; 408 after that.");
        Duration("body-timeout", value => BodyTimeout = value, () => BodyTimeout,
            "Longest silence in a body, and how long it may stay behind --limit.body-rate; 408 after that.");
        Size("body-rate", BodyRate, most: int.MaxValue, value => BodyRate = (int)value, () => BodyRate,
            "Least bytes per second of a body; 408 for a body that stays behind for --limit.body-timeout.");
        Duration("idle-timeout", value => IdleTimeout = value, () => IdleTimeout,
            "Longest silence of a connection between requests; it is closed after that.");
        Duration("scrape-duration", value => ScrapeDuration = value, () => ScrapeDuration,
            "Longest time for a reader of a scrape, the page or the API, or what a scraper announces if that is shorter; the connection "
            + "is closed after that.");
        Size("scrape-rate", ScrapeRate, most: int.MaxValue, value => ScrapeRate = (int)value, () => ScrapeRate,
            "Least bytes per second at which a scrape, the page or the API must be read; the connection of a reader who is 10 seconds "
                + "behind is closed.");
    }

    public long BodyBytes { get; private set; } = 64L << 20;

    public long DecodedBytes { get; private set; } = 256L << 20;

    public long InflightBytes { get; private set; } = 1L << 30;

    public int DecodeRatio { get; private set; } = 200;

    public int QueuedBodies { get; private set; } = 256;

    public long ShapeCacheBytes { get; private set; } = 256L << 20;

    public long BundleCacheBytes { get; private set; } = 128L << 20;

    public long HeldBytes { get; private set; } = 1L << 30;

    public int HeadBytes { get; private set; } = 64 << 10;

    public int TargetBytes { get; private set; } = 32 << 10;

    public int Headers { get; private set; } = 100;

    public int LabelValueBytes { get; private set; } = 64 << 10;

    public int GroupingKeyBytes { get; private set; } = 8 << 10;

    public long RenderedBytes { get; private set; } = 16L << 20;

    public long GroupBytes { get; private set; } = 512L << 20;

    public long StoredBytes { get; private set; } = ContainerMemory.Limit / 2;

    public int SeriesPerPush { get; private set; } = 1_000_000;

    public int Groups { get; private set; } = 1_000_000;

    public int GroupingNameSets { get; private set; } = 1000;

    public int PushesPerSecond { get; private set; }

    public int PasswordChecks { get; private set; } = 256;

    public int Scrapes { get; private set; } = 64;

    public int PageReaders { get; private set; } = 8;

    public int ApiReaders { get; private set; } = 8;

    public int Connections { get; private set; } = 10_000;

    public TimeSpan HeadTimeout { get; private set; } = TimeSpan.FromSeconds(30);

    public TimeSpan BodyTimeout { get; private set; } = TimeSpan.FromSeconds(30);

    public int BodyRate { get; private set; } = 1000;

    public TimeSpan IdleTimeout { get; private set; } = TimeSpan.FromSeconds(130);

    public int ScrapeRate { get; private set; } = 16 << 10;

    public TimeSpan ScrapeDuration { get; private set; } = TimeSpan.FromMinutes(2);

    /// <summary>The flags in the order in which help lists them.</summary>
    public IEnumerable<Flag> Table => _entries.Select(static entry => entry.Flag);

    /// <summary>Names and values as the API shows them.</summary>
    public IEnumerable<KeyValuePair<string, string>> Shown =>
        _entries.Select(static entry => new KeyValuePair<string, string>(entry.Flag.Name, entry.Value()));

    /// <summary>Sets the options of the engine.</summary>
    public void Apply(ExpositionOptions options)
    {
        options.MaxBodyBytes = BodyBytes;
        options.MaxDecodedBytes = DecodedBytes;
        options.MaxInflightBytes = InflightBytes;
        options.MaxDecodeRatio = DecodeRatio;
        options.MaxQueuedBodies = QueuedBodies;
        options.ShapeCacheBytes = ShapeCacheBytes;
        options.MaxHeadBytes = HeadBytes;
        options.MaxTargetBytes = TargetBytes;
        options.MaxHeaders = Headers;
        options.MaxLabelValueBytes = LabelValueBytes;
        options.MaxGroupingKeyBytes = GroupingKeyBytes;
        options.MaxRenderedBytes = RenderedBytes;
        options.MaxGroupBytes = GroupBytes;
        options.MaxStoredBytes = StoredBytes;
        options.MaxSeriesPerPush = SeriesPerPush;
        options.MaxGroups = Groups;
        options.MaxGroupingNameSets = GroupingNameSets;
        options.MaxPushesPerSecond = PushesPerSecond;
        options.MaxScrapes = Scrapes;
        options.MaxConnections = Connections;
        options.HeadTimeout = HeadTimeout;
        options.BodyTimeout = BodyTimeout;
        options.MinBodyBytesPerSecond = BodyRate;
        options.IdleTimeout = IdleTimeout;
        options.ScrapeTimeout = ScrapeDuration;
        options.MinScrapeBytesPerSecond = ScrapeRate;
        options.MaxHeldBytes = HeldBytes;
        options.BundleCacheBytes = BundleCacheBytes;
    }

    private void Size(string name, long missing, long most, Action<long> set, Func<long> value, string help) =>
        Add(name, help, ByteSize.Format(missing), () => ByteSize.Format(value()), text =>
        set(ByteSize.Parse(text) is var size
            && size <= most ? size : throw new FlagException($"limit.{name}: at most {ByteSize.Format(most)}, got {text}")));

    private void Number(string name, Action<int> set, Func<int> value, string help) =>
        Add(name, help, value().ToString(CultureInfo.InvariantCulture), () => value().ToString(CultureInfo.InvariantCulture), text =>
        set(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FlagException($"limit.{name}: expected a whole number, got {GoQuote.Text(text)}")));

    private void Duration(string name, Action<TimeSpan> set, Func<TimeSpan> value, string help) =>
        Add(name, help, GoDuration.Format(value().Ticks * 100), () => GoDuration.Format(value().Ticks * 100), text =>
        set(GoDuration.ParseNanoseconds(text) is var time and >= 0
            ? TimeSpan.FromTicks(time / 100)
            : throw new FlagException($"limit.{name}: must not be negative, got {text}")));

    private void Add(string name, string help, string shown, Func<string> value, Action<string> set) =>
        _entries.Add(new Entry(new Flag("limit." + name, help + " 0 for none.", set) { Shown = "=" + shown }, value));

    private sealed record Entry(Flag Flag, Func<string> Value);
}
