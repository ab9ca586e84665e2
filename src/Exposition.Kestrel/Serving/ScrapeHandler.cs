using System.Collections.Concurrent;
using System.Globalization;
using Exposition.Formats;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.OwnMetrics;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Serving;

/// <summary>Opens scrapes for both doors, and bounds what they hold.</summary>
internal sealed class ScrapeHandler(IPushTarget target, Action<FamilySet> collect, WireMetrics metrics, ExpositionOptions options, ClientLog log)
{
    // Nobody can ask for so little time that it rounds to none, which would be for ever, or for so much that it overflows.
    private const double LeastSeconds = 1e-3;
    private const double MostSeconds = 1e6;

    private readonly ConcurrentBag<FamilySet> _sets = [];
    private readonly Lock _gate = new();
    private readonly List<OpenScrape> _open = [];
    private int _openCount;

    /// <summary>The clock.</summary>
    public TimeProvider Time => options.Time;

    /// <summary>The least rate at which a scrape must be read, in bytes per second; 0 for none.</summary>
    public int LeastRate => options.MinScrapeBytesPerSecond;

    /// <summary>Collects what a scrape is to send.</summary>
    /// <param name="language">What <see cref="Negotiation.Choose(ReadOnlySpan{byte}, bool)"/> made of the Accept header.</param>
    /// <param name="gzip">Whether to compress.</param>
    /// <param name="timeout">How long it may take; zero for any time.</param>
    /// <param name="door">Which door asks.</param>
    /// <param name="refused">The answer if there is none.</param>
    public OpenScrape? TryOpen(ScrapeNegotiation language, bool gzip, TimeSpan timeout, Door door, out Answer refused)
    {
        metrics.CountServed(door);
        refused = default;
        if (options.Gate is { IsOpen: false })
        {
            // Half of the groups would look like the end of the others.
            refused = Answer.Loading;
            return null;
        }

        if (Interlocked.Increment(ref _openCount) > options.MaxScrapes && options.MaxScrapes > 0)
        {
            Interlocked.Decrement(ref _openCount);
            refused = new Answer(503, $"too many scrapes: {options.MaxScrapes} are being served", Close: false, Limit.Scrapes);
            CountRefusal(Limit.Scrapes, refused.Text);
            return null;
        }

        BoundHeldBytes();
        FamilySet own = _sets.TryTake(out FamilySet? pooled) ? pooled : new FamilySet();
        try
        {
            own.Reset();
            collect(own);
            var scrape = new OpenScrape(this, target.OpenScrape(own, language.Format, language.Escaping, gzip), own, language, gzip, timeout);
            lock (_gate)
            {
                _open.Add(scrape);
            }

            return scrape;
        }
        catch
        {
            Interlocked.Decrement(ref _openCount);
            throw;
        }
    }

    /// <summary>To be called after a change of the store, and before a scrape: ends the oldest scrape if scrapes hold too much of what has been replaced.</summary>
    public void BoundHeldBytes()
    {
        if (options.MaxHeldBytes > 0 && Volatile.Read(ref _openCount) > 0 && target.HeldBytes > options.MaxHeldBytes)
        {
            EndOldest();
        }
    }

    /// <summary>Counts a scrape that a limit has ended.</summary>
    public void CountRefusal(Limit limit, string? why = null)
    {
        metrics.CountRefusal(limit);
        log.Limited(limit, source: null, why);
    }

    /// <summary>How long a scrape may take; zero for any time.</summary>
    /// <param name="announced">The scraper's X-Prometheus-Scrape-Timeout-Seconds, or nothing.</param>
    public TimeSpan TimeoutFor(ReadOnlySpan<byte> announced) =>
        double.TryParse(announced, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0
            && (options.ScrapeTimeout <= TimeSpan.Zero || seconds < options.ScrapeTimeout.TotalSeconds) ? TimeSpan.FromSeconds(Math.Clamp(seconds, LeastSeconds, MostSeconds)) : options.ScrapeTimeout;

    internal void Closed(OpenScrape scrape, FamilySet own)
    {
        lock (_gate)
        {
            _open.Remove(scrape);
        }

        Interlocked.Decrement(ref _openCount);
        _sets.Add(own);
    }

    // One at a time: what it holds is free only when it has closed.
    private void EndOldest()
    {
        OpenScrape oldest;
        lock (_gate)
        {
            if (_open.Count == 0 || _open.Exists(static scrape => scrape.IsEnded))
            {
                return;
            }

            oldest = _open[0];
            oldest.MarkEnded();
        }

        metrics.CountRefusal(Limit.HeldBytes);
        log.Begin(LogLevel.Warning, "scrape ended: scrapes hold too much of what was replaced", WireMetrics.NameOf(Limit.HeldBytes))?
            .Add("seconds", (long)oldest.Age.TotalSeconds)
            .Add("limit_bytes", options.MaxHeldBytes)
            .Write();
        oldest.Abort();
    }
}
