using System.Buffers;
using Exposition.Engine;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Endpoints;

/// <summary>
/// An answer of the host that shows the store and may be long: it is sent piece by piece, to a reader for whom the limits of scrapes hold.
/// </summary>
internal sealed class LongAnswer : IBufferWriter<byte>, IDisposable
{
    private const int PieceBytes = 64 << 10;

    private readonly MetricStore _store;
    private readonly HttpContext _context;
    private readonly Reader _reader;
    private readonly BodyOutput _output;
    private StoreView? _view;
    private long _heldMark;
    private long _pending;

    private LongAnswer(ExpositionEngine engine, HttpContext context, Reader reader)
    {
        _store = engine.Store;
        _context = context;
        _reader = reader;
        _output = new BodyOutput(context, engine.Options.Time);
    }

    /// <summary>Starts an answer.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="context">The request.</param>
    /// <param name="kind">What is read, by the limit on the number of such readers.</param>
    /// <param name="most">That limit; 0 for none.</param>
    /// <returns>Null if there is no place for another reader.</returns>
    public static LongAnswer? TryStart(ExpositionEngine engine, HttpContext context, Limit kind, int most)
    {
        if (engine.Readers.TryEnter(kind, most, engine.Options.ScrapeTimeout) is { } reader)
        {
            return new LongAnswer(engine, context, reader);
        }

        engine.Decline(
            new Answer(503, "too many readers at once: those who were ended for others are still there", Limit: kind),
            Caller.Of(engine, context));
        return null;
    }

    /// <summary>Bytes that were written and not sent.</summary>
    public long Pending => _pending;

    /// <summary>The store as it was when this was asked for first. What it holds counts as held by a reader.</summary>
    public StoreView View => _view ??= _store.OpenScrapeView(out _heldMark);

    public void Advance(int count)
    {
        _pending += count;
        _output.Advance(count);
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _output.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => _output.GetSpan(sizeHint);

    /// <summary>Sends what was written.</summary>
    /// <exception cref="OperationCanceledException">The reader has gone or was too slow; the connection is broken, so that what has come
    /// does not look complete.</exception>
    public async ValueTask FlushAsync()
    {
        bool sent = false;
        try
        {
            sent = await _reader.FlushAsync(_output, _pending, _context.RequestAborted);
            _pending = 0;
        }
        catch (IOException)
        {
        }
        finally
        {
            if (!sent && _output.IsOverdue)
            {
                _reader.CountTooSlow();
            }
        }

        if (!sent)
        {
            _context.Abort();
            throw new OperationCanceledException();
        }
    }

    /// <summary>Sends what is there whole already, piece by piece, and finishes.</summary>
    /// <exception cref="OperationCanceledException">As for <see cref="FlushAsync"/>.</exception>
    public async ValueTask SendAsync(ReadOnlySequence<byte> whole)
    {
        _context.Response.ContentLength = whole.Length;
        for (; !whole.IsEmpty; whole = whole.Slice(Math.Min(PieceBytes, whole.Length)))
        {
            foreach (ReadOnlyMemory<byte> part in whole.Slice(0, Math.Min(PieceBytes, whole.Length)))
            {
                this.Write(part.Span);
            }

            await FlushAsync();
        }

        await FinishAsync();
    }

    /// <summary>Lets go of the store and sends the rest.</summary>
    /// <exception cref="OperationCanceledException">As for <see cref="FlushAsync"/>.</exception>
    public ValueTask FinishAsync()
    {
        CloseView();
        return FlushAsync();
    }

    /// <summary>Lets go of the store and of the seat. Done early before somebody is refused, who may be slow to read that, too.</summary>
    public void Dispose()
    {
        try
        {
            CloseView();
        }
        finally
        {
            _reader.Dispose();
            _output.Dispose();
        }
    }

    private void CloseView()
    {
        if (_view is { } view)
        {
            _view = null;
            _store.CloseScrapeView(view, _heldMark);
        }
    }
}
