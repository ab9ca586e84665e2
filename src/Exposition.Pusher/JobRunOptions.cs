using Exposition.Formats;

namespace Exposition.Pusher;

/// <summary>What a <see cref="JobRun"/> pushes beside how it ended, and what becomes of pushes that fail.</summary>
public sealed class JobRunOptions
{
    /// <summary>Whether <c>job_last_start_timestamp_seconds</c> is pushed at the start, so that an alert can find runs that hang or were
    /// killed. Default: false.</summary>
    public bool PushOnStart { get; set; }

    /// <summary>What is pushed along at the end, collected then. Default: null, which is nothing. Not disposed of.</summary>
    public IMetricSource? Metrics { get; set; }

    /// <summary>
    /// Whether disposing of a run that has succeeded throws if its push fails. Default: false: it is logged, and in
    /// <see cref="JobRun.PushError"/>. A run that has failed never throws, as that would hide why.
    /// </summary>
    public bool ThrowOnPushFailure { get; set; }

    /// <summary>
    /// When the gateway is to forget the group, as in <see cref="PushRequest.ExpireAfter"/>. Default: null, which leaves it to the gateway.
    /// 0 means never; less is an error.
    /// </summary>
    public TimeSpan? ExpireAfter { get; set; }

    internal IEnumerable<string> Faults() => PushgatewayClientOptions.FaultsOfExpiry(ExpireAfter);
}
