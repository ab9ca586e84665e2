using Exposition.Engine.Finding;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Engine.Tests;

/// <summary>Which groups are overdue, as it is counted and listed.</summary>
public sealed class OverdueGroupsTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b");

    [Fact]
    public async Task A_group_is_overdue_from_its_time_on_to_its_next_push()
    {
        Harness gateway = With("{job=~\"a|x\"}=10s");
        for (int i = 0; i < 4; i++)
        {
            gateway.Put(s_a, $"x {i}\n");
        }

        gateway.Put(s_b, "x 1\n");
        gateway.Clock.Advance(9);
        Assert.Equal(0, gateway.Store.OverdueGroups);
        FoundGroup inTime = (await FindAsync(gateway, null)).Groups[0];
        Assert.Equal((GroupStates.None, "{job=~\"a|x\"}=10s", false), (inTime.States, inTime.Expected!.Rule, inTime.Expected.IsOverdue));
        gateway.Clock.Advance(0.001);
        Assert.Equal(1, gateway.Store.OverdueGroups);
        FoundGroups found = await FindAsync(gateway, GroupStates.Overdue);
        FoundGroup late = Assert.Single(found.Groups);
        Assert.Equal((s_a, GroupStates.Overdue, true), (late.Key, late.States, late.Expected!.IsOverdue));
        Assert.Equal(((DateTimeOffset)late.PushedAt!).AddSeconds(10), DateTimeOffset.UnixEpoch.AddTicks(late.Expected.DueAt / 100));
        Assert.Null((await FindAsync(gateway, GroupStates.None)).Groups[0].Expected);

        // A push that is refused is none; a good one is, though it might have gone the short way.
        gateway.Put(s_a, "x y\n");
        Assert.Equal(1, gateway.Store.OverdueGroups);
        gateway.Put(s_a, "x 7\n");
        Assert.Equal(0, gateway.Store.OverdueGroups);
        gateway.Clock.Advance(11);
        Assert.Equal(1, gateway.Store.OverdueGroups);
    }

    [Fact]
    public void Groups_that_go_count_no_more()
    {
        Harness gateway = With("1m");
        gateway.Put(s_a, "x 1\n");
        gateway.Put(s_b, "x 1\n");
        gateway.Clock.Advance(100);
        Assert.Equal(2, gateway.Store.OverdueGroups);
        gateway.Store.Delete(s_a);
        Assert.Equal(1, gateway.Store.OverdueGroups);
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(100);
        Assert.Equal(2, gateway.Store.OverdueGroups);
        gateway.Store.Delete(GroupSelector.Parse("{job=\"b\"}"));
        Assert.Equal(1, gateway.Store.OverdueGroups);
        gateway.Store.Wipe();
        Assert.Equal(0, gateway.Store.OverdueGroups);
        gateway.Put(s_a, "x 1\n");
        gateway.Clock.Advance(100);
        Assert.Equal(1, gateway.Store.OverdueGroups);
    }

    [Fact]
    public async Task A_group_that_a_rule_names_and_that_never_came_is_listed_as_missing()
    {
        Harness gateway = With("{job=\"a\",zone=\"eu\"}=10s", "{job=\"b\"}=20s", "{job=~\"c\"}=1s");
        FoundGroups found = await FindAsync(gateway, null);
        Assert.Equal(["{job=\"a\",zone=\"eu\"}=10s False 0", "{job=\"b\"}=20s False 0"], Missing(found));
        Assert.Empty(found.Groups);
        Assert.Empty(Missing(await FindAsync(gateway, GroupStates.Overdue)));
        gateway.Clock.Advance(11);
        Assert.Equal(["{job=\"a\",zone=\"eu\"}=10s True 0"], Missing(await FindAsync(gateway, GroupStates.Overdue)));
        Assert.Empty(Missing(await FindAsync(gateway, GroupStates.Failed)));
        Assert.Equal(0, gateway.Store.OverdueGroups);

        // With another label it is one of the rule all the same; when it has gone its last push is known.
        GroupingKey more = Harness.Key("job", "b", "host", "h");
        gateway.Put(more, "x 1\n");
        Assert.Equal(["{job=\"a\",zone=\"eu\"}=10s True 0"], Missing(await FindAsync(gateway, null)));
        long pushed = (gateway.Clock.Now - DateTimeOffset.UnixEpoch).Ticks * 100;
        gateway.Store.Delete(more);
        Assert.Equal(["{job=\"a\",zone=\"eu\"}=10s True 0", $"{{job=\"b\"}}=20s False {pushed}"], Missing(await FindAsync(gateway, null)));
        Assert.Equal($"{{job=\"b\"}}=20s False {pushed}", Assert.Single(Missing(await FinderOf(gateway).FindAsync(
            new GroupQuery { Selectors = [GroupSelector.Parse("{job=\"b\"}")], Limit = 10 }))));
    }

    [Fact]
    public void Groups_that_come_and_go_leave_nothing_waiting()
    {
        Harness gateway = With("1000h");
        for (int i = 0; i < 50; i++)
        {
            gateway.Put(s_a, "x 1\n");
            gateway.Put(s_b, "x 1\n");
            gateway.Store.Delete(s_a);
        }

        Assert.Equal(1, gateway.Store.State.Overdue!.Waiting);
    }

    /// <summary>The list of a scrape, which looks at all groups, is the oracle.</summary>
    [Property(MaxTest = 200)]
    public Property The_count_is_always_that_of_a_scrape()
    {
        Gen<(int What, int Group, int Wait)> step = from what in Gen.Choose(0, 9)
                                                    from @group in Gen.Choose(0, 4)
                                                    from wait in Gen.Elements(0, 1, 5, 9, 30)
                                                    select (what, @group, wait);
        return Prop.ForAll(Gen.ListOf(step).ToArbitrary(), steps =>
        {
            var gateway = new Harness(
                expectations: [PushExpectation.Parse("{job=~\"j[01]\"}=10s"), PushExpectation.Parse("{job=~\"j[23]\"}=25s")],
                grace: TimeSpan.FromSeconds(20), rules: new ExpiryRule(GroupSelector.Parse("{job=\"j1\"}"), TimeSpan.FromSeconds(12)));
            foreach ((int what, int number, int wait) in steps)
            {
                GroupingKey key = Harness.Key("job", $"j{number}");
                switch (what)
                {
                    case 0:
                        gateway.Store.Delete(key);
                        break;
                    case 1:
                        gateway.Store.Wipe();
                        break;
                    case 2:
                        gateway.Store.Delete(GroupSelector.Parse("{job=~\"j[13]\"}"));
                        break;
                    case 3:
                        gateway.Put(key, "x 1\nx 1\n");
                        break;
                    case 4:
                        gateway.Put(key, "x y\n");
                        break;
                    default:
                        gateway.Put(key, $"x {wait}\n");
                        break;
                }

                gateway.Clock.Advance(wait);
                long shown = gateway.Text().Split('\n').Count(static line =>
                    line.StartsWith("push_overdue{", StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal));
                Assert.Equal(shown, gateway.Store.OverdueGroups);
                Recount.Check(gateway.Store);
            }
        });
    }

    private static Harness With(params string[] rules) => new(expectations: [.. rules.Select(PushExpectation.Parse)]);

    private static GroupFinder FinderOf(Harness gateway) => new(gateway.Store.State, gateway.Store.Reads);

    private static async Task<FoundGroups> FindAsync(Harness gateway, GroupStates? state) =>
        await FinderOf(gateway).FindAsync(new GroupQuery { State = state, Limit = 10 });

    private static IEnumerable<string> Missing(FoundGroups found) =>
        found.Missing.Select(static expected => $"{expected.Rule} {expected.IsOverdue} {expected.PushedAt}");
}
