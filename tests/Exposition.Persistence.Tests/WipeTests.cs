using System.Text;
using Exposition.Engine;

namespace Exposition.Persistence.Tests;

/// <summary>Where all groups are gone, the copy forgets them at once.</summary>
public sealed class WipeTests : InDirectory
{
    private static readonly byte[] s_large = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 400).Select(line => $"v{line} 1\n")));

    [Fact]
    public async Task What_comes_after_a_wipe_of_many_groups_stays()
    {
        List<string> shown;
        await using (DurableCopy copy = Follow(out MetricStore store))
        {
            for (int i = 0; i < 10_000; i++)
            {
                store.Push(Samples.Key("j", $"{i}"), PushFormat.Text, i % 100 == 0 ? s_large : "x 1\n"u8.ToArray(), PushMode.Replace);
            }

            Assert.Null(await copy.CommittedAsync());
            Assert.Equal(10_000, store.Wipe());
            Assert.Null(await copy.CommittedAsync());
            store.Push(Samples.Key("k"), PushFormat.Text, s_large, PushMode.Replace);
            store.Push(Samples.Key("j", "7"), PushFormat.Text, "x 2\n"u8.ToArray(), PushMode.Replace);
            Assert.Null(await copy.CommittedAsync());
            shown = Shown(store);
        }

        Assert.Equal(["{instance=\"7\",job=\"j\"}", "{job=\"k\"}"], shown.Select(static group => group.Split('|')[0]));
        Assert.Equal(shown, Kept());
    }

    // Whatever is emptied and filled again meanwhile: the file is what the store was when it was told last.
    [Fact]
    public async Task Wipes_between_pushes_leave_in_the_file_what_is_in_the_store()
    {
        List<string> shown;
        await using (DurableCopy copy = Follow(out MetricStore store))
        {
            var random = new Random(7);
            for (int round = 0; round < 300; round++)
            {
                for (int i = random.Next(4); i > 0; i--)
                {
                    byte[] body = random.Next(3) == 0 ? s_large : "x 1\n"u8.ToArray();
                    store.Push(Samples.Key("j", $"{random.Next(3)}"), PushFormat.Text, body, PushMode.Replace);
                }

                if (random.Next(2) == 0)
                {
                    store.Wipe();
                }
                else
                {
                    store.Delete(Samples.Key("j", $"{random.Next(3)}"));
                }

                if (random.Next(3) == 0)
                {
                    Assert.Null(await copy.CommittedAsync());
                }
            }

            store.Push(Samples.Key("j", "0"), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
            Assert.Null(await copy.CommittedAsync());
            shown = Shown(store);
        }

        Assert.Equal(shown, Kept());
    }

    // What is deleted together comes by a way of its own, beside groups of the same keys that come back at once.
    [Fact]
    public async Task Deletes_of_many_between_pushes_leave_in_the_file_what_is_in_the_store()
    {
        List<string> shown;
        await using (DurableCopy copy = Follow(out MetricStore store))
        {
            Task[] hands = [.. Enumerable.Range(0, 2).Select(hand => Task.Run(async () =>
            {
                var random = new Random(hand);
                for (int round = 0; round < 400; round++)
                {
                    byte[] body = random.Next(3) == 0 ? s_large : "x 1\n"u8.ToArray();
                    store.Push(Samples.Key($"j{random.Next(2)}", $"{random.Next(4)}"), PushFormat.Text, body, PushMode.Replace);
                    switch (random.Next(5))
                    {
                        case 0:
                            store.Delete(GroupSelector.Parse($"{{job=\"j{random.Next(2)}\"}}"));
                            break;
                        case 1:
                            store.Delete(Samples.Key($"j{random.Next(2)}", $"{random.Next(4)}"));
                            break;
                        case 2:
                            Assert.Null(await copy.CommittedAsync());
                            break;
                    }
                }
            }))];
            await Task.WhenAll(hands);
            store.Push(Samples.Key("last", "0"), PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
            Assert.Null(await copy.CommittedAsync());
            shown = Shown(store);
        }

        Assert.Equal(shown, Kept());
    }

    private DurableCopy Follow(out MetricStore store)
    {
        store = new MetricStore(new StoreOptions());
        var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions { Interval = TimeSpan.Zero });
        copy.Start();
        return copy;
    }

    private static List<string> Shown(MetricStore store)
    {
        var shown = new List<string>();
        using StoreView view = store.OpenView();
        foreach (GroupSnapshot group in view.Groups)
        {
            shown.Add(Samples.Show(group.Key, group.Families));
        }

        shown.Sort(StringComparer.Ordinal);
        return shown;
    }

    private List<string> Kept()
    {
        var kept = new List<string>();
        using IDurableStore file = Open();
        file.Load((in KeptGroup group) => kept.Add(Samples.Show(group.Key, group.Families)));
        kept.Sort(StringComparer.Ordinal);
        return kept;
    }
}
