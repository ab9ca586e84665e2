namespace Exposition.Pusher;

/// <summary>
/// How often, and for how long, a push is tried that may succeed the next time: after 408, 429, any 5xx, a connection that failed, or no
/// answer in time. Other answers are final, whatever is set here. The pause is chosen at random from zero to a bound that doubles, and
/// comes on top of what <c>Retry-After</c> asks for.
/// </summary>
public sealed class PushRetryOptions
{
    /// <summary>How often a push is tried at most, the first time included. Default: 5. 1 means never again; 0 and less are an
    /// error.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>
    /// The bound of the first pause. Default: half a second. 0 tries again at once; less, and more than a day, are an error.
    /// </summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What the bound grows to. Default: 10 seconds. 0 tries again at once; less, and more than a day, are an error.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a push may take with all its attempts and pauses. A pause that would last longer is not begun. Default: 30 seconds. Less
    /// than a millisecond, 0 too, and more than a day are an error.
    /// </summary>
    public TimeSpan TotalTime { get; set; } = TimeSpan.FromSeconds(30);
}
