namespace Exposition.Kestrel.Serving;

// A search goes through all groups, which takes a processor some tenths of a second where they are many. More than two at once would take
// them from those who push.

/// <summary>Lets two searches of the groups run at once; others wait a little. Safe for concurrent use.</summary>
internal sealed class SearchSeats(TimeProvider time) : IDisposable
{
    private const int Most = 2;

    /// <summary>How long others wait.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _seats = new(Most, Most);

    /// <summary>Waits for a seat.</summary>
    /// <returns>Gives it back when it is disposed of; null if there was none in time.</returns>
    /// <exception cref="OperationCanceledException">Nobody waits for the search any more.</exception>
    public async ValueTask<IDisposable?> TryEnterAsync(CancellationToken gone)
    {
        if (_seats.Wait(0, CancellationToken.None))
        {
            return new Seat(_seats);
        }

        using var late = new CancellationTokenSource(Patience, time);
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
