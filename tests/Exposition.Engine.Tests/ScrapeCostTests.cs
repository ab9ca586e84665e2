using System.Buffers;
using System.Globalization;
using Exposition.Engine.Scraping;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>What scrapes hold and allocate.</summary>
public sealed class ScrapeCostTests
{
    [Fact]
    public void What_an_open_scrape_still_shows_counts_as_held_when_it_is_replaced()
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", "a"), Body(1000, 1));
        gateway.Put(Harness.Key("job", "b"), Body(1000, 1));
        Assert.Equal(0, gateway.Store.HeldBytes);
        long each = gateway.Text().Length / 2;
        var output = new ArrayBufferWriter<byte>();
        var first = new Scrape(gateway.Store, null, ScrapeFormat.Text, EscapingScheme.Underscores);
        first.WriteNext(output, 1);
        long tables = gateway.Store.HeldBytes;
        Assert.InRange(tables, 1, 100_000);
        gateway.Put(Harness.Key("job", "a"), Body(1000, 2));
        Assert.InRange(gateway.Store.HeldBytes - tables, each * 0.9, each * 1.1);

        // Nobody has seen this one.
        gateway.Put(Harness.Key("job", "a"), Body(1000, 3));
        Assert.InRange(gateway.Store.HeldBytes - tables, each * 0.9, each * 1.1);

        using (var second = new Scrape(gateway.Store, null, ScrapeFormat.Text, EscapingScheme.Underscores))
        {
            long before = gateway.Store.HeldBytes;
            second.WriteNext(output, 1);
            long more = gateway.Store.HeldBytes - before;
            gateway.Store.Delete(Harness.Key("job", "b"));
            Assert.InRange(gateway.Store.HeldBytes - tables - more, each * 1.9, each * 2.1);
            first.Dispose();

            // Of what the first held, nothing is of the second's time but what was deleted then.
            Assert.InRange(gateway.Store.HeldBytes - more, each * 0.9, each * 1.1);
        }

        Assert.Equal(0, gateway.Store.HeldBytes);
        first.Dispose();
        Assert.Equal(0, gateway.Store.HeldBytes);
    }

    // What a scrape works with is used again by the next.
    [Theory]
    [InlineData(ScrapeFormat.Text)]
    [InlineData(ScrapeFormat.ProtobufDelimited)]
    [InlineData(ScrapeFormat.ProtobufText)]
    [InlineData(ScrapeFormat.OpenMetrics)]
    public void A_scrape_that_is_given_up_leaves_nothing_to_the_next(ScrapeFormat format)
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", "a"), Body(1000, 1));
        byte[] whole = gateway.Bytes(format);
        for (int bytes = 1; bytes < 100_000; bytes *= 7)
        {
            var given = Enumerable.Range(0, 3).Select(_ => new Scrape(gateway.Store, null, format, EscapingScheme.Underscores)).ToList();
            given.ForEach(scrape => scrape.WriteNext(new ArrayBufferWriter<byte>(bytes), bytes));
            given.ForEach(static scrape => scrape.Dispose());
            Assert.Equal(whole, gateway.Bytes(format));
            Assert.Equal(whole, gateway.Bytes(format));
        }
    }

    [Fact]
    public void What_a_push_leaves_as_it_was_does_not_count()
    {
        var gateway = new Harness();
        gateway.Put(Harness.Key("job", "a"), Body(1000, 1));
        using var scrape = new Scrape(gateway.Store, null, ScrapeFormat.Text, EscapingScheme.Underscores);
        gateway.Post(Harness.Key("job", "a"), "other 1\n");
        Assert.InRange(gateway.Store.HeldBytes, 0, 40_000);
        gateway.Store.Wipe();
        Assert.InRange(gateway.Store.HeldBytes, 40_000, 100_000);
    }

    // However little of a family is kept while its length is counted, the bytes are the same.
    [Fact]
    public void A_protobuf_family_is_rendered_in_parts()
    {
        var gateway = new Harness();
        for (int group = 0; group < 50; group++)
        {
            gateway.Put(Harness.Key("job", "j", "instance", $"{group}"),
                "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\n" + Body(20, group));
        }

        byte[] whole = gateway.Bytes(ScrapeFormat.ProtobufDelimited);
        foreach (int most in (int[])[0, 1, 1000, 20_000])
        {
            Assert.Equal(whole, Render(gateway.Store, most));
        }
    }

    [Fact]
    public void A_protobuf_family_of_many_groups_takes_no_more_memory_than_what_may_be_kept()
    {
        var gateway = new Harness();
        for (int group = 0; group < 200; group++)
        {
            gateway.Put(Harness.Key("job", "j", "instance", $"{group}"), Body(500, group));
        }

        Assert.True(gateway.Bytes(ScrapeFormat.ProtobufDelimited).Length > 4_000_000);

        // Other tests may have taken what is used again, or a collection; so not each round counts.
        long least = long.MaxValue;
        var sink = new Sink();
        for (int round = 0; round < 5; round++)
        {
            using var scrape = new Scrape(gateway.Store, null, ScrapeFormat.ProtobufDelimited, EscapingScheme.Underscores);
            long before = GC.GetAllocatedBytesForCurrentThread();
            while (scrape.WriteNext(sink, 1 << 16))
            {
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(least, 0, 9 << 20);
    }

    // Of the view, only the table of its groups.
    [Theory]
    [InlineData(ScrapeFormat.Text, false)]
    [InlineData(ScrapeFormat.Text, true)]
    [InlineData(ScrapeFormat.ProtobufDelimited, false)]
    [InlineData(ScrapeFormat.OpenMetrics, false)]
    public async Task A_scrape_allocates_next_to_nothing(ScrapeFormat format, bool gzip)
    {
        const int Scrapes = 20;
        var gateway = new Harness();
        for (int group = 0; group < 50; group++)
        {
            gateway.Put(Harness.Key("job", "j", "instance", $"{group}"), Body(100, group));
        }

        var sink = new Sink();
        long allocated = long.MaxValue;
        for (int i = 0; i < Scrapes + 30; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            using (var scrape = new Scrape(gateway.Store, null, format, EscapingScheme.Underscores, gzip))
            {
                while (gzip
                    ? await scrape.WriteNextAsync(sink, 1 << 16, TestContext.Current.CancellationToken)
                    : scrape.WriteNext(sink, 1 << 16))
                {
                }
            }

            // Other tests may have taken what is used again, or the thread may have changed; so not each round counts.
            long here = GC.GetAllocatedBytesForCurrentThread() - before;
            allocated = here <= 0 ? allocated : Math.Min(allocated, here);
        }

        Assert.InRange(allocated, 1, 1024 + (50 * 8));
    }

    private static byte[] Render(MetricStore store, int most)
    {
        using StoreView view = store.OpenView();
        var plan = new ScrapePlan();
        plan.Begin(view, default);
        while (plan.Continue())
        {
        }

        var pieces = new ProtobufPieces(plan) { KeptMost = most };
        pieces.Begin(ScrapeFormat.ProtobufDelimited, EscapingScheme.Underscores);
        var output = new ArrayBufferWriter<byte>();
        bool more;
        do
        {
            more = pieces.Fill(output.GetSpan(700)[..700], out int written);
            output.Advance(written);
        }
        while (more);

        return output.WrittenSpan.ToArray();
    }

    private static string Body(int lines, int value) =>
        string.Concat(Enumerable.Range(0, lines)
            .Select(line => string.Create(CultureInfo.InvariantCulture, $"some_metric{{line=\"{line}\",more=\"x\"}} {value}\n")));

    /// <summary>Takes bytes and forgets them.</summary>
    private sealed class Sink : IBufferWriter<byte>
    {
        private readonly byte[] _bytes = new byte[1 << 17];

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes;

        public Span<byte> GetSpan(int sizeHint = 0) => _bytes;
    }
}
