namespace Exposition.Gateway.Http;

/// <summary>Bounds how many readers of one kind are served at once.</summary>
internal sealed class ReaderLimit(int most)
{
    private int _free = most;

    /// <summary>Takes a seat, to be given back by disposing of it; null if all are taken.</summary>
    public Seat? TryEnter()
    {
        if (Interlocked.Decrement(ref _free) >= 0)
        {
            return new Seat(this);
        }

        Interlocked.Increment(ref _free);
        return null;
    }

    /// <summary>A taken seat.</summary>
    internal sealed class Seat(ReaderLimit owner) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                Interlocked.Increment(ref owner._free);
            }
        }
    }
}
