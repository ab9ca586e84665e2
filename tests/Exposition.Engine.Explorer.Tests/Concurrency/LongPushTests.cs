using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>A push that goes the long way, to a group that is pushed to steadily without a pause.</summary>
public class LongPushTests
{
    [Fact]
    public void It_loses_to_a_steady_push_once_and_not_for_ever()
    {
        var store = new MetricStore(new StoreOptions());
        GroupingKey key = Harness.Key("job", "j");
        byte[] steady = "a 1\nb 2\n"u8.ToArray();
        for (int i = 0; i < 3; i++)
        {
            store.Push(key, PushFormat.Text, steady, PushMode.Merge);
        }

        // (Not in text, which would be compared with the shape first, and drop it.) Whenever the long push is about to replace the snapshot
        // a steady one comes first, as long as there is a shape for it.
        long before = store.RepeatedPushes;
        GroupSlot slot;
        using (StoreView view = store.OpenView())
        {
            slot = view.Groups[0].Slot;
        }

        int thread = Environment.CurrentManagedThreadId;
        bool inside = false;
        Explored.Hook = step =>
        {
            if (step == Steps.ReplaceSlot && !inside && Environment.CurrentManagedThreadId == thread && slot.Shape is not null)
            {
                inside = true;
                Assert.InRange(store.RepeatedPushes - before, 0, 10);
                store.Push(key, PushFormat.Text, steady, PushMode.Merge);
                inside = false;
            }
        };
        try
        {
            Assert.Equal(PushStatus.Stored, store.Push(key, PushFormat.OpenMetrics, "c 3\n# EOF\n"u8.ToArray(), PushMode.Merge).Status);
        }
        finally
        {
            Explored.Hook = null;
        }

        Assert.Equal(1, store.RepeatedPushes - before);
        using (StoreView view = store.OpenView())
        {
            Assert.Equal(5, view.Groups[0].Families.Length);
        }
    }

    [Fact]
    public void Who_hears_of_a_refusal_sees_why_at_once()
    {
        var store = new MetricStore(new StoreOptions());
        GroupingKey key = Harness.Key("job", "j");
        store.Push(key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Merge);
        using ChangeFeed feed = store.Subscribe();
        var changes = new List<FeedChange>();
        PushFailure? seen = null;
        int thread = Environment.CurrentManagedThreadId;
        Explored.Hook = step =>
        {
            if (step == Steps.Told && Environment.CurrentManagedThreadId == thread)
            {
                Take();
            }
        };
        try
        {
            byte[] twice = "b{x=\"1\"} 1\nb{x=\"1\"} 2\n"u8.ToArray();
            Assert.Equal(PushStatus.Inconsistent, store.Push(key, PushFormat.Text, twice, PushMode.Merge).Status);
        }
        finally
        {
            Explored.Hook = null;
        }

        Take();
        Assert.NotNull(seen);

        void Take()
        {
            changes.Clear();
            feed.Take(changes);
            seen = changes.Count > 0 ? changes[^1].Snapshot!.LastFailure : seen;
        }
    }

    [Fact]
    public async Task It_loses_to_other_long_pushes_a_few_times_and_not_for_ever()
    {
        var store = new MetricStore(new StoreOptions());
        GroupingKey key = Harness.Key("job", "j");
        store.Push(key, PushFormat.Text, "a 1\n"u8.ToArray(), PushMode.Merge);

        // Whenever it is about to take a lock another one begins, and ends before it, unless that has to wait.
        int thread = Environment.CurrentManagedThreadId;
        List<Task<PushOutcome>> others = [];
        int won = 0;
        Explored.Hook = step =>
        {
            if (step == Steps.EnterWriter && Environment.CurrentManagedThreadId == thread)
            {
                byte[] body = System.Text.Encoding.ASCII.GetBytes($"b{others.Count} 1\n");
                others.Add(Task.Run(() => store.Push(key, PushFormat.Text, body, PushMode.Merge)));
                won += others[^1].Wait(TimeSpan.FromMilliseconds(won < 10 ? 1000 : 0)) ? 1 : 0;
                Assert.InRange(won, 0, 10);
            }
        };
        try
        {
            Assert.Equal(PushStatus.Stored, store.Push(key, PushFormat.Text, "c 3\n"u8.ToArray(), PushMode.Merge).Status);
        }
        finally
        {
            Explored.Hook = null;
        }

        Assert.InRange(won, 1, 5);
        Assert.All(await Task.WhenAll(others), static outcome => Assert.Equal(PushStatus.Stored, outcome.Status));
        using StoreView view = store.OpenView();
        Assert.Equal(4 + others.Count, view.Groups[0].Families.Length);
    }
}
