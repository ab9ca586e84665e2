using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Serving;

// A search goes through all groups, which takes a processor some tenths of a second where they are many. More than a few at once would
// take them from those who push.

/// <summary>Lets some searches of the groups run at once; others wait a little. Safe for concurrent use.</summary>
/// <param name="options">They say how many; 0 for any number.</param>
internal sealed class SearchSeats(ExpositionOptions options) : IDisposable
{
    /// <summary>How long others wait.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _seats = new(options.MaxSearches > 0 ? options.MaxSearches : int.MaxValue);
    private int _taken;

    /// <summary>How many run.</summary>
    public int Taken => Volatile.Read(ref _taken);

    /// <summary>What those are told who found no seat.</summary>
    public Answer Refusal => new(
        503, $"too many searches of groups: {options.MaxSearches} are running ({options.NameOf(Limit.Searches)})", Limit: Limit.Searches);

    /// <summary>Waits for a seat.</summary>
    /// <returns>Gives it back when it is disposed of; null if there was none in time.</returns>
    /// <exception cref="OperationCanceledException">Nobody waits for the search any more.</exception>
    public async ValueTask<IDisposable?> TryEnterAsync(CancellationToken gone)
    {
        if (_seats.Wait(0, CancellationToken.None))
        {
            return new Seat(this);
        }

        using var late = new CancellationTokenSource(Patience, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, gone);
        try
        {
            await _seats.WaitAsync(either.Token);
            return new Seat(this);
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _seats.Dispose();

    private sealed class Seat : IDisposable
    {
        private readonly SearchSeats _of;
        private int _left;

        public Seat(SearchSeats of)
        {
            _of = of;
            Interlocked.Increment(ref of._taken);
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                Interlocked.Decrement(ref _of._taken);
                _of._seats.Release();
            }
        }
    }
}
