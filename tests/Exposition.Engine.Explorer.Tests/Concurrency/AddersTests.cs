using System.Text;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>
/// Two who add to one group, in all interleavings with at most so many preemptions: nothing is lost, and no id counts twice.
/// </summary>
public sealed class AddersTests
{
    private const int Preemptions = 2;
    private const int Runs = 2_000;

    private static readonly GroupingKey s_key = GroupingKey.Create(("job", "j"));

    public enum Pair
    {
        /// <summary>Both go the short way.</summary>
        SteadyAdders,

        /// <summary>One brings a series of its own.</summary>
        OtherSeries,

        /// <summary>One tries again what the other has sent.</summary>
        Retries,

        /// <summary>The group is not there yet.</summary>
        FirstPushes,

        /// <summary>One replaces the group.</summary>
        AddBesideReplace,
    }

    [Theory]
    [InlineData(Pair.SteadyAdders)]
    [InlineData(Pair.OtherSeries)]
    [InlineData(Pair.Retries)]
    [InlineData(Pair.FirstPushes)]
    [InlineData(Pair.AddBesideReplace)]
    public void All_interleavings_lose_nothing_and_count_nothing_twice(Pair pair)
    {
        var explorer = new Explorer(Preemptions, Runs, null);
        string? wrong = explorer.Run(
            () => Prepare(pair), [store => First(store, pair), store => Second(store, pair)], store => Check(store, pair));
        Assert.True(wrong is null, wrong);
        Assert.True(explorer.Exhausted >= 1, $"only {explorer.Runs} interleavings");
    }

    private static MetricStore Prepare(Pair pair)
    {
        var store = new MetricStore(new StoreOptions { VerifyShapes = true });
        for (int i = 0; i < (pair == Pair.FirstPushes ? 0 : 4); i++)
        {
            Add(store, $"warm {i}");
        }

        return store;
    }

    private static void First(MetricStore store, Pair pair)
    {
        Add(store, "a");
        Add(store, pair == Pair.Retries ? "b" : "");
    }

    private static void Second(MetricStore store, Pair pair)
    {
        switch (pair)
        {
            case Pair.OtherSeries:
                Add(store, "", "# TYPE c counter\nc 1\nc{x=\"1\"} 1\n");
                break;
            case Pair.Retries:
                Add(store, "b");
                Add(store, "a");
                break;
            case Pair.AddBesideReplace:
                store.Push(s_key, PushFormat.Text, "# TYPE c counter\nc 100\n"u8.ToArray(), PushMode.Replace).ThrowIfRefused();
                break;
            default:
                Add(store, "");
                break;
        }
    }

    private static string? Check(MetricStore store, Pair pair)
    {
        double value = store.GetSampleValue(s_key);
        bool good = pair switch
        {
            Pair.FirstPushes => value == 3,
            Pair.Retries => value == 6,
            Pair.AddBesideReplace => value is >= 100 and <= 102,
            _ => value == 7,
        };
        return good ? null : $"{pair}: the sum is {value}";
    }

    private static void Add(MetricStore store, string id, string body = "# TYPE c counter\nc 1\n") =>
        store.Push(
            s_key, PushFormat.Text, Encoding.ASCII.GetBytes(body), PushMode.Add, new PushDetails { Id = Encoding.ASCII.GetBytes(id) })
            .ThrowIfRefused();
}

internal static class AddedValue
{
    public static double GetSampleValue(this MetricStore store, GroupingKey key)
    {
        using StoreView view = store.OpenView();
        foreach (GroupSnapshot group in view.Groups)
        {
            if (group.Key == key && group.TryGet("c"u8, out FamilyEntry entry))
            {
                string line = Encoding.ASCII.GetString(entry.Text.Span).Split('\n')[0];
                return double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return double.NaN;
    }
}
