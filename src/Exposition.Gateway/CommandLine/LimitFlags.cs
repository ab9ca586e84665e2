using System.Globalization;
using Exposition.Formats.Go;
using Exposition.Gateway.Machine;
using Exposition.Kestrel;
using Exposition.Replication;

namespace Exposition.Gateway.CommandLine;

// The one table of limits. A row sets an option of the engine, or a property of this class where the limit is the program's own; the
// option's first value is the default. What a limit refuses is counted and logged under the member of Limit that is spelled like the row.

/// <summary>The flags <c>--limit.*</c>. For nearly all of them 0 means no limit; the help of each says what it means.</summary>
internal sealed class LimitFlags
{
    private const string NoneIsZero = " 0 for none.";

    private readonly List<Flag> _table = [];

    /// <summary>Sets the defaults, and makes the flags.</summary>
    /// <param name="options">The options of the engine that the flags set.</param>
    /// <param name="replication">The options of a gateway that is one of several.</param>
    /// <param name="container">What the container may use of memory, in bytes; 0 where nothing limits it.</param>
    public LimitFlags(ExpositionOptions options, ReplicationOptions replication, long container)
    {
        MemoryBudgets.Fit(options, container);
        Connections = options.MaxConnections;
        Size("body-bytes", () => options.MaxBodyBytes, value => options.MaxBodyBytes = value,
            "Longest body of a push as sent; longer ones are answered with 413. At most 1GiB, which is what 0 means.", most: 1L << 30,
            zero: "");
        Size("decoded-bytes", () => options.MaxDecodedBytes, value => options.MaxDecodedBytes = value,
            "Longest body of a push as decoded; decoding stops there, and the answer is 413. At most 1GiB, which is what 0 means.",
            most: 1L << 30, zero: "");
        Size("inflight-bytes", () => options.MaxInflightBytes, value => options.MaxInflightBytes = value,
            "Memory for all bodies together, packed and unpacked, and to read the large ones. When it is used up small bodies have "
                + "a sixteenth more; of others the slowest is ended with 408, and who has waited in vain for the body timeout is answered "
                + "with 503.");
        Number("decode-ratio", () => options.MaxDecodeRatio, value => options.MaxDecodeRatio = value,
            "How many times as long as it was sent a body may become as decoded, beyond the first MiB; longer ones are answered "
                + "with 413.", unit: "times");
        Number("queued-bodies", () => options.MaxQueuedBodies, value => options.MaxQueuedBodies = value,
            "Most large bodies that wait to be decoded and read; of more the oldest of the client that has most is answered with "
                + "503.");
        Size("shape-cache-bytes", () => options.ShapeCacheBytes, value => options.ShapeCacheBytes = value,
            "Memory for last pushes, so that one whose series are the same is patched in instead of read. When it is used up "
                + "further groups are read as ever.", zero: " 0 for no such memory.");
        Size("bundle-cache-bytes", () => options.BundleCacheBytes, value => options.BundleCacheBytes = value,
            "Memory for parts of scrapes that are compressed already. What finds no room there is compressed for each scrape.",
            zero: " 0 for no such memory.");
        Size("held-bytes", () => options.MaxHeldBytes, value => options.MaxHeldBytes = value,
            "Memory of replaced metrics that may be held for scrapes that are being read; beyond it the oldest scrape is ended and "
                + "its connection closed.");
        Size("head-bytes", () => options.MaxHeadBytes, value => options.MaxHeadBytes = value,
            "Longest request head; longer ones are answered with 431.");
        Size("target-bytes", () => options.MaxTargetBytes, value => options.MaxTargetBytes = value,
            "Longest request target; longer ones are answered with 414.");
        Number("headers", () => options.MaxHeaders, value => options.MaxHeaders = value,
            "Most headers of a request; more are answered with 431.");
        Size("grouping-key-bytes", () => options.MaxGroupingKeyBytes, value => options.MaxGroupingKeyBytes = value,
            "Longest grouping key of a push; a push to a longer one is answered with 414.");
        Size("rendered-bytes", () => options.MaxRenderedBytes, value => options.MaxRenderedBytes = value,
            "What a push may become with its grouping labels on every line, or eight times its body if that is more; 413 beyond it.");
        Size("group-bytes", () => options.MaxGroupBytes, value => options.MaxGroupBytes = value,
            "Most memory for one group; a push that makes it larger is answered with 507. At most 900000000, which is what 0 means.",
            most: 900_000_000, zero: "");
        Size("stored-bytes", () => options.MaxStoredBytes, value => options.MaxStoredBytes = value,
            "Most memory for all groups; beyond it a push that makes its group larger is answered with 507. Half of what the "
                + "container may use, if that is limited.");
        Size("label-value-bytes", () => options.MaxLabelValueBytes, value => options.MaxLabelValueBytes = value,
            "Longest label value of a push; a push with a longer one is answered with 400.");
        Number("series-per-push", () => options.MaxSeriesPerPush, value => options.MaxSeriesPerPush = value,
            "Most series of one push; more are answered with 413.");
        Number("series-per-group", () => options.MaxSeriesPerGroup, value => options.MaxSeriesPerGroup = value,
            "Most series of a group to which series are added (modes series, add and cumulative); a push after which there would be "
                + "more is answered with 507.");
        Number("push-ids", () => options.MaxPushIds, value => options.MaxPushIds = value,
            "Most ids of pushes (header Exposition-Push-Id) that a group knows; for one more the oldest is forgotten.");
        Number("sources", () => options.MaxSources, value => options.MaxSources = value,
            "Most sources of cumulative pushes whose values a group knows; a push of a further one is answered with 507.");
        Number("groups", () => options.MaxGroups, value => options.MaxGroups = value,
            "Most groups; a push to a further one is answered with 507.");
        Number("grouping-name-sets", () => options.MaxGroupingNameSets, value => options.MaxGroupingNameSets = value,
            "Most different sets of grouping label names of one family; a push of it to a group with a further one is answered with "
                + "507.");
        Number("pushes-per-second", () => options.MaxPushesPerSecond, value => options.MaxPushesPerSecond = value,
            "Most pushes of one job in a second; more are answered with 429.", unit: "pushes/s");
        Number("otlp-attributes", () => options.MaxOtlpAttributes, value => options.MaxOtlpAttributes = value,
            "Most attributes of a data point or resource that comes with OTLP; points with more are rejected.");
        Number("otlp-resources", () => options.MaxOtlpResources, value => options.MaxOtlpResources = value,
            "Most resources of an OTLP request; more are answered with 413.");
        Number("password-checks", () => PasswordChecks, value => PasswordChecks = value,
            "Most passwords that wait to be checked; one more takes the place of that which waits longest of the client that has "
                + "most waiting, which is answered with 503.");
        Number("replication-appends", () => replication.MaxAppends, value => replication.MaxAppends = value,
            "Most changes that are being written to the replication log at once; others wait, and when eight times as many pushes are on "
                + "their way a further one is answered with 503.");
        Size("replication-bytes", () => replication.MaxAppendBytes, value => replication.MaxAppendBytes = value,
            "Most bytes that are being written to the replication log at once, compressed; others wait, and when pushes on their way hold "
                + "eight times as much memory a further one is answered with 503.");
        Number("scrapes", () => options.MaxScrapes, value => options.MaxScrapes = value,
            "Most scrapes at once; the slowest ends for one more.");
        Number("page-readers", () => options.MaxPageReaders, value => options.MaxPageReaders = value,
            "Most readers of the page at once; the slowest ends for one more.");
        Number("api-readers", () => options.MaxApiReaders, value => options.MaxApiReaders = value,
            "Most readers of lists of the API at once; the slowest ends for one more.");
        Number("searches", () => options.MaxSearches, value => options.MaxSearches = value,
            "Most searches of the groups at once, by page, API and deletes of many; who waits for two seconds is answered with 503.");
        Number("connections", () => Connections, value => options.MaxConnections = Connections = value,
            "Most connections at once; the longest idle one of the client that has most ends for one more. Kept below what the "
                + "system allows of open files.", zero: " 0 for as many as that.");
        Time("head-timeout", () => options.HeadTimeout, value => options.HeadTimeout = value,
            "Longest time for a request head; 408 after that.");
        Time("body-timeout", () => options.BodyTimeout, value => options.BodyTimeout = value,
            "Longest silence in a body, and how long it may stay behind --limit.body-rate; 408 after that.");
        Size("body-rate", () => options.MinBodyBytesPerSecond, value => options.MinBodyBytesPerSecond = value,
            "Least bytes per second of a body; 408 for a body that stays behind for --limit.body-timeout.", unit: "bytes/s",
            zero: " 0: each body must have come whole within that.");
        Time("idle-timeout", () => options.IdleTimeout, value => options.IdleTimeout = value,
            "Longest silence of a connection between requests; it is closed after that.");
        Time("scrape-duration", () => options.ScrapeTimeout, value => options.ScrapeTimeout = value,
            "Longest time for a reader of a scrape, the page or the API, or what a scraper announces if that is shorter; the "
                + "connection is closed after that.");
        Size("scrape-rate", () => options.MinScrapeBytesPerSecond, value => options.MinScrapeBytesPerSecond = value,
            "Least bytes per second at which a scrape, the page or the API must be read; the connection of a reader who is 10 "
                + "seconds behind is closed.", unit: "bytes/s");
    }

    public int PasswordChecks { get; private set; } = 256;

    /// <summary>As given; what the system allows may be less.</summary>
    public int Connections { get; private set; }

    /// <summary>The flags in the order in which help lists them.</summary>
    public IReadOnlyList<Flag> Table => _table;

    private void Size(string name, Func<int> value, Action<int> set, string help, string unit = "bytes", string zero = NoneIsZero) =>
        Size(name, () => value(), size => set((int)size), help, int.MaxValue, unit, zero);

    private void Size(
        string name, Func<long> value, Action<long> set, string help, long most = long.MaxValue, string unit = "bytes",
        string zero = NoneIsZero) =>
        Add(name, unit, help + zero, () => ByteSize.Format(value()), text =>
        set(ByteSize.Parse(text) is var size
            && size <= most ? size : throw new FlagException($"limit.{name}: at most {ByteSize.Format(most)}, got {text}")));

    private void Number(
        string name, Func<int> value, Action<int> set, string help, string unit = "number", string zero = NoneIsZero) =>
        Add(name, unit, help + zero, () => value().ToString(CultureInfo.InvariantCulture), text =>
        set(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FlagException($"limit.{name}: expected a whole number, got {GoQuote.Text(text)}")));

    private void Time(string name, Func<TimeSpan> value, Action<TimeSpan> set, string help) =>
        Add(name, "time", help + NoneIsZero, () => FlagValue.Of(value()), text => set(FlagValue.ReadTime("limit." + name, text)));

    private void Add(string name, string unit, string help, Func<string> value, Action<string> set) =>
        _table.Add(new Flag("limit." + name, help, set) { Value = value, Shown = "=" + value(), Unit = unit });
}
