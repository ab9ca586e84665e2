namespace Exposition.Replication.Tests.Contract;

// What a log promises while its engine has a fault.
public abstract partial class GroupLogContract
{
    [Fact]
    public async Task An_append_whose_answer_was_lost_is_unknown_and_can_be_found_by_its_operation()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await using var other = await OpenAsync(engine);
        var entry = Entry("g.a", "answer lost");
        engine.LosesAnswers = true;
        var appended = await log.AppendAsync(entry, 0, null, Stop);
        Assert.Equal(AppendOutcome.Unknown, appended.Outcome);
        engine.LosesAnswers = false;

        await using var reading = new Reading(await OpenAgainAsync(log));
        var given = Assert.Single(await reading.UntilCaughtUpAsync());
        Assert.Equal(entry.Operation, given.Entry.Operation);
        var found = (await log.FindAsync("g.a", Stop))!.Value;
        Assert.Equal((entry.Operation, given.Revision), (found.Entry.Operation, found.Revision));

        // Who tries again is told of a conflict, with himself.
        var again = await log.AppendAsync(entry, 0, null, Stop);
        Assert.Equal((AppendOutcome.Conflict, found.Revision), (again.Outcome, again.Revision));
    }

    [Fact]
    public async Task An_append_that_is_not_waited_for_any_longer_is_unknown()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        engine.LosesAnswers = true;
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.Equal(AppendOutcome.Unknown, (await log.AppendAsync(Entry("g.a"), 0, null, patience.Token)).Outcome);
        engine.LosesAnswers = false;
    }

    [Fact]
    public async Task What_is_larger_than_the_engine_takes_is_refused_and_the_largest_is_not()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        Assert.InRange(log.MaxBytes, 1000, 64 << 20);
        var large = new byte[log.MaxBytes + 1];
        new Random(1).NextBytes(large);
        var subject = string.Concat(Enumerable.Repeat("g.0123456", 7));
        var operation = new OperationId(s_node, long.MaxValue);
        var refused = await log.AppendAsync(new LogEntry(subject, operation, long.MaxValue, large), 0, null, Stop);
        Assert.Equal(AppendOutcome.TooLarge, refused.Outcome);
        var largest = large.AsMemory(0, log.MaxBytes);
        await CommitAsync(log, new LogEntry(subject, operation, long.MaxValue, largest), 0, TimeSpan.FromDays(7));
        await using var reading = new Reading(log);
        var given = Assert.Single(await reading.UntilCaughtUpAsync());
        Assert.True(largest.Span.SequenceEqual(given.Entry.Body.Span));
        var found = (await log.FindAsync(subject, Stop))!.Value;
        Assert.True(largest.Span.SequenceEqual(found.Entry.Body.Span));
    }

    [Fact]
    public async Task What_was_committed_is_there_after_the_engine_was_killed_and_readers_go_on()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await using var live = new Reading(log, goesOn: true);
        for (var i = 0; i < 50; i++)
        {
            await CommitAsync(log, Entry($"g.{i}", $"{i}"));
        }

        await live.EntriesAsync(50);
        await engine.KillAsync();
        var away = await log.AppendAsync(Entry("g.away", "away"), 0, null, Stop);
        Assert.True(away.Outcome is AppendOutcome.Unavailable or AppendOutcome.Unknown, away.ToString());
        await engine.StartAgainAsync();

        await using var again = await OpenAsync(engine);
        await using var later = new Reading(again);
        var kept = (await later.UntilCaughtUpAsync()).Select(BodyOf).Where(static body => body != "away");
        Assert.Equal(Enumerable.Range(0, 50).Select(static i => $"{i}"), kept);
        await CommitAsync(again, Entry("g.after", "after"), 0);
        while (BodyOf((await live.EntriesAsync(1))[0]) is not "after" and var body)
        {
            Assert.Equal("away", body);
        }
    }

    [Fact]
    public async Task While_the_engine_is_away_all_say_so()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await using var reading = new Reading(log);
        await reading.UntilCaughtUpAsync();
        await engine.KillAsync();

        await using var late = engine.Connect();
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await late.OpenAsync(Stop));
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.FindAsync("g.a", Stop));
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.StampsAsync(Stop).ToListAsync(Stop));
        await Assert.ThrowsAsync<LogUnavailableException>(reading.NextAsync);
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.OpenAsync(Stop));
        var appended = await log.AppendAsync(Entry("g.a"), 0, null, Stop);
        Assert.Equal(AppendOutcome.Unavailable, appended.Outcome);

        await engine.StartAgainAsync();
        await OpenAgainAsync(log);
        await late.OpenAsync(Stop);
        await CommitAsync(late, Entry("g.a", "back"), 0);
        await using var anew = new Reading(log);
        Assert.Equal(["back"], (await anew.UntilCaughtUpAsync()).Select(BodyOf));
    }

    // As the replication does: until the engine answers.
    private static async Task<IGroupLog> OpenAgainAsync(IGroupLog log)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await log.OpenAsync(Stop);
                return log;
            }
            catch (LogUnavailableException) when (tries < 100)
            {
                await Task.Delay(100, Stop);
            }
        }
    }
}
