using System.Collections.Concurrent;
using System.Globalization;
using Exposition.Formats;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Serving;

/// <summary>Opens scrapes for both doors.</summary>
internal sealed class ScrapeHandler(
    IPushTarget target, Action<FamilySet> collect, WireMetrics metrics, OpenReaders readers, ExpositionOptions options)
{
    // Nobody can ask for so little time that it rounds to none, which would be for ever, or for so much that it overflows.
    private const double LeastSeconds = 1e-3;
    private const double MostSeconds = 1e6;

    private readonly ConcurrentBag<FamilySet> _sets = [];

    /// <summary>Collects what a scrape is to send.</summary>
    /// <param name="language">What <see cref="FormatNegotiator.Choose(ReadOnlySpan{byte}, bool)"/> made of the Accept header.</param>
    /// <param name="gzip">Whether to compress.</param>
    /// <param name="timeout">How long it may take; zero for any time.</param>
    /// <param name="door">Which door asks.</param>
    /// <param name="refused">The answer if there is none.</param>
    public OpenScrape? TryOpen(ScrapeNegotiation language, bool gzip, TimeSpan timeout, Door door, out Answer refused)
    {
        metrics.CountServed(door);
        refused = default;
        if (options.CommitGate is { IsOpen: false })
        {
            // Half of the groups would look like the end of the others.
            refused = Answer.Loading;
            return null;
        }

        if (readers.TryEnter(Limit.Scrapes, options.MaxScrapes, timeout) is not { } reader)
        {
            refused = new Answer(503, $"too many scrapes: {options.MaxScrapes} are being served", Close: false, Limit.Scrapes);
            return null;
        }

        FamilySet own = _sets.TryTake(out FamilySet? pooled) ? pooled : new FamilySet();
        try
        {
            own.Reset();
            collect(own);
            return new OpenScrape(this, reader, target.OpenScrape(own, language.Format, language.Escaping, gzip), own, language, gzip);
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>How long a scrape may take; zero for any time.</summary>
    /// <param name="announced">The scraper's X-Prometheus-Scrape-Timeout-Seconds, or nothing.</param>
    public TimeSpan TimeoutFor(ReadOnlySpan<byte> announced) =>
        double.TryParse(announced, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0
            && (options.ScrapeTimeout <= TimeSpan.Zero || seconds < options.ScrapeTimeout.TotalSeconds)
                ? TimeSpan.FromSeconds(Math.Clamp(seconds, LeastSeconds, MostSeconds))
                : options.ScrapeTimeout;

    internal void Closed(FamilySet own) => _sets.Add(own);
}
