using System.Text;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Remembering;
using Exposition.Engine.Sharing;

namespace Exposition.Persistence.Tests;

/// <summary>What of a group is not in its families survives a restart, too.</summary>
public sealed class RestartTests : InDirectory
{
    private static readonly GroupingKey s_key = Samples.Key("j");
    private static readonly ExpiryRule[] s_hour = [new ExpiryRule(null, TimeSpan.FromHours(1))];

    [Theory]
    [InlineData(900)]
    [InlineData(0)]
    public async Task A_deadline_that_the_push_has_set_stays(int seconds)
    {
        GroupSnapshot before = null!;
        await RunAsync(s_hour, store =>
        {
            store.Push(s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(TimeSpan.FromSeconds(seconds)));
            before = Group(store);
        });
        Assert.Equal(seconds == 0, before.ExpiresAt == 0);
        for (int restart = 0; restart < 2; restart++)
        {
            await RunAsync(
                s_hour, store => Assert.Equal((before.ExpiresAt, true), (Group(store).ExpiresAt, Group(store).HasExplicitExpiry)));
        }
    }

    [Fact]
    public async Task A_deadline_of_the_rules_follows_the_rules_of_the_new_start()
    {
        await RunAsync([], static store => store.Push(s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace));
        await RunAsync(s_hour, static store =>
        {
            Assert.False(Group(store).HasExplicitExpiry);
            Assert.True(Group(store).ExpiresAt > 0);
        });
    }

    [Fact]
    public async Task A_group_that_expired_by_its_own_deadline_stays_expired_and_the_next_push_starts_anew()
    {
        await RunAsync([], static store => store.Push(
            s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace, new PushDetails(TimeSpan.FromMilliseconds(1))));
        await Task.Delay(5, TestContext.Current.CancellationToken);
        await RunAsync([], static store => Assert.True(Group(store).IsExpired));
        await RunAsync([], static store =>
        {
            Assert.True(Group(store).IsExpired);
            store.Push(s_key, PushFormat.Text, "y 1\n"u8.ToArray(), PushMode.Merge);
        });
        await RunAsync([], static store =>
        {
            Assert.False(Group(store).IsExpired);
            Assert.False(Group(store).TryGet("x"u8, out _));
            Assert.Equal(0, Group(store).ExpiresAt);
        });
    }

    [Fact]
    public async Task The_last_failure_stays_although_a_malformed_body_changes_nothing_else()
    {
        PushFailure failure = null!;
        await RunAsync([], store =>
        {
            store.Push(s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
            store.Push(s_key, PushFormat.Text, "x y\n"u8.ToArray(), PushMode.Replace, new PushDetails(Sender: "10.0.0.1"));
        });
        await RunAsync([], store =>
        {
            failure = Group(store).LastFailure!;
            Assert.Equal("10.0.0.1", failure.Sender);
            Assert.Contains("expected float as value", failure.Reason, StringComparison.Ordinal);
        });

        // A failure alone is a change: nothing else happens in this life.
        await RunAsync([], static store => store.NoteFailure(s_key, "too large", null));
        await RunAsync([], static store =>
        {
            Assert.Equal(("too large", null), (Group(store).LastFailure!.Reason, Group(store).LastFailure!.Sender));
            Assert.Equal(3, Group(store).Families.Length);
        });
    }

    // A small group is a row, a large one is cut into shape and values.
    [Theory]
    [InlineData(1)]
    [InlineData(3000)]
    public async Task How_a_group_stands_in_the_log_of_several_gateways_stays(int lines)
    {
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, lines).Select(static line => $"v{line} 1\n")));
        await RunAsync([], store =>
        {
            PreparedPush push = store.Shared.Prepare(s_key, PushFormat.Text, body, PushMode.Replace, default, out _)!;
            store.Shared.ApplyAlone(s_key, push.State, revision: 7);
        });
        await RunAsync([], static store =>
        {
            LogPlace place = store.Shared.PlaceOf(s_key)!;
            Assert.Equal((0L, true), (place.Revision, place.IsAlone));
            Assert.True(place.ReplacedAt > 0);
            Assert.True(store.Shared.TryCopy(s_key, out GroupState state, out _));
            store.Shared.Apply(s_key, state, revision: 8);
        });
        await RunAsync([], static store => Assert.False(store.Shared.PlaceOf(s_key)!.IsAlone));
    }

    // Else each group that is written leaves a block to the garbage collector.
    [Fact]
    public async Task What_has_been_written_is_released()
    {
        static byte[] Body(int value) =>
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 4000).Select(line => $"v{line} {value}\n")));
        var store = new MetricStore(new StoreOptions { ShapeCacheBytes = 0 });
        await using var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions { Interval = TimeSpan.Zero });
        copy.Start();
        for (int i = 0; i < 10; i++)
        {
            store.Push(s_key, PushFormat.Text, Body(i), PushMode.Replace);
            Assert.Null(await copy.CommittedAsync());
        }

        // What the group has, and what the next push is written to.
        Assert.NotEqual(0, store.SpareBytes);
        Assert.InRange(store.LargeBlockBytes, 1, 3 * 160_000);
    }

    [Fact]
    public void Failures_in_a_loop_are_one_change()
    {
        var store = new MetricStore(new StoreOptions());
        store.Push(s_key, PushFormat.Text, "x 1\n"u8.ToArray(), PushMode.Replace);
        ChangeFeed feed = store.Subscribe();
        for (int i = 0; i < 1000; i++)
        {
            store.NoteFailure(s_key, "no", null);
            store.NoteFailure(Samples.Key("nobody"), "no", null);
        }

        Assert.Equal(1, feed.Pending);
    }

    private static GroupSnapshot Group(MetricStore store)
    {
        using StoreView view = store.OpenView();
        return view.Groups[0];
    }

    private async Task RunAsync(ExpiryRule[] rules, Action<MetricStore> life)
    {
        var store = new MetricStore(new StoreOptions { ExpiryRules = rules });
        await using var copy = new DurableCopy("test", Open(), store, new DurableCopyOptions { Interval = TimeSpan.FromHours(1) });
        copy.Start();
        life(store);
        Assert.True(await copy.StopAsync());
    }
}
