using Exposition.Formats;

namespace Exposition.Engine;

/// <summary>How a store behaves. Read once when the store is made.</summary>
/// <remarks>
/// Of each limit 0 means that there is none. A negative number in the options of a host ends its start with an
/// <c>OptionsValidationException</c> that names the option; a store that is made by hand takes it for 0.
/// </remarks>
/// <example>
/// <code>
/// var store = new MetricStore(new StoreOptions
/// {
///     MaxGroups = 10_000,
///     MaxStoredBytes = 1L &lt;&lt; 30,
///     ExpiryRules = [ExpiryRule.Parse("{job=~\"flink.*\"}=2m"), ExpiryRule.Parse("26h")],
/// });
/// </code>
/// </example>
public sealed class StoreOptions
{
    /// <summary>Refuse pushes that contradict themselves or what is stored. Default: true.</summary>
    public bool CheckConsistency { get; set; } = true;

    /// <summary>Which names text bodies may use. Default: <see cref="NameScheme.Legacy"/>, as the Pushgateway has it.</summary>
    public NameScheme Names { get; set; } = NameScheme.Legacy;

    /// <summary>
    /// What becomes of the timestamps of pushed samples. Default: <see cref="SampleTimestamps.Reject"/>, as the Pushgateway does.
    /// </summary>
    public SampleTimestamps Timestamps { get; set; }

    /// <summary>
    /// The most series of one push; each bucket and quantile counts. Default: 1,000,000. 0 means no limit.
    /// </summary>
    public int MaxSeriesPerPush { get; set; } = 1_000_000;

    /// <summary>
    /// The most groups. A push to a new one is refused when there are so many. Default: 1,000,000. 0 means no limit.
    /// </summary>
    public int MaxGroups { get; set; } = 1_000_000;

    /// <summary>
    /// The most different sets of grouping label names (<c>job</c> and <c>job, instance</c> are two) under which one family is stored.
    /// Default: 1,000. 0 means no limit. A pushed series is looked up once for each other set that its family is stored under, so their
    /// number is what the check of a push costs.
    /// </summary>
    public int MaxGroupingNameSets { get; set; } = 1000;

    /// <summary>
    /// The longest grouping key that is pushed to, names and values with a separator each, in bytes. Default: 8 KiB. 0 means no limit.
    /// </summary>
    public int MaxGroupingKeyBytes { get; set; } = 8 << 10;

    /// <summary>
    /// What a push may become once its grouping labels are on every line, in bytes, where that is also more than eight times its body.
    /// Known before anything is rendered. Default: 16 MiB. 0 means no limit.
    /// </summary>
    public long MaxRenderedBytes { get; set; } = 16L << 20;

    /// <summary>
    /// The most bytes of one group as <see cref="MetricStore.StoredBytes"/> counts them. A push that makes it larger than that is refused.
    /// Default: 512 MiB. At most 900,000,000, which is what a row of a durable copy can hold; 0 and more than that mean the same.
    /// </summary>
    public long MaxGroupBytes { get; set; } = 512L << 20;

    /// <summary>
    /// The most bytes of all groups (<see cref="MetricStore.StoredBytes"/>). Beyond it pushes are refused that make their group larger;
    /// what replaces without being larger, deletes and expiry are not. Default: 0, which means no limit.
    /// </summary>
    public long MaxStoredBytes { get; set; }

    /// <summary>
    /// The longest label value, pushed or of a grouping key, in bytes. Default: 64 KiB. 0 means no limit.
    /// </summary>
    public int MaxLabelValueBytes { get; set; } = 64 << 10;

    /// <summary>
    /// Memory for the shapes of last pushes, in bytes. Default: 256 MiB. 0 keeps none. A push whose series equal those of its group's last
    /// one, if that is kept, is patched in instead of read. Bodies of more than an eighth of it are never kept.
    /// </summary>
    public long ShapeCacheBytes { get; set; } = 256L << 20;

    /// <summary>
    /// Memory for the compressed parts of scrapes in text, in bytes. Default: 128 MiB. 0 keeps none. What fits is compressed once, when it
    /// has changed; what does not is compressed anew for every scrape.
    /// </summary>
    public long BundleCacheBytes { get; set; } = 128L << 20;

    /// <summary>
    /// Read every patched push the long way, too, and compare; a difference throws. For tests and for the search for a fault: it costs more
    /// than it saves. Default: false.
    /// </summary>
    public bool VerifyShapes { get; set; }

    /// <summary>
    /// After which time without a push the series of which groups expire, where a push does not say it itself. The first rule that is for
    /// a group counts. Default: empty, which means that nothing expires. In a host null is an error of the start.
    /// </summary>
    public IReadOnlyList<ExpiryRule> ExpiryRules { get; set; } = [];

    /// <summary>
    /// How long a group whose series have expired still shows its push times and <c>push_expired</c>. Default: 24 hours. At 0, or less, it
    /// goes with them.
    /// </summary>
    public TimeSpan ExpiredGrace { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// How often which groups are expected to be pushed to, which they show as <c>push_overdue</c>. The first rule that is for a group
    /// counts. Default: empty; then nothing of it is shown, and the name is free for pushes. With rules it is the store's: what a push says
    /// of it is left out, as it is of <c>push_time_seconds</c>. In a host null is an error of the start.
    /// </summary>
    public IReadOnlyList<PushExpectation> PushExpectations { get; set; } = [];

    /// <summary>
    /// What pushes to which groups do that do not say it themselves (<see cref="MetricStore.ModeOf"/>). The first rule that is for a group
    /// counts. Default: empty, which means <see cref="PushMode.Merge"/>. In a host null is an error of the start.
    /// </summary>
    public IReadOnlyList<ModeRule> PushModes { get; set; } = [];

    /// <summary>
    /// What becomes of gauges, untyped values and quantiles where a push adds up. The first rule that is for a family counts. Default:
    /// empty, which means that the last one stays. In a host null is an error of the start.
    /// </summary>
    public IReadOnlyList<AggregateRule> Aggregates { get; set; } = [];

    /// <summary>
    /// How long the id of a push is known (<see cref="PushDetails.Id"/>). Default: 10 minutes. 0 means that none is.
    /// </summary>
    public TimeSpan IdWindow { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The most ids that a group knows. For one more the oldest is forgotten, which is counted where its time was not over
    /// (<see cref="MetricStore.ForgottenIds"/>). Default: 4096. 0 means no limit.
    /// </summary>
    public int MaxPushIds { get; set; } = 4096;

    /// <summary>
    /// The label that names the source of cumulative pushes which do not name it otherwise; it is taken off the series. All series of a
    /// push must have the same. Default: empty, which means none.
    /// </summary>
    public string SourceLabel { get; set; } = "";

    /// <summary>
    /// How long the values of a source are known without a push. What it has counted stays; when it comes back after that, it starts from
    /// what it has then. Default: 24 hours. 0 means for ever.
    /// </summary>
    public TimeSpan SourceAge { get; set; } = TimeSpan.FromHours(24);

    /// <summary>
    /// The most sources of a group whose values are known. A push of one more is refused. Default: 1,000. 0 means no limit.
    /// </summary>
    public int MaxSources { get; set; } = 1000;

    /// <summary>
    /// The most series of a group to which pushes of series are added, each bucket and quantile counted; a push after which there would be
    /// more is refused. Pushes of whole families are not bound by it. Default: 1,000,000. 0 means no limit.
    /// </summary>
    public int MaxSeriesPerGroup { get; set; } = 1_000_000;

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
    /// by several threads at once perhaps. Default: null, which tells nobody; a host has it logged.
    /// </summary>
    public Action<Exception>? ObserverFailed { get; set; }

    /// <summary>
    /// The clock for push times and deadlines. Default: <see cref="TimeProvider.System"/>, in a host that of its services if they have
    /// one. In a host null is an error of the start.
    /// </summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;
}
