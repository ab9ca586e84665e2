using Exposition.Formats;

namespace Exposition.Kestrel.Serving;

/// <summary>Who asks for a scrape.</summary>
/// <param name="Client">The client; behind trusted proxies too.</param>
/// <param name="User">The name it has logged in with; null where nobody has to. One of those that are configured.</param>
internal readonly record struct ScrapedBy(ClientAddress Client, string? User);

/// <summary>One who has scraped.</summary>
/// <param name="Client">The client.</param>
/// <param name="User">The name it has logged in with the last time, or null.</param>
/// <param name="Format">The format; another one makes another scraper.</param>
/// <param name="Gzip">Whether the last scrape was compressed.</param>
/// <param name="At">When the last scrape had been sent.</param>
internal readonly record struct Scraper(ClientAddress Client, string? User, ScrapeFormat Format, bool Gzip, DateTimeOffset At);

/// <summary>
/// The last who have scraped to the end: of a client and format the last scrape, and sixteen of them. Safe for concurrent use.
/// </summary>
internal sealed class Scrapers(TimeProvider time)
{
    private const int Most = 16;

    private readonly Lock _lock = new();
    private readonly Scraper[] _seen = new Scraper[Most];
    private int _count;

    /// <summary>A scrape was sent. Who has not scraped for longest is forgotten for a new one.</summary>
    public void Note(in ScrapeRequest request)
    {
        var now = new Scraper(request.By.Client, request.By.User, request.Language.Format, request.Gzip, time.GetUtcNow());
        lock (_lock)
        {
            int place = 0;
            for (int i = 0; i < _count; i++)
            {
                if (_seen[i].Client == now.Client && _seen[i].Format == now.Format)
                {
                    _seen[i] = now;
                    return;
                }

                place = _seen[i].At < _seen[place].At ? i : place;
            }

            _seen[_count < Most ? _count++ : place] = now;
        }
    }

    /// <summary>Them, the last one first.</summary>
    public Scraper[] List()
    {
        Scraper[] seen;
        lock (_lock)
        {
            seen = _seen[.._count];
        }

        Array.Sort(seen, static (a, b) => b.At.CompareTo(a.At));
        return seen;
    }
}
