using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Serving;

// A search goes through all groups, which takes a processor some tenths of a second where they are many. More than a few at once would
// take them from those who push.

/// <summary>Lets some searches of the groups run at once; others wait a little. Safe for concurrent use.</summary>
internal sealed class SearchSeats : IDisposable
{
    /// <summary>How long others wait.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ExpositionOptions _options;
    private readonly int _most;
    private readonly SemaphoreSlim _seats;

    /// <summary>All seats are free.</summary>
    /// <param name="options">They say how many there are; 0 for any number.</param>
    public SearchSeats(ExpositionOptions options)
    {
        _options = options;
        _most = options.MaxSearches > 0 ? options.MaxSearches : int.MaxValue;
        _seats = new SemaphoreSlim(_most);
    }

    /// <summary>How many run.</summary>
    public int Taken => _most - _seats.CurrentCount;

    /// <summary>What those are told who found no seat.</summary>
    public Answer Refusal => new(
        503, $"too many searches of groups: {_options.MaxSearches} are running ({_options.NameOf(Limit.Searches)})", Limit: Limit.Searches);

    /// <summary>Waits for a seat.</summary>
    /// <returns>Gives it back when it is disposed of; null if there was none in time.</returns>
    /// <exception cref="OperationCanceledException">Nobody waits for the search any more.</exception>
    public async ValueTask<IDisposable?> TryEnterAsync(CancellationToken gone)
    {
        if (_seats.Wait(0, CancellationToken.None))
        {
            return new Seat(_seats);
        }

        using var late = new CancellationTokenSource(Patience, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, gone);
        try
        {
            await _seats.WaitAsync(either.Token);
            return new Seat(_seats);
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _seats.Dispose();

    private sealed class Seat(SemaphoreSlim seats) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                seats.Release();
            }
        }
    }
}
