using Exposition.Engine.Adding;

namespace Exposition.Engine;

/// <summary>The language of a pushed body.</summary>
public enum PushFormat : byte
{
    /// <summary>Text format 0.0.4.</summary>
    Text,

    /// <summary>Delimited protobuf.</summary>
    Protobuf,

    /// <summary>OpenMetrics 1.0, or what the text format makes of a body that is not.</summary>
    OpenMetrics,
}

/// <summary>What becomes of the timestamps of pushed samples, which must have none: Prometheus stamps what it scrapes.</summary>
public enum SampleTimestamps : byte
{
    /// <summary>A push with any is refused.</summary>
    Reject,

    /// <summary>They are forgotten, and the samples count as pushed now. For those who push what was federated.</summary>
    Drop,
}

/// <summary>What a push does to what its group has.</summary>
public enum PushMode : byte
{
    /// <summary>A pushed family takes the place of the one of its name; the others stay (HTTP POST). Named <c>families</c>.</summary>
    Merge,

    /// <summary>What is pushed takes the place of all (HTTP PUT). Named <c>replace</c>.</summary>
    Replace,

    /// <summary>A pushed series takes the place of the one of its labels; the others stay, of its family, too.</summary>
    Series,

    /// <summary>
    /// The same, but what counts is added to what is stored: counters, histograms, and the counts and sums of summaries.
    /// </summary>
    Add,

    /// <summary>
    /// The same, but a source pushes what it has counted since it began (<see cref="PushDetails.Source"/>): what that is more than at its
    /// last push is added, so that the group has the sum of its sources.
    /// </summary>
    Cumulative,
}

/// <summary>What became of a push.</summary>
public enum PushStatus : byte
{
    /// <summary>Checked and stored: readers see it from now on.</summary>
    Stored,

    /// <summary>
    /// Taken without a check (<see cref="StoreOptions.CheckConsistency"/> is off); what is inconsistent in it is left out of scrapes.
    /// </summary>
    Accepted,

    /// <summary>The body could not be read. Nothing has changed.</summary>
    Malformed,

    /// <summary>
    /// The metrics contradict themselves or others. Nothing has changed but, where the group can exist at all, its
    /// push_failure_time_seconds.
    /// </summary>
    Inconsistent,

    /// <summary>More series than <see cref="StoreOptions.MaxSeriesPerPush"/>. Nothing has changed.</summary>
    TooManySeries,

    /// <summary>The group is not there, and there are as many as <see cref="StoreOptions.MaxGroups"/>. Nothing has changed.</summary>
    TooManyGroups,

    /// <summary>A label value is longer than <see cref="StoreOptions.MaxLabelValueBytes"/>. Nothing has changed.</summary>
    LabelTooLong,

    /// <summary>
    /// A pushed family is stored under <see cref="StoreOptions.MaxGroupingNameSets"/> other sets of grouping label names. Nothing has
    /// changed.
    /// </summary>
    TooManyNameSets,

    /// <summary>The grouping key is longer than <see cref="StoreOptions.MaxGroupingKeyBytes"/>. Nothing has changed.</summary>
    GroupingKeyTooLong,

    /// <summary>
    /// With the grouping labels on every line it is larger than <see cref="StoreOptions.MaxRenderedBytes"/>. Nothing has changed.
    /// </summary>
    RenderedTooLarge,

    /// <summary>The group would be larger than <see cref="StoreOptions.MaxGroupBytes"/>. Nothing has changed.</summary>
    GroupTooLarge,

    /// <summary>
    /// The group would become larger, and all groups together larger than <see cref="StoreOptions.MaxStoredBytes"/>. Nothing has changed.
    /// </summary>
    StoreFull,

    /// <summary>
    /// It cannot be put together with what is stored: another type, other buckets, a negative addition, no source. Nothing has changed but
    /// the group's push_failure_time_seconds.
    /// </summary>
    Unmergeable,

    /// <summary>
    /// The group would have more series than <see cref="StoreOptions.MaxSeriesPerGroup"/>. Nothing has changed.
    /// </summary>
    GroupTooManySeries,

    /// <summary>It is of a new source, and the group has as many as <see cref="StoreOptions.MaxSources"/>. Nothing has changed.</summary>
    TooManySources,

    /// <summary>A push with the same id and another body was stored before. Nothing has changed.</summary>
    IdReused,
}

/// <summary>What comes with a push beside the metrics.</summary>
/// <param name="ExpireAfter">The time without a push after which the group's series expire; zero for never; null leaves it to <see
/// cref="StoreOptions.ExpiryRules"/>.</param>
/// <param name="Sender">Who sends it, for <see cref="GroupSnapshot.LastFailure"/>: its text is taken where the push is refused.</param>
public readonly record struct PushDetails(TimeSpan? ExpireAfter = null, object? Sender = null)
{
    /// <summary>
    /// Names the push, so that it counts once: a second one to the group with the same id and body, within
    /// <see cref="StoreOptions.IdWindow"/> after the first was stored, is answered alike and changes nothing. Default: empty, for none.
    /// </summary>
    public ReadOnlyMemory<byte> Id { get; init; }

    /// <summary>
    /// Who counts, in UTF-8, where the mode is <see cref="PushMode.Cumulative"/>. Default: empty; then the label that
    /// <see cref="StoreOptions.SourceLabel"/> names says it.
    /// </summary>
    public ReadOnlyMemory<byte> Source { get; init; }

    internal PushParts? Parts { get; init; }
}

/// <summary>The answer to a push.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Error">The reason of a refusal in the Pushgateway's words, else null. An accepted push has one if nothing of it could be
/// stored.</param>
public readonly record struct PushOutcome(PushStatus Status, string? Error = null)
{
    /// <summary>Whether what was pushed is in the store now.</summary>
    public bool IsStored => Status == PushStatus.Stored || (Status == PushStatus.Accepted && Error is null);

    /// <summary>Goes on only with a push that was stored.</summary>
    /// <returns>The outcome itself.</returns>
    /// <exception cref="PushRefusedException">It was not; the message says why.</exception>
    public PushOutcome ThrowIfRefused() => IsStored ? this : throw new PushRefusedException(Status, Error);
}
