using System.Buffers;
using System.Runtime.CompilerServices;
using Exposition.Engine.Compression;
using Exposition.Engine.Memory;
using Exposition.Engine.Scraping;
using Exposition.Formats;

namespace Exposition.Engine;

// First collect: a point in time, and for every family the entries that make it up, in order of the groups' keys. Then send: pieces are
// copied as they lie; only entries with names outside the legacy charset (under an escaping scheme) and formats other than text are
// rendered, one entry at a time. No entry can fail the scrape: what does not fit its family is left out when the plan is made.
// What gives its thread up has its state machine from a pool, here as at the doors: large scrapes do so often, and are to leave no garbage
// either. Text is compressed in bundles that the next scrape finds again (BundledScrape); the other languages are compressed as they go.

/// <summary>
/// Writes everything that is stored at one point in time. The point in time is that of the constructor; nothing here does I/O. Writing is
/// cut into steps so that the caller can flush between them. Not safe for concurrent use. Whoever needs no steps of his own uses
/// <see cref="MetricStoreScraping"/>.
/// </summary>
/// <example>
/// <code>
/// using var scrape = new Scrape(store, own: null, ScrapeFormat.Text, EscapingScheme.Underscores);
/// while (scrape.WriteNext(output, stepBytes: 64 &lt;&lt; 10))
/// {
///     // Here the caller sends what there is.
/// }
/// </code>
/// </example>
public sealed class Scrape : IDisposable
{
    private readonly MetricStore _store;
    private readonly StoreView _view;
    private readonly long _heldMark;
    private ScrapeWorkspace? _workspace;
    private readonly ScrapeFormat _format;
    private readonly EscapingScheme _escaping;
    private readonly PieceSource _pieces;
    private BundledScrape? _bundled;
    private readonly bool _gzip;
    private PieceCompressor? _compressor;
    private long _tableBytes;
    private bool _prepared;
    private bool _closed;

    /// <summary>Opens a view of what is stored now, to be written uncompressed.</summary>
    /// <param name="store">The store.</param>
    /// <param name="own">The host's own families, merged in by name and ahead of the pushed ones; null if there are none. Not used after
    /// the return.</param>
    /// <param name="format">The language.</param>
    /// <param name="escaping">What happens to names outside the legacy charset.</param>
    public Scrape(MetricStore store, FamilySet? own, ScrapeFormat format, EscapingScheme escaping)
        : this(store, own, format, escaping, gzip: false)
    {
    }

    /// <summary>Opens a view of what is stored now.</summary>
    /// <param name="store">The store.</param>
    /// <param name="own">The host's own families, merged in by name and ahead of the pushed ones; null if there are none. Not used after
    /// the return.</param>
    /// <param name="format">The language.</param>
    /// <param name="escaping">What happens to names outside the legacy charset.</param>
    /// <param name="gzip">Whether what is written is a gzip member.</param>
    public Scrape(MetricStore store, FamilySet? own, ScrapeFormat format, EscapingScheme escaping, bool gzip)
        : this(store, own, format, escaping, gzip, selection: null)
    {
    }

    /// <summary>Opens a view of some of what is stored now.</summary>
    /// <param name="store">The store.</param>
    /// <param name="own">The host's own families, merged in by name and ahead of the pushed ones; null if there are none. Not used after
    /// the return.</param>
    /// <param name="format">The language.</param>
    /// <param name="escaping">What happens to names outside the legacy charset.</param>
    /// <param name="gzip">Whether what is written is a gzip member.</param>
    /// <param name="selection">Which groups are written; null for all. What is compressed of some is kept for no later scrape.</param>
    public Scrape(
        MetricStore store, FamilySet? own, ScrapeFormat format, EscapingScheme escaping, bool gzip, GroupSelection? selection)
    {
        ArgumentNullException.ThrowIfNull(store);
        (_format, _escaping, _gzip) = (format, escaping, gzip);
        _workspace = store.State.Scrapes.Rent();
        ReadOnlyMemory<FamilyEntry> rendered = own is null ? default : _workspace.Own.Render(own);
        _store = store;
        _view = store.OpenScrapeView(out _heldMark);
        if (gzip && format == ScrapeFormat.Text && selection is null)
        {
            _bundled = BundledScrape.Rent(_view, rendered, _workspace.Text, store.State.Bundles);
        }
        else
        {
            _workspace.Plan.Begin(_view, rendered, selection);
        }

        _pieces = format switch
        {
            ScrapeFormat.Text => _workspace.Text,
            ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft => _workspace.OpenMetrics,
            _ => _workspace.Protobuf,
        };
    }

    /// <summary>
    /// The exact number of bytes that will be written, where that is known beforehand. Not before <see cref="PrepareAsync"/>.
    /// </summary>
    public long? Length { get; private set; }

    /// <summary>
    /// Does what must be done before the first byte: plans, and compresses what is missing. Gives its thread up about once a millisecond.
    /// Where all of a compressed scrape is at hand after that, the view is closed: who reads it slowly holds nothing of the store.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled; the scrape is of no use then.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask PrepareAsync(CancellationToken cancellation = default)
    {
        if (_bundled is not null)
        {
            _prepared = true;
            _workspace!.Text.Begin(_escaping);
            await _bundled.PrepareAsync(cancellation);
            Length = _bundled.Length;
            if (Length is not null)
            {
                CloseView();
            }
            else
            {
                AddTables(_bundled.TableBytes);
            }

            return;
        }

        TimeSlice slice = TimeSlice.Start();
        while (_workspace!.Plan.Continue())
        {
            if (slice.IsOver())
            {
                await TimeSlice.Pass();
                cancellation.ThrowIfCancellationRequested();
            }
        }

        Begin();
    }

    /// <summary>
    /// Writes at least <paramref name="stepBytes"/> bytes, or what is left, or what about a millisecond of work gives. Not for gzip.
    /// </summary>
    /// <returns>False when all is written.</returns>
    /// <exception cref="InvalidOperationException">The scrape is one for gzip.</exception>
    public bool WriteNext(IBufferWriter<byte> output, int stepBytes)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (_gzip)
        {
            throw new InvalidOperationException("compressed scrapes are written by WriteNextAsync");
        }

        while (!_prepared)
        {
            if (!_workspace!.Plan.Continue())
            {
                Begin();
            }
        }

        return Write(output, stepBytes);
    }

    /// <summary>
    /// Writes as <see cref="WriteNext"/> does, compressed if that was asked for. Where something must be compressed for it, it waits for
    /// its turn.
    /// </summary>
    /// <param name="output">Where the bytes go; advanced, not flushed.</param>
    /// <param name="stepBytes">How many bytes to write, about.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>False when all is written.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> WriteNextAsync(IBufferWriter<byte> output, int stepBytes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (!_prepared)
        {
            await PrepareAsync(cancellation);
        }

        return _bundled is not null ? await _bundled.WriteNextAsync(output, stepBytes, cancellation)
            : _gzip ? await (_compressor ??= new PieceCompressor(_pieces)).WriteNextAsync(output, cancellation)
            : Write(output, stepBytes);
    }

    /// <summary>Closes the view.</summary>
    public void Dispose()
    {
        if (!_closed)
        {
            _closed = true;
            try
            {
                // The end of a stream is written to what has perhaps failed.
                _compressor?.Dispose();
                _bundled?.Close();
            }
            finally
            {
                _bundled = null;
                CloseView();
            }
        }
    }

    private void CloseView()
    {
        if (_workspace is { } workspace)
        {
            _workspace = null;
            _store.State.Held.AddTables(-_tableBytes);
            _store.CloseScrapeView(_view, _heldMark);
            _store.State.Scrapes.Return(workspace);
        }
    }

    private void Begin()
    {
        _prepared = true;
        AddTables(_workspace!.Plan.TableBytes);
        _workspace.Text.Begin(_escaping);
        if (_format == ScrapeFormat.Text)
        {
            Length = _gzip ? null : _workspace.Text.Length();
        }
        else if (_format is ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft)
        {
            _workspace.OpenMetrics.Begin(_escaping);
        }
        else
        {
            _workspace.Protobuf.Begin(_format, _escaping);
        }
    }

    private void AddTables(long bytes)
    {
        _tableBytes = bytes;
        _store.State.Held.AddTables(bytes);
    }

    private bool Write(IBufferWriter<byte> output, int stepBytes)
    {
        TimeSlice slice = TimeSlice.Start();
        for (int left = stepBytes; left > 0 && !slice.IsOver();)
        {
            Span<byte> span = output.GetSpan();
            bool more = _pieces.Fill(span[..Math.Min(span.Length, left)], out int written);
            output.Advance(written);
            left -= written;
            if (!more)
            {
                return false;
            }
        }

        return true;
    }
}
