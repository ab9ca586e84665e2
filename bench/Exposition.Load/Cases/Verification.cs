using System.Diagnostics;
using Exposition.Load.Servers;
using Exposition.Load.Wire;

namespace Exposition.Load.Cases;

/// <summary>Whether a server exposes what it has answered that it took: all series of pushes, compared value by value.</summary>
internal static class Verification
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    /// <summary>Scrapes and compares.</summary>
    /// <returns>What was compared, and the first difference if there is one.</returns>
    public static async Task<(string Verified, bool IsWrong)> OfPushesAsync(ServerProcess server, IReadOnlyList<LastPush> pushes)
    {
        if (pushes.Count == 0)
        {
            return ("no push was answered", true);
        }

        try
        {
            return server.System.Exposes
                ? OfScrape(await Settled(server), pushes)
                : await OfQueriesAsync(server, pushes);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or FormatException)
        {
            return (e.Message, true);
        }
    }

    /// <summary>Compares a scrape that was made after pushes.</summary>
    public static (string Verified, bool IsWrong) OfScrape(Scraped scrape, IReadOnlyList<LastPush> pushes)
    {
        Dictionary<string, double> exposed = ExposedValues.Of(scrape);
        int values = 0;
        foreach (LastPush push in pushes)
        {
            Dictionary<string, double> expected = ExposedValues.Expected(push.Body, ("job", push.Job), ("instance", push.Instance));
            if (ExposedValues.Difference(expected, exposed) is { } difference)
            {
                return (difference, true);
            }

            values += expected.Count;
        }

        return ($"{values} values", false);
    }

    private static async Task<Scraped> Settled(ServerProcess server)
    {
        // Unchecked, the reference answers before it stores.
        await server.SettleAsync(TimeSpan.FromSeconds(20));
        using var scraper = new Scraper(server.Port, "/metrics");
        return await scraper.ScrapeAsync(ScrapeKind.Text);
    }

    // VictoriaMetrics shows the newest value of each series of a selector, but for those that are no number, to twelve digits, and
    // up to a second late.
    private static async Task<(string Verified, bool IsWrong)> OfQueriesAsync(ServerProcess server, IReadOnlyList<LastPush> pushes)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.Port}") };
        using (await client.GetAsync(new Uri("/internal/force_flush", UriKind.Relative)))
        {
        }

        int values = 0;
        foreach (LastPush push in pushes)
        {
            Dictionary<string, double> expected = ExposedValues.Expected(push.Body, ("job", push.Job), ("instance", push.Instance));
            long started = Stopwatch.GetTimestamp();
            while (await DifferenceAsync(server, push, expected) is { } difference)
            {
                if (Stopwatch.GetElapsedTime(started) > s_patience)
                {
                    return (difference, true);
                }

                await Task.Delay(s_pause);
            }

            values += expected.Values.Count(static value => !double.IsNaN(value));
        }

        return ($"{values} values", false);
    }

    private static async Task<string?> DifferenceAsync(ServerProcess server, LastPush push, Dictionary<string, double> expected)
    {
        string selector = Uri.EscapeDataString($"{{job=\"{push.Job}\",instance=\"{push.Instance}\"}}");
        using var scraper = new Scraper(server.Port, "/federate?match[]=" + selector);
        return ExposedValues.Difference(expected, ExposedValues.Of(await scraper.ScrapeAsync(ScrapeKind.Text)), isRounded: true);
    }
}
