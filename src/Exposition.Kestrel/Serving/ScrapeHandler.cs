using System.Collections.Concurrent;
using System.Globalization;
using Exposition.Formats;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Serving;

/// <summary>Opens scrapes for both doors.</summary>
/// <param name="target">What is scraped.</param>
/// <param name="collect">Adds families of the engine and its host.</param>
/// <param name="metrics">Where is counted who was served.</param>
/// <param name="readers">Who reads.</param>
/// <param name="options">The options.</param>
/// <param name="log">Where failures are logged.</param>
/// <param name="counted">Where the scrapes are counted; null where they are not of the store.</param>
internal sealed class ScrapeHandler(
    StoreTarget target, Action<FamilySet> collect, WireMetrics metrics, OpenReaders readers, ExpositionOptions options,
        ClientLog log, ScrapeMetrics? counted = null)
{
    // Nobody can ask for so little time that it rounds to none, which would be for ever, or for so much that it overflows.
    private const double LeastSeconds = 1e-3;
    private const double MostSeconds = 1e6;

    private readonly ConcurrentBag<FamilySet> _sets = [];

    /// <summary>Is told who has scraped; null where that is of no interest.</summary>
    public Scrapers? Scrapers { get; init; }

    /// <summary>Makes a request of the headers that say how a scrape is to be; each may be missing.</summary>
    /// <param name="accept">What the scraper reads.</param>
    /// <param name="acceptEncoding">Whether it decompresses.</param>
    /// <param name="timeout">How long it waits.</param>
    /// <param name="door">Which door asks.</param>
    /// <param name="target">The target, whose query may ask for some of the groups; empty where nobody may ask.</param>
    public ScrapeRequest Understand(
        ReadOnlySpan<byte> accept, ReadOnlySpan<byte> acceptEncoding, ReadOnlySpan<byte> timeout, Door door, ReadOnlySpan<byte> target) =>
        new(FormatNegotiator.Choose(accept, options.EnableOpenMetrics), FormatNegotiator.AcceptsGzip(acceptEncoding),
            TimeoutFor(timeout), door, ScrapeQuery.Of(target));

    /// <summary>Collects what a scrape is to send.</summary>
    public OpenScrape? TryOpen(in ScrapeRequest request, out Answer refused)
    {
        metrics.CountServed(request.Door);
        refused = default;
        if (request.Query.Error is { } error)
        {
            refused = new Answer(400, error, Rejected: Rejection.Query);
            metrics.CountRejected(refused.Rejected);
            Count(request, ScrapeOutcome.Refused);
            return null;
        }

        if (options.CommitGate is { IsOpen: false })
        {
            // With half of the groups it would look as if the others had gone.
            refused = Answer.Loading;
            Count(request, ScrapeOutcome.Refused);
            return null;
        }

        if (readers.TryEnter(Limit.Scrapes, options.MaxScrapes, request.Timeout) is not { } reader)
        {
            refused = new Answer(503, $"too many scrapes: {options.MaxScrapes} are being served", Close: false, Limit.Scrapes);
            Count(request, ScrapeOutcome.Refused);
            return null;
        }

        counted?.Begin();
        FamilySet own = _sets.TryTake(out FamilySet? pooled) ? pooled : new FamilySet();
        try
        {
            own.Reset();
            if (request.Query.WithOwn)
            {
                collect(own);
            }

            return new OpenScrape(this, reader, target.OpenScrape(own, request), own, request);
        }
        catch (Exception e)
        {
            counted?.End();
            Count(request, ScrapeOutcome.Failed, reader.Age);
            reader.Dispose();
            log.Failed("a scrape failed inside the engine", e);
            refused = Answer.ScrapeFailed;
            return null;
        }
    }

    /// <summary>How long a scrape may take; zero for any time.</summary>
    /// <param name="announced">The scraper's X-Prometheus-Scrape-Timeout-Seconds, or nothing.</param>
    public TimeSpan TimeoutFor(ReadOnlySpan<byte> announced) =>
        double.TryParse(announced, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0
            && (options.ScrapeTimeout <= TimeSpan.Zero || seconds < options.ScrapeTimeout.TotalSeconds)
                ? TimeSpan.FromSeconds(Math.Clamp(seconds, LeastSeconds, MostSeconds))
                : options.ScrapeTimeout;

    /// <summary>Takes what a scrape had of it, and counts the scrape.</summary>
    internal void Closed(FamilySet own, in ScrapeRequest request, ScrapeOutcome outcome, TimeSpan duration, long bytes)
    {
        _sets.Add(own);
        counted?.End();
        Count(request, outcome, duration, bytes);
        if (outcome == ScrapeOutcome.Sent)
        {
            Scrapers?.Note(request);
        }
    }

    private void Count(in ScrapeRequest request, ScrapeOutcome outcome, TimeSpan duration = default, long bytes = 0)
    {
        counted?.Count(request.Language.Format, request.Gzip, outcome, duration, bytes);
        metrics.Meter?.Scraped(request.Language.Format, request.Gzip, outcome, duration, bytes);
    }
}
