using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Exposition.Engine.Ingest;
using Exposition.Engine.Memory;
using Exposition.Engine.Scraping;

namespace Exposition.Engine;

/// <summary>Scrapes in one call. Whoever sends in steps of his own, or needs to know the length, uses <see cref="Scrape"/>.</summary>
/// <example>
/// As OpenMetrics, compressed, into a pipe:
/// <code>
/// var options = new ScrapeOptions { Format = ScrapeFormat.OpenMetrics, Gzip = true };
/// await store.WriteToAsync(pipe.Writer, options, cancellation);
/// await pipe.Writer.CompleteAsync();
/// </code>
/// </example>
public static class MetricStoreScraping
{
    private const int StepBytes = 64 << 10;

    /// <summary>Writes all that is stored at one point in time.</summary>
    /// <param name="store">The store.</param>
    /// <param name="output">Where it goes, whole; advanced, not flushed.</param>
    /// <param name="options">Language, compression and own sources; plain text by default.</param>
    public static void WriteTo(this MetricStore store, IBufferWriter<byte> output, ScrapeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(output);
        options ??= ScrapeOptions.Default;
        using Scrape scrape = Open(store, options, gzip: false);
        if (!options.Gzip)
        {
            while (scrape.WriteNext(output, StepBytes))
            {
            }

            return;
        }

        using var gzip = new GZipStream(OutputStream.Over(output), CompressionLevel.Fastest);
        var raw = new BlockWriter();
        for (bool more = true; more;)
        {
            raw.Restart();
            more = scrape.WriteNext(raw, StepBytes);
            gzip.Write(raw.Written);
        }
    }

    /// <summary>
    /// Writes all that is stored at one point in time, at the reader's pace: about 64 KiB, or what a millisecond of work gives, then a
    /// flush, which waits while the pipe is full.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="output">Where it goes. It is not completed: that is for the caller, with the exception if this one fails, so that what
    /// was cut off does not look complete.</param>
    /// <param name="options">Language, compression and own sources; plain text by default.</param>
    /// <param name="cancellation">Ends it, and with it what the store holds for it.</param>
    /// <returns>False if the reader has gone before the end.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled, also by <see cref="PipeWriter.CancelPendingFlush"/>.</exception>
    public static async Task<bool> WriteToAsync(
        this MetricStore store, PipeWriter output, ScrapeOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(output);
        options ??= ScrapeOptions.Default;
        cancellation.ThrowIfCancellationRequested();
        using Scrape scrape = Open(store, options, options.Gzip);
        for (bool more = true; more;)
        {
            more = await scrape.WriteNextAsync(output, StepBytes, cancellation).ConfigureAwait(false);
            FlushResult flushed = await output.FlushAsync(cancellation).ConfigureAwait(false);
            if (flushed.IsCanceled)
            {
                throw new OperationCanceledException("the flush was cancelled before all of the scrape was written");
            }

            if (flushed.IsCompleted && more)
            {
                return false;
            }
        }

        return true;
    }

    private static Scrape Open(MetricStore store, ScrapeOptions options, bool gzip)
    {
        if (options.Sources.Count == 0)
        {
            return new Scrape(store, null, options.Format, options.Escaping, gzip, options.Selection);
        }

        PushWorkspace workspace = store.State.Workspaces.Rent();
        try
        {
            workspace.Families.Reset();
            OwnSources.Collect(options.Sources, workspace.Families, reservesOverdue: store.State.Expectations is not null);
            return new Scrape(store, workspace.Families, options.Format, options.Escaping, gzip, options.Selection);
        }
        finally
        {
            store.State.Workspaces.Return(workspace);
        }
    }
}
