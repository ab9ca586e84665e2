using System.Text;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>What others see between the steps of a change that entails much.</summary>
public class StepsTests
{
    private const int Families = 5000;

    private static readonly GroupingKey s_first = Harness.Key("job", "first");
    private static readonly GroupingKey s_second = Harness.Key("job", "second");

    [Fact]
    public void A_push_that_contradicts_only_what_has_gone_is_stored()
    {
        var store = new MetricStore(new StoreOptions());
        Push(store, s_first, "counter");
        var outcomes = new List<PushOutcome>();
        Between(
            () => store.Delete(s_first),
            () =>
            {
                if (outcomes.Count == 0)
                {
                    using StoreView view = store.OpenView();
                    Assert.Equal(0, view.Groups.Length);
                    outcomes.Add(store.Push(s_second, PushFormat.Text, Body("gauge"), PushMode.Replace));
                }
            });
        Assert.Equal(PushStatus.Stored, Assert.Single(outcomes).Status);
    }

    [Fact]
    public void What_may_be_shown_is_shown_by_and_by_and_before_the_answer()
    {
        var store = new MetricStore(new StoreOptions { CheckConsistency = false });
        Push(store, s_first, "counter");
        Push(store, s_second, "gauge");
        Assert.Equal(Families, store.HiddenFamilies);
        var shown = new List<int>();
        Between(() => store.Delete(s_first), () => shown.Add(Shown()));
        Assert.Equal(Families, Shown());
        Assert.Equal(0, store.HiddenFamilies);
        Assert.Equal(shown.Order(), shown);
        Assert.InRange(shown.Distinct().Count(), 4, 20);

        int Shown()
        {
            using StoreView view = store.OpenView();
            FamilyEntry[] families = view.Groups[0].Families.ToArray();
            Assert.Equal(1, view.Groups.Length);
            Assert.Equal(families.Length - view.Groups[0].Hidden.Length, families.Count(static entry => entry.IsExposed));
            return families.Count(static entry => entry.Type == MetricType.Gauge && entry.IsExposed) - BuiltInFamilies.Count;
        }
    }

    [Fact]
    public void What_leaves_in_steps_counts_for_nothing_after_them()
    {
        var store = new MetricStore(new StoreOptions());
        foreach (string type in (string[])["counter", "gauge", "untyped", "counter"])
        {
            // Each in place of the one before.
            Push(store, s_first, type);
        }

        store.Delete(s_first);
        Push(store, s_second, "gauge");
        Assert.Equal(PushStatus.Stored, store.Push(s_second, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace).Status);
        Push(store, s_first, "counter");
    }

    private static void Push(MetricStore store, GroupingKey key, string type)
    {
        PushStatus status = store.Push(key, PushFormat.Text, Body(type), PushMode.Replace).Status;
        Assert.True(status is PushStatus.Stored or PushStatus.Accepted);
    }

    private static byte[] Body(string type) =>
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, Families).Select(i => $"# TYPE f{i} {type}\nf{i} 1\n")));

    // Whenever the thread has left the writer lock.
    private static void Between(Action change, Action look)
    {
        int thread = Environment.CurrentManagedThreadId;
        bool looks = false;
        Explored.Hook = step =>
        {
            if (step == Steps.LeftWriter && !looks && Environment.CurrentManagedThreadId == thread)
            {
                looks = true;
                look();
                looks = false;
            }
        };
        try
        {
            change();
        }
        finally
        {
            Explored.Hook = null;
        }
    }
}
