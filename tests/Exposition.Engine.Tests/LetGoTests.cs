using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Harness;

namespace Exposition.Engine.Tests;

/// <summary>What the store says that it has left to the garbage collector, and what it does not keep of a peak.</summary>
[Collection(nameof(RunsAlone))]
public sealed class LetGoTests
{
    private const int Groups = 5_000;

    private readonly MetricStore _store = new(new StoreOptions());

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Groups_that_have_gone_are_counted_once(bool wiped)
    {
        Fill();
        long stored = _store.StoredBytes;
        Settle();
        Empty(wiped);
        Assert.InRange(Settle(), stored / 2, stored * 2);
        Assert.Equal(0, Settle());
    }

    [Fact]
    public void Groups_that_are_replaced_the_long_way_are_counted()
    {
        Fill();
        Settle();
        Fill("y 1\n");
        Assert.InRange(Settle(), Groups * 512, Groups * 4096);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Neither_tables_nor_bundles_of_a_scrape_outlive_the_groups(bool wiped)
    {
        Fill();
        ScrapeWith(gzip: false);
        ScrapeWith(gzip: true);
        Assert.NotEqual(0, _store.BundleBytes);
        Settle();
        Assert.NotEqual(0, _store.BundleBytes);
        Empty(wiped);
        Settle();
        Assert.Equal(0, _store.BundleBytes);
        Assert.Equal(0, _store.SpareBytes);
        ScrapeWith(gzip: true);
    }

    // What was given back last comes first: the tables of a scrape without groups are on top of those of a full one.
    [Fact]
    public void The_tables_of_every_scrape_go_whichever_was_used_last()
    {
        for (int i = 0; i < 4; i++)
        {
            Fill($"a{i} 1\nb{i} 1\nc{i} 1\nd{i} 1\n", PushMode.Merge);
        }

        Scrape full = Prepared(_store);
        Empty(wiped: true);
        Settle();
        Scrape none = Prepared(_store);
        full.Dispose();
        none.Dispose();

        Assert.InRange(_store.TrimSpareMemory(), 1 << 20, 64 << 20);
    }

    private void Fill(string body = "x 1\n", PushMode mode = PushMode.Replace)
    {
        for (int i = 0; i < Groups; i++)
        {
            GroupingKey key = Harness.Key("job", "j", "i", $"{i}");
            Assert.Equal(PushStatus.Stored, _store.Push(key, PushFormat.Text, Encoding.ASCII.GetBytes(body), mode).Status);
        }
    }

    private void Empty(bool wiped)
    {
        if (wiped)
        {
            Assert.Equal(Groups, _store.Wipe());
            return;
        }

        for (int i = 0; i < Groups; i++)
        {
            Assert.True(_store.Delete(Harness.Key("job", "j", "i", $"{i}")));
        }
    }

    // What was needed before the first trim goes with the second.
    private long Settle() => _store.TrimSpareMemory() + _store.TrimSpareMemory();

    private static Scrape Prepared(MetricStore store, bool gzip = false)
    {
        var scrape = new Scrape(store, null, ScrapeFormat.Text, EscapingScheme.AllowUtf8, gzip);
        scrape.PrepareAsync(default).AsTask().GetAwaiter().GetResult();
        return scrape;
    }

    private void ScrapeWith(bool gzip)
    {
        using Scrape scrape = Prepared(_store, gzip);
        var output = new ArrayBufferWriter<byte>();
        while (scrape.WriteNextAsync(output, 1 << 20, default).AsTask().GetAwaiter().GetResult())
        {
        }

        byte[] written = output.WrittenSpan.ToArray();
        string text = Encoding.UTF8.GetString(gzip ? Gzip.Unpack(written) : written);
        Assert.Equal(_store.SampleCount, text.Split('\n').Count(static line => line.Length > 0 && line[0] != '#'));
    }
}
