using Exposition.Kestrel.Pacing;

namespace Exposition.Kestrel.Bodies;

/// <summary>What one request holds of <see cref="InflightBytes"/>, and how fast its body comes. For one request after the other.</summary>
/// <param name="all">What all bodies may hold together.</param>
/// <param name="pace">How fast the body comes.</param>
/// <param name="interrupt">Called, from another thread, when the request has lost its memory to one that waits and is perhaps waiting for
/// input.</param>
internal sealed class BodyClaim(InflightBytes all, LeastRate? pace = null, Action? interrupt = null)
{
    // Bytes that must still come, or -1 where the request does not wait for any: it is waiting for something else, or complete.
    private long _missing = -1;
    private volatile bool _isEnded;

    /// <summary>Bytes that it holds. To be written under the lock of <see cref="InflightBytes"/> only, as the next three.</summary>
    public long Held { get; set; }

    /// <summary>Bytes that were given to it while it waited and that it has not taken yet. They are held.</summary>
    public long Granted { get; set; }

    /// <summary>What it could not get last.</summary>
    public long Wanted { get; set; }

    /// <summary>Its place among those that hold something.</summary>
    public LinkedListNode<BodyClaim>? Place { get; set; }

    /// <summary>Whether it must end: its body comes too slowly while others wait for memory.</summary>
    public bool IsEnded
    {
        get => _isEnded;
        set => _isEnded = value;
    }

    public bool TryTake(long bytes) => all.TryTake(this, bytes);

    public void GiveBack(long bytes) => all.GiveBack(this, bytes);

    /// <summary>Waits, after taking has failed, until it can go on.</summary>
    /// <param name="most">How long, or <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <returns>False if the time is over.</returns>
    public ValueTask<bool> WaitAsync(TimeSpan most) => all.WaitAsync(this, most);

    /// <summary>Gives back what was given while it waited and is not needed any more.</summary>
    public void End()
    {
        Proceed();
        if (Granted > 0)
        {
            all.GiveBackGranted(this);
        }
    }

    /// <summary>Says that the request waits for input.</summary>
    /// <param name="missing">How many bytes must still come; for a body of unknown length as many as have come are expected.</param>
    public void AwaitInput(long? missing) => Volatile.Write(ref _missing, missing ?? Math.Max(1, Held));

    /// <summary>Says that the request does not wait for input any more.</summary>
    public void Proceed() => Volatile.Write(ref _missing, -1);

    /// <summary>
    /// When its body will be there if it goes on like this, from now, in seconds; zero where that is not in its sender's hands or too early
    /// to say.
    /// </summary>
    public double SecondsLeft() =>
        Volatile.Read(ref _missing) is var missing and > 0 && pace is not null ? missing / pace.BytesPerSecond : 0;

    /// <summary>Wakes the request up to see that it has ended.</summary>
    public void Interrupt() => interrupt?.Invoke();
}
