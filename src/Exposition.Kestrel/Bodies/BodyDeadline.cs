using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Pacing;

namespace Exposition.Kestrel.Bodies;

// Two clocks. The sender's: a body must come at a least rate, and may stay behind it for a window of time. The server's: what a body waits
// for memory is not its sender's time, and may be as long as that window in all.

/// <summary>Until when a body must have come, at either door. For one body after the other of a connection.</summary>
internal sealed class BodyDeadline
{
    // Timers and watches take zero for no deadline at all.
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMilliseconds(1);

    private readonly ExpositionOptions _options;
    private readonly LeastRate _rate;
    private TimeSpan _waited;

    /// <param name="options">Have the least rate and how long a body may stay behind it.</param>
    /// <param name="all">What all bodies may hold together.</param>
    /// <param name="interrupt">As for <see cref="BodyClaim"/>.</param>
    public BodyDeadline(ExpositionOptions options, InflightBytes all, Action interrupt)
    {
        _options = options;
        _rate = new LeastRate(options.Time, options.MinBodyBytesPerSecond, options.BodyTimeout);
        Claim = new BodyClaim(all, _rate, interrupt);
    }

    /// <summary>What the body holds of the memory for all bodies.</summary>
    public BodyClaim Claim { get; }

    /// <summary>How long to wait for more, never zero; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</summary>
    public TimeSpan Left =>
        _rate.Left is var left && (left > TimeSpan.Zero || left == Timeout.InfiniteTimeSpan) ? left : s_atOnce;

    /// <summary>The answer to a body that is late: because of its rate where it has come on until shortly before.</summary>
    public Answer TooSlow =>
        Answer.TooSlow with { Limit = IsDripping ? Limit.BodyRate : Limit.BodyTimeout };

    /// <summary>How long it has been behind, or silent.</summary>
    public TimeSpan Behind => _rate.Left is var left && left != Timeout.InfiniteTimeSpan ? _options.BodyTimeout - left : TimeSpan.Zero;

    private bool IsDripping => _options.MinBodyBytesPerSecond > 0 && _rate.Silence < _options.BodyTimeout / 2;

    /// <summary>Starts the clock of a body that has not come whole with its head.</summary>
    /// <param name="at">When its head was complete, on the clock's scale.</param>
    public void Start(long at) => _rate.Start(at);

    public void Count(long bytes) => _rate.Count(bytes);

    /// <summary>Waits, after taking memory has failed, until it can go on.</summary>
    /// <returns>False if that takes too long.</returns>
    public async ValueTask<bool> WaitForRoomAsync()
    {
        long since = _options.Time.GetTimestamp();
        Claim.Proceed();
        bool freed = await Claim.WaitAsync(
            _options.BodyTimeout > TimeSpan.Zero ? _options.BodyTimeout - _waited : Timeout.InfiniteTimeSpan);
        TimeSpan waited = _options.Time.GetElapsedTime(since);
        _waited += waited;
        _rate.Excuse(waited);
        return freed;
    }

    /// <summary>Ends the body: gives back what was granted to it and not taken.</summary>
    public void End()
    {
        _waited = TimeSpan.Zero;
        Claim.End();
    }
}
