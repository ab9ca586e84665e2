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

/// <summary>What a push does to the families of its group that it does not name.</summary>
public enum PushMode : byte
{
    /// <summary>They stay (HTTP POST).</summary>
    Merge,

    /// <summary>They go (HTTP PUT).</summary>
    Replace,
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
}

/// <summary>What comes with a push beside the metrics.</summary>
/// <param name="ExpireAfter">The time without a push after which the group's series expire; zero for never; null leaves it to <see
/// cref="StoreOptions.ExpiryRules"/>.</param>
/// <param name="Sender">Who sends it, for <see cref="GroupSnapshot.LastFailure"/>: its text is taken where the push is refused.</param>
public readonly record struct PushDetails(TimeSpan? ExpireAfter = null, object? Sender = null);

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
