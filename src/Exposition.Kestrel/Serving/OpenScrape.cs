using System.Runtime.CompilerServices;
using Exposition.Engine.Memory;
using Exposition.Formats;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Serving;

/// <summary>
/// An answer to a scrape that is ready to be sent. Owns a view of the store, until all of it was written, and the seat of its reader.
/// </summary>
internal sealed class OpenScrape(
    ScrapeHandler handler, Reader reader, ScrapeSource source, FamilySet own, ScrapeRequest request) : IDisposable
{
    private const int StepBytes = 64 << 10;

    private bool _viewClosed;
    private ScrapeOutcome _outcome = ScrapeOutcome.Aborted;
    private long _sent;

    public bool Gzip => request.Gzip;

    /// <summary>Length of the body, where it is known. Not before <see cref="PrepareAsync"/>.</summary>
    public long? Length => source.Length;

    public ReadOnlySpan<byte> ContentType => FormatNegotiator.ContentType(request.Language.Format, request.Language.Escaping);

    /// <summary>How long it may take; zero for any time.</summary>
    public TimeSpan Timeout => request.Timeout;

    /// <summary>Does what must be done before the first byte.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await source.PrepareAsync(cancellation);
        }
        catch (Exception e) when (NoteFailure(e))
        {
        }
    }

    /// <summary>Sends the body.</summary>
    /// <returns>False if it was not sent to its end.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync(IScrapeOutput output, CancellationToken cancellation)
    {
        try
        {
            return await SendPiecesAsync(output, cancellation);
        }
        catch (Exception e) when (NoteFailure(e))
        {
            return false;
        }
    }

    /// <summary>Counts it as one that its reader was too slow for.</summary>
    public void CountTooSlow() => reader.CountTooSlow();

    public void Dispose()
    {
        try
        {
            CloseView();
        }
        finally
        {
            TimeSpan duration = reader.Age;
            reader.Dispose();
            handler.Closed(own, request, _outcome, duration, _sent);
        }
    }

    // A filter of exceptions that catches none. What is not caused by the reader is a failure of the engine.
    private bool NoteFailure(Exception thrown)
    {
        _outcome = thrown is IOException or OperationCanceledException ? _outcome : ScrapeOutcome.Failed;
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendPiecesAsync(IScrapeOutput output, CancellationToken cancellation)
    {
        var counted = new CountedOutput(output);
        TimeSlice slice = TimeSlice.Start();
        bool more;
        do
        {
            more = await source.WriteNextAsync(counted, StepBytes, cancellation);
            if (!more)
            {
                // What is left is copied already: however long the reader takes for it, he holds nothing of the store.
                CloseView();
            }

            if (!await reader.FlushAsync(output, counted.Count - _sent, cancellation))
            {
                return false;
            }

            _sent = counted.Count;
            if (slice.IsOver())
            {
                await TimeSlice.Pass();
            }
        }
        while (more);

        _outcome = ScrapeOutcome.Sent;
        return true;
    }

    private void CloseView()
    {
        if (!_viewClosed)
        {
            _viewClosed = true;
            source.Dispose();
        }
    }
}
