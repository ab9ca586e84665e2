using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using Exposition.Formats;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.OwnMetrics;

namespace Exposition.Kestrel.Serving;

/// <summary>Where a scrape goes: a door's output, with the framing that the door has chosen.</summary>
internal interface IScrapeOutput : IBufferWriter<byte>
{
    /// <summary>Sends what was written.</summary>
    /// <returns>False if the reader has gone.</returns>
    public ValueTask<bool> FlushAsync(CancellationToken cancellation);
}

/// <summary>An answer to a scrape that is ready to be sent. Owns a view of the store until it is disposed of.</summary>
internal sealed class OpenScrape(ScrapeHandler handler, IScrapeSource source, FamilySet own, ScrapeNegotiation language, bool gzip) : IDisposable
{
    private const int StepBytes = 64 << 10;

    /// <summary>Whether the body is compressed.</summary>
    public bool Gzip => gzip;

    /// <summary>Length of the body, where it is known.</summary>
    public long? Length => gzip ? null : source.Length;

    /// <summary>The Content-Type.</summary>
    public ReadOnlySpan<byte> ContentType => Negotiation.ContentType(language.Format, language.Escaping);

    /// <summary>Sends the body.</summary>
    /// <returns>False if the reader has gone before the end.</returns>
    public async ValueTask<bool> SendAsync(IScrapeOutput output, CancellationToken cancellation)
    {
        if (gzip)
        {
            return await SendCompressedAsync(output, cancellation);
        }

        bool more;
        do
        {
            more = source.WriteNext(output, StepBytes);
            if (!await output.FlushAsync(cancellation))
            {
                return false;
            }
        }
        while (more);

        return true;
    }

    /// <summary>Closes the view.</summary>
    public void Dispose()
    {
        source.Dispose();
        handler.Closed(own);
    }

    private async ValueTask<bool> SendCompressedAsync(IScrapeOutput output, CancellationToken cancellation)
    {
        var step = new ArrayBufferWriter<byte>(StepBytes * 2);
        using (var compressed = new GZipStream(new OutputStream(output), CompressionLevel.Fastest))
        {
            bool more;
            do
            {
                step.ResetWrittenCount();
                more = source.WriteNext(step, StepBytes);
                compressed.Write(step.WrittenSpan);
                if (more && !await output.FlushAsync(cancellation))
                {
                    return false;
                }
            }
            while (more);
        }

        return await output.FlushAsync(cancellation);
    }

    /// <summary>A stream that writes into a door's output.</summary>
    private sealed class OutputStream(IScrapeOutput output) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer) => output.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

/// <summary>Opens scrapes for both doors.</summary>
internal sealed class ScrapeHandler(IPushTarget target, Action<FamilySet> collect, WireMetrics metrics, ExpositionOptions options)
{
    // Nobody can ask for so little time that it rounds to none, which would be for ever, or for so much that it overflows.
    private const double LeastSeconds = 1e-3;
    private const double MostSeconds = 1e6;

    private readonly ConcurrentBag<FamilySet> _sets = [];
    private int _open;

    /// <summary>Collects what a scrape is to send.</summary>
    /// <param name="language">What <see cref="Negotiation.Choose(ReadOnlySpan{byte}, bool)"/> made of the Accept header.</param>
    /// <param name="gzip">Whether to compress.</param>
    /// <param name="door">Which door asks.</param>
    /// <param name="refused">The answer if there is none.</param>
    public OpenScrape? TryOpen(ScrapeNegotiation language, bool gzip, Door door, out Answer refused)
    {
        metrics.CountServed(door);
        refused = default;
        if (options.Gate is { IsOpen: false })
        {
            // Half of the groups would look like the end of the others.
            refused = Answer.Loading;
            return null;
        }

        if (Interlocked.Increment(ref _open) > options.MaxScrapes && options.MaxScrapes > 0)
        {
            Interlocked.Decrement(ref _open);
            refused = new Answer(503, $"too many scrapes: {options.MaxScrapes} are being served", Close: false, Limit.Scrapes);
            metrics.CountRefusal(Limit.Scrapes);
            return null;
        }

        FamilySet own = _sets.TryTake(out FamilySet? pooled) ? pooled : new FamilySet();
        try
        {
            own.Reset();
            collect(own);
            return new OpenScrape(this, target.OpenScrape(own, language.Format, language.Escaping), own, language, gzip);
        }
        catch
        {
            Interlocked.Decrement(ref _open);
            throw;
        }
    }

    /// <summary>Counts a scrape that was ended because it took too long.</summary>
    public void CountTooSlow() => metrics.CountRefusal(Limit.ScrapeDuration);

    /// <summary>How long a scrape may take; zero for any time.</summary>
    /// <param name="announced">The scraper's X-Prometheus-Scrape-Timeout-Seconds, or nothing.</param>
    public TimeSpan TimeoutFor(ReadOnlySpan<byte> announced) =>
        double.TryParse(announced, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0
            && (options.ScrapeTimeout <= TimeSpan.Zero || seconds < options.ScrapeTimeout.TotalSeconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, LeastSeconds, MostSeconds)) : options.ScrapeTimeout;

    internal void Closed(FamilySet own)
    {
        Interlocked.Decrement(ref _open);
        _sets.Add(own);
    }
}
