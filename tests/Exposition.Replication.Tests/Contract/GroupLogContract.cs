namespace Exposition.Replication.Tests.Contract;

/// <summary>What <see cref="IGroupLog"/> promises, for whatever engine is behind it.</summary>
public abstract partial class GroupLogContract
{
    private static readonly Guid s_node = Guid.NewGuid();
    private static long s_number;

    /// <summary>An engine with an empty log of its own.</summary>
    protected abstract Task<ILogEngine> StartAsync();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static LogEntry Entry(string subject, string body = "") => new(
        subject, new OperationId(s_node, Interlocked.Increment(ref s_number)), s_number * 1_000_000_007,
        System.Text.Encoding.UTF8.GetBytes(body));

    private static async Task<long> CommitAsync(IGroupLog log, LogEntry entry, long? expected = null, TimeSpan? timeToLive = null)
    {
        var appended = await log.AppendAsync(entry, expected, timeToLive, Stop);
        Assert.Equal(AppendOutcome.Committed, appended.Outcome);
        return appended.Revision;
    }

    private static async Task<IGroupLog> OpenAsync(ILogEngine engine)
    {
        var log = engine.Connect();
        await log.OpenAsync(Stop);
        return log;
    }

    private static string BodyOf(LogEvent entry) => System.Text.Encoding.UTF8.GetString(entry.Entry.Body.Span);

    [Fact]
    public async Task A_log_is_created_once_and_is_the_same_for_all()
    {
        await using var engine = await StartAsync();
        await using var first = engine.Connect();
        var created = await first.OpenAsync(Stop);
        var revision = await CommitAsync(first, Entry("g.a"));
        await using var second = engine.Connect();
        var found = await second.OpenAsync(Stop);

        Assert.Equal(0, created.LastRevision);
        Assert.Equal(new LogHead(created.Incarnation, revision), found);
        Assert.Equal(found, await first.OpenAsync(Stop));
    }

    [Fact]
    public async Task Entries_are_given_whole_in_the_order_of_their_revisions_before_and_after_catching_up()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        var sent = Enumerable.Range(0, 40).Select(static i => Entry($"g.{i}", $"body {i}")).ToArray();
        var revisions = new List<long>();
        foreach (var entry in sent.Take(20))
        {
            revisions.Add(await CommitAsync(log, entry, 0));
        }

        await using var reading = new Reading(log);
        var given = await reading.UntilCaughtUpAsync();
        foreach (var entry in sent.Skip(20))
        {
            revisions.Add(await CommitAsync(log, entry));
        }

        given.AddRange(await reading.EntriesAsync(20));
        Assert.Equal(revisions.Order(), revisions);
        Assert.Equal(revisions, given.Select(static e => e.Revision));
        Assert.Equal(
            sent.Select(static e => (e.Subject, e.Operation, e.Stamp)),
            given.Select(static e => (e.Entry.Subject, e.Entry.Operation, e.Entry.Stamp)));
        Assert.Equal(sent.Select(static e => System.Text.Encoding.UTF8.GetString(e.Body.Span)), given.Select(BodyOf));
    }

    [Fact]
    public async Task A_reader_of_an_empty_log_has_caught_up_at_once_and_is_given_signs_of_life()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await using var reading = new Reading(log);

        Assert.Equal(LogEventKind.CaughtUp, (await reading.NextOfAnyKindAsync()).Kind);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(LogEventKind.Alive, (await reading.NextOfAnyKindAsync()).Kind);
        }

        // Two seconds each are promised; a busy machine may take a while longer.
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public async Task Of_each_subject_a_later_reader_is_given_the_newest_entry()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        for (var i = 0; i < 30; i++)
        {
            await CommitAsync(log, Entry($"g.{i % 3}", $"{i}"));
        }

        await using var other = await OpenAsync(engine);
        await using var reading = new Reading(other);
        Assert.Equal(["27", "28", "29"], (await reading.UntilCaughtUpAsync()).Select(BodyOf));
    }

    [Fact]
    public async Task A_reader_resumes_after_the_revision_that_it_knows()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await CommitAsync(log, Entry("g.a", "1"));
        var known = await CommitAsync(log, Entry("g.b", "2"));
        await CommitAsync(log, Entry("g.a", "3"));
        await CommitAsync(log, Entry("g.c", "4"));

        await using var reading = new Reading(log, known);
        Assert.Equal(["3", "4"], (await reading.UntilCaughtUpAsync()).Select(BodyOf));
        var last = await CommitAsync(log, Entry("g.d", "5"));
        await using var atTheEnd = new Reading(log, last);
        Assert.Empty(await atTheEnd.UntilCaughtUpAsync());
    }

    [Fact]
    public async Task An_append_that_expects_another_revision_conflicts_and_changes_nothing()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        var first = await CommitAsync(log, Entry("g.a", "first"), 0);
        var second = await CommitAsync(log, Entry("g.a", "second"), first);

        foreach (var expected in new[] { 0L, first, second + 1 })
        {
            var appended = await log.AppendAsync(Entry("g.a", "wrong"), expected, null, Stop);
            Assert.Equal((AppendOutcome.Conflict, second), (appended.Outcome, appended.Revision));
        }

        var onNothing = await log.AppendAsync(Entry("g.b", "wrong"), second, null, Stop);
        Assert.Equal((AppendOutcome.Conflict, 0), (onNothing.Outcome, onNothing.Revision));
        await using var reading = new Reading(log);
        Assert.Equal(["second"], (await reading.UntilCaughtUpAsync()).Select(BodyOf));
        await CommitAsync(log, Entry("g.a", "whatever"), expected: null);
    }

    [Fact]
    public async Task Of_appends_at_the_same_time_with_the_same_expectation_one_is_committed()
    {
        const int Nodes = 4;
        const int Rounds = 25;
        await using var engine = await StartAsync();
        var logs = new List<IGroupLog>();
        for (var i = 0; i < Nodes; i++)
        {
            logs.Add(await OpenAsync(engine));
        }

        var expected = 0L;
        for (var round = 0; round < Rounds; round++)
        {
            var all = await Task.WhenAll(logs.Select((log, i) => log.AppendAsync(Entry("g.hot", $"{i}"), expected, null, Stop).AsTask()));
            var committed = Assert.Single(all, static a => a.Outcome == AppendOutcome.Committed);
            Assert.All(all, a => Assert.Equal(committed.Revision, a.Revision));
            Assert.Equal(Nodes - 1, all.Count(static a => a.Outcome == AppendOutcome.Conflict));
            expected = committed.Revision;
        }

        foreach (var log in logs)
        {
            await log.DisposeAsync();
        }
    }

    [Fact]
    public async Task Each_increment_by_compare_and_set_counts_once()
    {
        const int Nodes = 3;
        const int Increments = 20;
        await using var engine = await StartAsync();
        async Task IncrementAsync()
        {
            await using var log = await OpenAsync(engine);
            for (var done = 0; done < Increments;)
            {
                var found = await log.FindAsync("g.sum", Stop);
                var next = (found is { } f ? int.Parse(BodyOf(f), System.Globalization.CultureInfo.InvariantCulture) : 0) + 1;
                var appended = await log.AppendAsync(Entry("g.sum", $"{next}"), found?.Revision ?? 0, null, Stop);
                Assert.True(appended.Outcome is AppendOutcome.Committed or AppendOutcome.Conflict, appended.ToString());
                done += appended.Outcome == AppendOutcome.Committed ? 1 : 0;
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Nodes).Select(_ => IncrementAsync()));
        await using var last = await OpenAsync(engine);
        Assert.Equal($"{Nodes * Increments}", BodyOf((await last.FindAsync("g.sum", Stop))!.Value));
    }

    [Fact]
    public async Task The_newest_entry_of_a_subject_is_found_by_every_node()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        await using var other = await OpenAsync(engine);
        Assert.Null(await other.FindAsync("g.a", Stop));
        await CommitAsync(log, Entry("g.a", "old"));
        var entry = Entry("g.a", "new");
        var revision = await CommitAsync(log, entry);

        var found = (await other.FindAsync("g.a", Stop))!.Value;
        Assert.Equal((LogEventKind.Entry, revision, "new"), (found.Kind, found.Revision, BodyOf(found)));
        Assert.Equal((entry.Subject, entry.Operation, entry.Stamp), (found.Entry.Subject, found.Entry.Operation, found.Entry.Stamp));
        Assert.Null(await other.FindAsync("g.b", Stop));
    }

    [Fact]
    public async Task Stamps_are_those_of_the_newest_entries_without_bodies()
    {
        await using var engine = await StartAsync();
        await using var log = await OpenAsync(engine);
        Assert.Empty(await log.StampsAsync(Stop).ToListAsync(Stop));
        var expected = new List<LogStamp>();
        for (var i = 0; i < 700; i++)
        {
            var entry = Entry($"g.{i % 650}", new string('x', 100));
            expected.RemoveAll(stamp => stamp.Subject == entry.Subject);
            expected.Add(new LogStamp(entry.Subject, await CommitAsync(log, entry), entry.Operation, entry.Stamp));
        }

        Assert.Equal(expected, await log.StampsAsync(Stop).ToListAsync(Stop));
    }
}
