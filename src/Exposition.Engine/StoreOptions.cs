using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>How a store behaves. Read once when the store is made.</summary>
public sealed class StoreOptions
{
    /// <summary>Refuse pushes that contradict themselves or what is stored. On by default.</summary>
    public bool CheckConsistency { get; set; } = true;

    /// <summary>Which names text bodies may use.</summary>
    public NameScheme Names { get; set; } = NameScheme.Legacy;

    /// <summary>What becomes of the timestamps of pushed samples.</summary>
    public SampleTimestamps Timestamps { get; set; }

    /// <summary>The most series of one push; each bucket and quantile counts. Zero for any number.</summary>
    public int MaxSeriesPerPush { get; set; } = 1_000_000;

    /// <summary>The most groups. A push to a new one is refused when there are so many. Zero for any number.</summary>
    public int MaxGroups { get; set; } = 1_000_000;

    /// <summary>
    /// Most different sets of grouping label names (<c>job</c> and <c>job, instance</c> are two) under which one family is stored; 0 for no
    /// limit. A pushed series is looked up once for each other set that its family is stored under, so their number is what the check of a
    /// push costs.
    /// </summary>
    public int MaxGroupingNameSets { get; set; } = 1000;

    /// <summary>
    /// The longest grouping key that is pushed to, names and values with a separator each, in bytes. Zero for any length.
    /// </summary>
    public int MaxGroupingKeyBytes { get; set; } = 8 << 10;

    /// <summary>
    /// What a push may become once its grouping labels are on every line, in bytes, where that is also more than eight times its body.
    /// Known before anything is rendered. Zero for any size.
    /// </summary>
    public long MaxRenderedBytes { get; set; } = 16L << 20;

    /// <summary>
    /// The most bytes of one group as <see cref="MetricStore.StoredBytes"/> counts them. A push that makes it larger than that is refused.
    /// At most 900,000,000, which is what a row of a durable copy can hold; zero is the same.
    /// </summary>
    public long MaxGroupBytes { get; set; } = 512L << 20;

    /// <summary>
    /// The most bytes of all groups (<see cref="MetricStore.StoredBytes"/>). Beyond it pushes are refused that make their group larger;
    /// what replaces without being larger, deletes and expiry are not. Zero for any number.
    /// </summary>
    public long MaxStoredBytes { get; set; }

    /// <summary>The longest label value, pushed or of a grouping key, in bytes. Zero for any length.</summary>
    public int MaxLabelValueBytes { get; set; } = 64 << 10;

    /// <summary>
    /// Memory for the shapes of last pushes, in bytes; 0 for none. A push whose series equal those of its group's last one, if that is
    /// kept, is patched in instead of read. Bodies of more than an eighth of it are never kept.
    /// </summary>
    public long ShapeCacheBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Memory for the compressed parts of scrapes in text, in bytes; 0 for none. What fits is compressed once, when it has changed; what
    /// does not is compressed anew for every scrape.
    /// </summary>
    public long BundleCacheBytes { get; set; } = 128L << 20;

    /// <summary>
    /// Read every patched push the long way, too, and compare; a difference throws. For tests and for the search for a fault: it costs more
    /// than it saves.
    /// </summary>
    public bool VerifyShapes { get; set; }

    /// <summary>
    /// Default time to live for pushes that set none. The first matching rule wins. None by default.
    /// </summary>
    public IReadOnlyList<ExpiryRule> ExpiryRules { get; set; } = [];

    /// <summary>
    /// How long a group whose series have expired still shows its push times and <c>push_expired</c>. At zero, or less, it goes with them.
    /// </summary>
    public TimeSpan ExpiredGrace { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// Told of each family that is stored but left out of scrapes, when that begins. Called by the pusher's thread, outside of all locks.
    /// </summary>
    internal Action<GroupingKey, HiddenFamily>? FamilyHidden { get; set; }

    /// <summary>
    /// Told where an expiry has failed, which is tried again. Called outside of all locks.
    /// </summary>
    internal Action<Exception>? ExpiryFailed { get; set; }

    /// <summary>
    /// Told what an observer has thrown (<see cref="MetricStoreWatching.Subscribe"/>), which nobody else sees. Called outside of all locks,
    /// by several threads at once perhaps.
    /// </summary>
    public Action<Exception>? ObserverFailed { get; set; }

    /// <summary>The clock for push times and deadlines.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;
}
