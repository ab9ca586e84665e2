using System.Buffers;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Persistence.Tests;

/// <summary>
/// A file that an earlier program (commit 9888064) left when it was killed, with its write-ahead log, and what it exposed just before:
/// counters, histograms, summaries, units, escapes, a large and a changed group, a refused push, a deadline, fifty small groups.
/// </summary>
public sealed class EarlierFilesTests : InDirectory
{
    [Fact]
    public async Task Everything_that_it_exposed_is_exposed()
    {
        System.IO.File.Copy(Resource("earlier.state"), File);
        System.IO.File.Copy(Resource("earlier.state-wal"), File + "-wal");

        // Once more, as what this program has written then.
        for (int start = 0; start < 2; start++)
        {
            var store = new MetricStore(new StoreOptions());
            await using var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions());
            Assert.Equal(new LoadReport(57, 0, false), copy.Start());
            Assert.Empty(Notices);
            Assert.Equal(await System.IO.File.ReadAllLinesAsync(Resource("earlier.txt"), TestContext.Current.CancellationToken),
                await LinesAsync(store));
            using (StoreView view = store.OpenView())
            {
                GroupSnapshot late = Assert.Single(view.Groups.ToArray(), static group => group.Key == Samples.Key("expires"));
                Assert.True(late.HasExplicitExpiry);
                Assert.InRange(view.ExpiryOf(late), 4_000_000_000_000_000_000, 5_000_000_000_000_000_000);
            }

            store.Push(Samples.Key("new"), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
            Assert.True(store.Delete(Samples.Key("new")));
            Assert.True(await copy.StopAsync());
        }
    }

    private static string Resource(string name) => Path.Combine(AppContext.BaseDirectory, "Resources", name);

    private static async Task<string[]> LinesAsync(MetricStore store)
    {
        using var scrape = new Scrape(store, null, ScrapeFormat.Text, EscapingScheme.Underscores);
        await scrape.PrepareAsync(TestContext.Current.CancellationToken);
        var output = new ArrayBufferWriter<byte>();
        while (scrape.WriteNext(output, 1 << 20))
        {
        }

        return [.. Encoding.UTF8.GetString(output.WrittenSpan).Split('\n').Where(static line => line.Length > 0 && line[0] != '#')];
    }
}
