using System.Net;
using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

/// <summary>Who has scraped is known, and there is a bound on it.</summary>
public sealed class ScrapersTests
{
    private const string Scrape = "GET /metrics HTTP/1.1\r\nHost: h\r\n";

    private readonly StoppedTime _time = new();

    [Fact]
    public void One_client_and_format_is_one_scraper_and_the_last_scrape_counts()
    {
        var scrapers = new Scrapers(_time);
        scrapers.Note(Request(1, "ana", "text/plain", gzip: false));
        _time.Advance(TimeSpan.FromSeconds(15));
        scrapers.Note(Request(1, "bo", "text/plain", gzip: true));
        _time.Advance(TimeSpan.FromSeconds(15));
        scrapers.Note(Request(1, null, "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited", true));
        Scraper[] seen = scrapers.List();
        Assert.Equal([ScrapeFormat.ProtobufDelimited, ScrapeFormat.Text], seen.Select(static scraper => scraper.Format));
        Assert.Equal(("bo", true, _time.GetUtcNow().AddSeconds(-15)), (seen[1].User, seen[1].Gzip, seen[1].At));
    }

    [Fact]
    public void Sixteen_are_kept_and_who_has_not_come_for_longest_is_forgotten()
    {
        var scrapers = new Scrapers(_time);
        for (byte client = 1; client <= 40; client++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            scrapers.Note(Request(client, null, "text/plain", gzip: false));

            // Prometheus goes on meanwhile.
            scrapers.Note(Request(0, null, "text/plain", gzip: true));
        }

        Assert.Equal(16, scrapers.List().Length);
        Assert.Equal(["192.0.2.0", .. Enumerable.Range(26, 15).Select(static i => $"192.0.2.{i}").Order()],
            scrapers.List().Select(static scraper => scraper.Client.ToString()).Order());
    }

    [Fact]
    public void To_note_one_that_is_known_allocates_nothing()
    {
        var scrapers = new Scrapers(TimeProvider.System);
        ScrapeRequest request = Request(1, "ana", "text/plain", gzip: true);
        scrapers.Note(request);

        // What happens once, such as code that is compiled anew, does not happen in each round.
        long least = long.MaxValue;
        for (int round = 0; round < 20 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                scrapers.Note(request);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    [Fact]
    public async Task The_raw_door_tells_who_has_scraped_to_the_end()
    {
        using var raw = new RawHarness(gate: new Gate(), peer: new IPEndPoint(IPAddress.Parse("198.51.100.7"), 1));
        Assert.StartsWith("HTTP/1.1 200", await raw.ExchangeAsync(Scrape + "Authorization: ana\r\n\r\n"), StringComparison.Ordinal);
        Scraper scraper = Assert.Single(raw.Engine.Scrapers.List());
        Assert.Equal(("198.51.100.7", "ana", ScrapeFormat.Text, false),
            (scraper.Client.ToString(), scraper.User, scraper.Format, scraper.Gzip));
        raw.End();
    }

    private static ScrapeRequest Request(byte client, string? user, string accept, bool gzip) =>
        new(FormatNegotiator.Choose(Encoding.ASCII.GetBytes(accept), openMetrics: false), gzip, TimeSpan.Zero, Door.Raw)
        {
            By = new ScrapedBy(ClientAddress.Of(new IPAddress([192, 0, 2, client])), user),
        };

    private sealed class Gate : INamedGate
    {
        public ReadOnlyMemory<byte> HeaderLines => default;

        public bool TryEnter() => true;

        public bool Admits(ReadOnlySpan<byte> authorization) => true;

        public bool Admits(ReadOnlySpan<byte> authorization, out string? user)
        {
            user = Encoding.ASCII.GetString(authorization);
            return true;
        }

        public ValueTask<bool> LearnAsync(string authorization, ClientAddress client) => new(true);
    }
}
