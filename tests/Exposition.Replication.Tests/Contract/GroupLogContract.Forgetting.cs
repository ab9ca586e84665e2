namespace Exposition.Replication.Tests.Contract;

// What a log forgets by itself, by a wipe, or as a whole.
public abstract partial class GroupLogContract
{
    [Fact]
    public async Task An_entry_that_has_lived_its_time_is_there_no_more()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await CommitAsync(log, Entry("g.stays", "stays"));
        var mortal = await CommitAsync(log, Entry("g.goes", "goes"), 0, TimeSpan.FromSeconds(1));
        await using var reading = new Reading(log);
        Assert.Equal(["stays", "goes"], (await reading.UntilCaughtUpAsync()).Select(BodyOf));
        while (await log.FindAsync("g.goes", Stop) is not null)
        {
            await Task.Delay(100, Stop);
        }

        var conflict = await log.AppendAsync(Entry("g.goes", "wrong"), mortal, null, Stop);
        Assert.Equal((AppendOutcome.Conflict, 0), (conflict.Outcome, conflict.Revision));

        // Nothing of the newest entries is left to be read: who comes now has caught up all the same.
        await using var later = new Reading(log);
        Assert.Equal(["stays"], (await later.UntilCaughtUpAsync()).Select(BodyOf));
        await CommitAsync(log, Entry("g.goes", "again"), 0);
        Assert.Equal("again", BodyOf((await later.EntriesAsync(1))[0]));
        Assert.Equal("again", BodyOf((await reading.EntriesAsync(1))[0]));
    }

    [Fact]
    public async Task A_tombstone_takes_the_place_of_an_entry_until_its_own_time_has_come()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        var state = await CommitAsync(log, Entry("g.a", "state"), 0);
        var tombstone = await CommitAsync(log, Entry("g.a", "gone"), state, TimeSpan.FromSeconds(2));
        await using var reading = new Reading(log);
        Assert.Equal(["gone"], (await reading.UntilCaughtUpAsync()).Select(BodyOf));
        var stale = await log.AppendAsync(Entry("g.a", "stale"), state, null, Stop);
        Assert.Equal((AppendOutcome.Conflict, tombstone), (stale.Outcome, stale.Revision));
        while (await log.FindAsync("g.a", Stop) is not null)
        {
            await Task.Delay(100, Stop);
        }

        Assert.Empty(await log.StampsAsync(Stop).ToListAsync(Stop));
    }

    [Fact]
    public async Task A_wipe_forgets_all_that_was_before_it_in_one_step()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await using var live = new Reading(log);
        for (var i = 0; i < 20; i++)
        {
            await CommitAsync(log, Entry($"g.{i}", $"{i}"));
        }

        await live.EntriesAsync(20);
        var wiped = await log.WipeAsync(Entry("m", "wiped"), 0, Stop);
        Assert.Equal(AppendOutcome.Committed, wiped.Outcome);
        var given = await live.EntriesAsync(1);
        await CommitAsync(log, Entry("g.1", "after"), 0);
        given.AddRange(await live.EntriesAsync(1));
        Assert.Equal(["wiped", "after"], given.Select(BodyOf));
        Assert.Equal(wiped.Revision, given[0].Revision);
        await using var later = new Reading(log);
        Assert.Equal(["wiped", "after"], (await later.UntilCaughtUpAsync()).Select(BodyOf));
        Assert.Null(await log.FindAsync("g.2", Stop));
    }

    [Fact]
    public async Task A_wipe_that_conflicts_forgets_nothing()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        var meta = await CommitAsync(log, Entry("m", "meta"), 0);
        await CommitAsync(log, Entry("g.a", "a"), 0);
        var conflict = await log.WipeAsync(Entry("m", "wiped"), meta + 7, Stop);
        Assert.Equal((AppendOutcome.Conflict, meta), (conflict.Outcome, conflict.Revision));
        await using var reading = new Reading(log);
        Assert.Equal(["meta", "a"], (await reading.UntilCaughtUpAsync()).Select(BodyOf));
    }

    [Fact]
    public async Task A_log_that_was_deleted_is_another_one_afterwards_and_its_readers_are_told()
    {
        await using var engine = await StartAsync();
        await using var log = engine.Connect();
        var before = await log.OpenAsync(Stop);
        for (var i = 0; i < 5; i++)
        {
            await CommitAsync(log, Entry($"g.{i}"));
        }

        await using var reading = new Reading(log);
        await reading.UntilCaughtUpAsync();
        await engine.DeleteLogAsync();
        await Assert.ThrowsAsync<LogRestartedException>(reading.NextAsync);

        var after = await log.OpenAsync(Stop);
        Assert.NotEqual(before.Incarnation, after.Incarnation);
        await CommitAsync(log, Entry("g.new", "new"), 0);
        await using var anew = new Reading(log);
        Assert.Equal(["new"], (await anew.UntilCaughtUpAsync()).Select(BodyOf));
    }

    [Fact]
    public async Task A_reader_that_knows_more_than_the_log_has_is_told_so()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        var last = await CommitAsync(log, Entry("g.a"));
        await using var reading = new Reading(log, last + 100);
        await Assert.ThrowsAsync<LogRestartedException>(reading.NextAsync);
    }
}
