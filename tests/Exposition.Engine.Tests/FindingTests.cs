using System.Text;
using Exposition.Engine.Finding;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>Finding groups and jobs, against the same question asked of a list.</summary>
public sealed class FindingTests
{
    private static readonly string?[] s_selectors =
        [null, "{}", "{job=~\"j[0-2]\"}", "{zone=\"eu\"}", "{zone!=\"eu\",job!~\".*1\"}", "{job=\"none\"}"];

    // One group: its labels, its series, what was pushed and when.
    internal sealed record Made(int Job, string? Zone, int Series, int Wait, bool Fails, int? Expire);

    internal sealed record Asked(
        int First, int Second, string Text, GroupStates? State, GroupSort Sort, bool Descending, int Limit, int? Age);

    [Property(MaxTest = 300)]
    public Property All_pages_together_are_what_a_list_says()
    {
        Gen<Made> made = from job in Gen.Choose(0, 5)
                         from zone in Gen.Elements("eu", "us", null, "")
                         from series in Gen.Choose(1, 3)
                         from wait in Gen.Elements(0, 1, 5, 300, 50_000)
                         from fails in Gen.Frequency((1, Gen.Constant(true)), (3, Gen.Constant(false)))
                         from expire in Gen.Elements<int?>(null, null, 10, 2000, 100_000)
                         select new Made(job, zone, series, wait, fails, expire);
        Gen<Asked> asked = from first in Gen.Choose(0, s_selectors.Length - 1)
                           from second in Gen.Choose(0, s_selectors.Length - 1)
                           from text in Gen.Elements("", "", "1", "u", "zone")
                           from state in Gen.Elements<GroupStates?>(null, null, GroupStates.None, GroupStates.Failed,
                               GroupStates.Expired, GroupStates.Expiring, GroupStates.Stale, GroupStates.Hidden)
                           from sort in Gen.Elements(Enum.GetValues<GroupSort>())
                           from down in Gen.Elements(true, false)
                           from limit in Gen.Choose(1, 5)
                           from age in Gen.Elements<int?>(null, null, 100)
                           select new Asked(first, second, text, state, sort, down, limit, age);
        return Prop.ForAll(Gen.ListOf(made).Two().ToArbitrary(), asked.ToArbitrary(), (groups, question) =>
            Agrees([.. groups.Item1, .. groups.Item2], question));
    }

    [Fact]
    public async Task A_cursor_goes_on_where_its_group_was()
    {
        var gateway = new Harness();
        for (int i = 0; i < 6; i++)
        {
            gateway.Put(Harness.Key("job", $"j{i}"), string.Concat(Enumerable.Range(0, i + 1).Select(n => $"a{n} 1\n")));
        }

        var finder = FinderOf(gateway.Store);
        FoundGroups first = await finder.FindAsync(new GroupQuery { Sort = GroupSort.Series, Descending = true, Limit = 2 });
        Assert.Equal(["j5", "j4"], first.Groups.Select(static group => Job(group.Key)));
        Assert.Equal((6, 33), (first.Total, first.Series));
        gateway.Store.Delete(Harness.Key("job", "j4"));
        string text = first.Next!.ToString();
        Assert.StartsWith("series.7.", text, StringComparison.Ordinal);
        Assert.True(GroupCursor.TryParse(text, GroupSort.Series, out GroupCursor? after));
        Assert.False(GroupCursor.TryParse(text, GroupSort.Size, out _));
        Assert.False(GroupCursor.TryParse(text, GroupSort.Key, out _));
        FoundGroups second = await finder.FindAsync(
            new GroupQuery { Sort = GroupSort.Series, Descending = true, Limit = 2, After = after });
        Assert.Equal(["j3", "j2"], second.Groups.Select(static group => Job(group.Key)));
    }

    [Fact]
    public async Task A_row_says_what_set_the_expiry_and_what_is_hidden()
    {
        var gateway = new Harness(check: false, rules: [ExpiryRule.Parse("{job=~\"flink.*\"}=2m"), ExpiryRule.Parse("26h")]);
        gateway.Put(Harness.Key("job", "a"), "# TYPE m counter\nm 1\n");
        gateway.Put(Harness.Key("job", "flink-1"), "# TYPE m gauge\nm 1\n");
        gateway.Push(Harness.Key("job", "own"), "b 1\n", PushMode.Replace, new PushDetails(ExpireAfter: TimeSpan.Zero));
        FoundGroups found = await FinderOf(gateway.Store).FindAsync(new GroupQuery { Sort = GroupSort.Trouble, Descending = true });
        FoundGroup worst = found.Groups[0];
        Assert.Equal(("flink-1", "{job=~\"flink.*\"}=2m0s", GroupStates.Hidden), (Job(worst.Key), worst.ExpiryRule, worst.States));
        Assert.Equal((1, "m"), (worst.HiddenCount, worst.Hidden[0].Name));
        Assert.Contains("COUNTER", worst.Hidden[0].Reason.ToUpperInvariant(), StringComparison.Ordinal);
        Assert.Equal(["26h0m0s", "push"], found.Groups.Skip(1).OrderBy(static group => Job(group.Key)).Select(static g => g.ExpiryRule));
        Assert.Equal(0, found.Groups.Single(static group => Job(group.Key) == "own").ExpiresAt);
    }

    // What is pushed to every two seconds, and would expire after two minutes, is not about to.
    [Fact]
    public async Task A_group_expires_soon_when_more_than_half_of_its_time_is_over()
    {
        var gateway = new Harness(rules: [ExpiryRule.Parse("2m")]);
        gateway.Put(Harness.Key("job", "a"), "a 1\n");
        var expiring = new GroupQuery { State = GroupStates.Expiring };
        Assert.Equal(0, (await FinderOf(gateway.Store).FindAsync(expiring)).Total);
        gateway.Clock.Advance(61);
        Assert.Equal(1, (await FinderOf(gateway.Store).FindAsync(expiring)).Total);
    }

    [Fact]
    public async Task Jobs_are_summed_up_and_come_in_pages()
    {
        var gateway = new Harness();
        for (int i = 0; i < 40; i++)
        {
            gateway.Put(Harness.Key("a", $"{i % 7}{i}", "job", $"j{i % 10}"), "m 1\n");
        }

        gateway.Push(Harness.Key("a", "00", "job", "j0"), "m 1 5\n", PushMode.Replace);
        gateway.Push(Harness.Key("job", "never"), "m 1 5\n", PushMode.Replace);
        var finder = FinderOf(gateway.Store);
        (IReadOnlyList<FoundJob> all, bool more) = await finder.FindJobsAsync(new GroupQuery(), null, 100);
        Assert.False(more);
        Assert.Equal([.. Enumerable.Range(0, 10).Select(static i => $"j{i}"), "never"], all.Select(static job => job.Job));
        Assert.Equal((4, 1, 12), (all[0].Groups, all[0].Failed, all[0].Series));
        Assert.Equal((1_700_000_001.0, 1_700_000_031.0), (all[0].OldestPush, all[0].NewestPush));
        Assert.Equal((1, 1, 0.0, 0.0), (all[^1].Groups, all[^1].Failed, all[^1].NewestPush, all[^1].OldestPush));
        Assert.Equal(gateway.Store.StoredBytes, all.Sum(static job => job.Bytes));
        for (int limit = 1; limit < 13; limit++)
        {
            var paged = new List<FoundJob>();
            more = true;
            for (string? after = null; more; after = paged[^1].Job)
            {
                (IReadOnlyList<FoundJob> page, more) = await finder.FindJobsAsync(new GroupQuery(), after, limit);
                Assert.InRange(page.Count, 1, limit);
                paged.AddRange(page);
            }

            Assert.Equal(all, paged);
        }
    }

    [Fact]
    public async Task A_search_ends_when_nobody_waits_for_it()
    {
        var gateway = new Harness();
        for (int i = 0; i < 20_000; i++)
        {
            gateway.Put(Harness.Key("job", $"j{i}"), "m 1\n");
        }

        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                await FinderOf(gateway.Store).FindAsync(new GroupQuery { Sort = GroupSort.Trouble, Limit = 5 }, gone.Token);
            }
        });
    }

    private static bool Agrees(List<Made> made, Asked asked)
    {
        var gateway = new Harness();
        foreach (Made group in made)
        {
            GroupingKey key = group.Zone is null
                ? Harness.Key("job", $"j{group.Job}") : Harness.Key("job", $"j{group.Job}", "zone", group.Zone);
            string body = string.Concat(Enumerable.Range(0, group.Series).Select(i => $"m{{n=\"{i}\"}} 1{(group.Fails ? " 5" : "")}\n"));
            gateway.Push(key, body, PushMode.Replace, new PushDetails(
                ExpireAfter: group.Expire is { } expire ? TimeSpan.FromSeconds(expire) : null));
            gateway.Clock.Advance(group.Wait);
        }

        GroupSelector[] selectors = [.. new[] { asked.First, asked.Second }.Select(static i => s_selectors[i])
            .OfType<string>().Select(GroupSelector.Parse)];
        var query = new GroupQuery
        {
            Selectors = selectors,
            Text = asked.Text,
            State = asked.State,
            Sort = asked.Sort,
            Descending = asked.Descending,
            Limit = asked.Limit,
            OlderThan = asked.Age is { } age ? TimeSpan.FromSeconds(age) : null,
        };
        List<GroupingKey> expected = [.. Expected(gateway, query)];
        var paged = new List<GroupingKey>();
        GroupCursor? after = null;
        do
        {
            var page = new GroupQuery
            {
                Selectors = selectors,
                Text = query.Text,
                State = query.State,
                Sort = query.Sort,
                Descending = query.Descending,
                Limit = query.Limit,
                OlderThan = query.OlderThan,
                After = after,
            };
            ValueTask<FoundGroups> finding = FinderOf(gateway.Store).FindAsync(page);
            FoundGroups found = finding.AsTask().GetAwaiter().GetResult();
            if (found.Total != expected.Count || found.Groups.Count > query.Limit)
            {
                return false;
            }

            paged.AddRange(found.Groups.Select(static group => group.Key));
            after = found.Next is null ? null
                : GroupCursor.TryParse(found.Next.ToString(), query.Sort, out GroupCursor? read) ? read : throw new FormatException();
        }
        while (after is not null && paged.Count <= expected.Count);
        return expected.SequenceEqual(paged);
    }

    private static IEnumerable<GroupingKey> Expected(Harness gateway, GroupQuery query)
    {
        double now = (gateway.Clock.Now - DateTimeOffset.UnixEpoch).TotalSeconds;
        IEnumerable<(GroupInfo Group, long Size)> all = gateway.Store.GetGroups()
            .Select(group => (group, gateway.Group(group.Key)!.Size))
            .Where(found => query.Selectors.Count == 0 || query.Selectors.Any(one => one.Matches(found.group.Key)))
            .Where(found => query.Text.Length == 0 || Labels(found.group.Key).Any(
                label => label.Value.Contains(query.Text, StringComparison.Ordinal)))
            .Where(found => query.OlderThan is not { } age
                || now - Seconds(found.group.PushedAt ?? found.group.FailedAt) > age.TotalSeconds)
            .Where(found => query.State is not { } state
                || (state == GroupStates.None ? States(found.group, now) == 0 : (States(found.group, now) & state) != 0));
        Func<(GroupInfo Group, long Size), IComparable> by = query.Sort switch
        {
            GroupSort.Job => static found => new Ordinal(Job(found.Group.Key)),
            GroupSort.Trouble => found => Trouble(found.Group, now),
            GroupSort.Pushed => static found => found.Group.PushedAt ?? DateTimeOffset.MinValue,
            GroupSort.Expires => static found => found.Group.ExpiresAt ?? DateTimeOffset.MaxValue,
            GroupSort.Series => static found => found.Group.Families.Sum(static family => family.SeriesCount),
            GroupSort.Size => static found => found.Size,
            _ => static found => found.Group.Key is { } ? 0 : 1,
        };
        return query.Sort == GroupSort.Key
            ? query.Descending ? all.Select(static f => f.Group.Key).OrderDescending() : all.Select(static f => f.Group.Key).Order()
            : (query.Descending ? all.OrderByDescending(by) : all.OrderBy(by)).ThenBy(static f => f.Group.Key)
                .Select(static f => f.Group.Key);
    }

    private static (int Rank, double Time) Trouble(GroupInfo group, double now)
    {
        GroupStates states = States(group, now);
        return (states & GroupStates.Failed) != 0 ? (5, Seconds(group.FailedAt))
            : (states & GroupStates.Expired) != 0 ? (4, Seconds(group.ExpiresAt))
            : (states & GroupStates.Expiring) != 0 ? (2, -Seconds(group.ExpiresAt))
            : (states & GroupStates.Stale) != 0 ? (1, Seconds(group.PushedAt)) : (0, 0);
    }

    private static GroupStates States(GroupInfo group, double now)
    {
        double pushed = Seconds(group.PushedAt);
        double since = group.PushedAt is null ? Seconds(group.FailedAt) : pushed;
        double left = group.ExpiresAt is { } at && !group.IsExpired ? Seconds(at) - now : double.MaxValue;
        return (Seconds(group.FailedAt) > pushed ? GroupStates.Failed : 0) | (group.IsExpired ? GroupStates.Expired : 0)
            | (left <= 900 && left < now - since ? GroupStates.Expiring : 0) | (now - since > 86_400 ? GroupStates.Stale : 0);
    }

    private static double Seconds(DateTimeOffset? time) => time is { } at ? (at - DateTimeOffset.UnixEpoch).TotalSeconds : 0;

    private static GroupFinder FinderOf(MetricStore store) => new(store.State, store.Reads);

    private static string Job(GroupingKey key) => Encoding.UTF8.GetString(key.Job);

    private static List<(string Name, string Value)> Labels(GroupingKey key)
    {
        var labels = new List<(string, string)>();
        foreach (GroupingLabel label in key.Labels)
        {
            labels.Add((Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value)));
        }

        return labels;
    }

    private sealed record Ordinal(string Text) : IComparable
    {
        public int CompareTo(object? obj) => string.CompareOrdinal(Text, ((Ordinal)obj!).Text);
    }
}
