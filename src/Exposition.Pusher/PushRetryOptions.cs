namespace Exposition.Pusher;

/// <summary>
/// How often, and for how long, a push is tried that may succeed the next time: after 408, 429, any 5xx, a connection that failed, or no
/// answer in time. Other answers are final, whatever is set here. The pause is chosen at random from zero to a bound that doubles, and
/// comes on top of what <c>Retry-After</c> asks for.
/// </summary>
public sealed class PushRetryOptions
{
    /// <summary>How often a push is tried at most, the first time included; by default 5. One means never again.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The bound of the first pause; by default half a second.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>What the bound grows to; by default 10 seconds.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a push may take with all its attempts and pauses; by default 30 seconds. A pause that would last longer is not begun.
    /// </summary>
    public TimeSpan TotalTime { get; set; } = TimeSpan.FromSeconds(30);
}
