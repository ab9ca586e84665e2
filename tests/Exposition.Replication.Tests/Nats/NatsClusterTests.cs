using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Exposition.Replication.Nats;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Exposition.Replication.Tests.Nats;

// Writers add one to counters by compare-and-set. What an addition that was unknown has come to is asked for by its operation, as the
// replication does; where another addition has come upon it since, nobody can say. So at the end each counter is what was answered, but for
// those few. Two nodes read beside them all the time.

/// <summary>Three servers, of which each in turn dies, hangs, or loses its disk: nothing answered is lost, and all read the same.</summary>
public sealed class NatsClusterTests
{
    private const int Counters = 6;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly Guid _node = Guid.NewGuid();
    private readonly ConcurrentDictionary<string, int> _added = [];
    private readonly ConcurrentDictionary<string, int> _unsure = [];
    private long _number;
    private long _commits;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_that_was_answered_is_lost_whichever_server_dies_hangs_or_loses_its_disk()
    {
        var servers = await NatsServer.StartClusterAsync(3);
        var nodes = Enumerable.Range(0, 2).Select(_ => new NatsGroupLog(Options(servers))).ToArray();
        try
        {
            await OpenAsync(nodes[0]);
            await OpenAsync(nodes[1]);
            await RaceAsync(nodes);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            var mirrors = nodes.Select(_ => new Mirror()).ToArray();
            var reading = nodes.Select((node, i) => mirrors[i].FollowAsync(node, stop.Token)).ToArray();
            var writing = nodes.Select((node, i) => WriteAsync(node, i, stop.Token)).ToArray();

            await CommitsAsync("at the beginning");
            foreach (var server in servers)
            {
                await server.KillAsync();
                await CommitsAsync("with a server killed");
                await server.StartAgainAsync();
                await CommitsAsync("with all servers again");
                server.Pause();
                await CommitsAsync("with a server that hangs");
                server.Resume();
                await CommitsAsync("with all servers again");
            }

            await servers[0].LoseDiskAsync();
            await servers[0].StartAgainAsync();
            await CommitsAsync("after a disk was lost");
            await IsWholeAsync(servers);
            foreach (var server in servers)
            {
                await server.KillAsync();
            }

            await Task.WhenAll(servers.Select(static server => server.StartAgainAsync()));
            await CommitsAsync("after all servers were killed");

            await stop.CancelAsync();
            await Task.WhenAll([.. writing, .. reading]);
            await CompareAsync(nodes, mirrors);
        }
        finally
        {
            foreach (var node in nodes)
            {
                await node.DisposeAsync();
            }

            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    // Appends that meet in flight: the leader knows of both before either is committed.
    private async Task RaceAsync(NatsGroupLog[] nodes)
    {
        var expected = 0L;
        for (var round = 0; round < 30; round++)
        {
            var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => nodes[i % nodes.Length].AppendAsync(
                new LogEntry("race", NextOperation(), 0, default), expected, null, Stop).AsTask()));
            var committed = Assert.Single(all, static a => a.Outcome == AppendOutcome.Committed);
            Assert.All(all, a => Assert.Equal(
                (a.Equals(committed) ? AppendOutcome.Committed : AppendOutcome.Conflict, committed.Revision), (a.Outcome, a.Revision)));
            expected = committed.Revision;
        }
    }

    private static NatsReplicationOptions Options(NatsServer[] servers)
    {
        var options = new NatsReplicationOptions { Node = "cluster" };
        foreach (var server in servers)
        {
            options.Servers.Add(server.Address);
        }

        return options;
    }

    private static async Task OpenAsync(NatsGroupLog log)
    {
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            try
            {
                await log.OpenAsync(Stop);
                return;
            }
            catch (LogUnavailableException) when (watch.Elapsed < s_limit)
            {
                await Task.Delay(200, Stop);
            }
        }
    }

    // Ten more additions are answered: with two of three servers there is always somebody who can.
    private async Task CommitsAsync(string when)
    {
        var from = Interlocked.Read(ref _commits);
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); Interlocked.Read(ref _commits) < from + 10; await Task.Delay(20, Stop))
        {
            Assert.True(watch.Elapsed < s_limit, $"nothing was committed for a minute {when}");
        }
    }

    // A server whose disk was lost holds no vote of worth before it has got everything again.
    private static async Task IsWholeAsync(NatsServer[] servers)
    {
        await using var connection = new NatsConnection(
            NatsOpts.Default with { Url = string.Join(',', servers.Select(static server => server.Address.ToString())) });
        var context = new NatsJSContext(connection);
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); watch.Elapsed < s_limit; await Task.Delay(200, Stop))
        {
            try
            {
                var info = (await context.GetStreamAsync("EXPOSITION", cancellationToken: Stop)).Info;
                if (info.Cluster?.Replicas is { Count: 2 } others && others.All(static peer => peer is { Current: true, Offline: false }))
                {
                    return;
                }
            }
            catch (NatsException)
            {
                // There is no leader at the moment.
            }
        }

        Assert.Fail("the servers were not alike again within a minute");
    }

    private async Task WriteAsync(NatsGroupLog log, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
        {
            var subject = $"g.{random.Next(Counters)}";
            if (await AddAsync(log, subject))
            {
                _added.AddOrUpdate(subject, 1, static (_, sum) => sum + 1);
                Interlocked.Increment(ref _commits);
            }

            await Task.Delay(5, Stop);
        }
    }

    // True once it is certain that it counts. What is not certain is counted apart.
    private async Task<bool> AddAsync(NatsGroupLog log, string subject)
    {
        var found = await FindAsync(log, subject);
        var entry = new LogEntry(
            subject, NextOperation(), 0, Encoding.ASCII.GetBytes($"{(found is { } f ? Value(f) : 0) + 1}"));
        for (var wasUnknown = false; ; await Task.Delay(50, Stop))
        {
            var appended = await log.AppendAsync(entry, found?.Revision ?? 0, null, Stop);
            switch (appended.Outcome)
            {
                case AppendOutcome.Committed:
                    return true;
                case AppendOutcome.Conflict when !wasUnknown:
                    return false;
                case AppendOutcome.Conflict:
                    return await IsMineAsync(log, entry);
            }

            wasUnknown |= appended.Outcome == AppendOutcome.Unknown;
        }
    }

    // A conflict with one's own addition, or with that of another: either instead of it or upon it.
    private async Task<bool> IsMineAsync(NatsGroupLog log, LogEntry entry)
    {
        if ((await FindAsync(log, entry.Subject))!.Value.Entry.Operation == entry.Operation)
        {
            return true;
        }

        _unsure.AddOrUpdate(entry.Subject, 1, static (_, sum) => sum + 1);
        return false;
    }

    private static async Task<LogEvent?> FindAsync(NatsGroupLog log, string subject)
    {
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); ; await Task.Delay(100, Stop))
        {
            try
            {
                return await log.FindAsync(subject, Stop);
            }
            catch (LogUnavailableException) when (watch.Elapsed < s_limit)
            {
                // No leader at the moment.
            }
        }
    }

    private OperationId NextOperation() => new(_node, Interlocked.Increment(ref _number));

    private static int Value(LogEvent entry) => int.Parse(Encoding.ASCII.GetString(entry.Entry.Body.Span), CultureInfo.InvariantCulture);

    private async Task CompareAsync(NatsGroupLog[] nodes, Mirror[] mirrors)
    {
        await OpenAsync(nodes[0]);
        var fresh = new Mirror();
        await using (var reading = new Contract.Reading(nodes[0]))
        {
            foreach (var entry in await reading.UntilCaughtUpAsync())
            {
                fresh.Take(entry);
            }
        }

        Assert.All(_added, added => Assert.InRange(
            fresh.Values[added.Key], added.Value, added.Value + _unsure.GetValueOrDefault(added.Key)));
        foreach (var mirror in mirrors)
        {
            Assert.True(mirror.IsOrdered, "a revision came after a greater one");
            await using var reading = new Contract.Reading(nodes[0], mirror.Last);
            foreach (var entry in await reading.UntilCaughtUpAsync())
            {
                mirror.Take(entry);
            }

            Assert.Equal(fresh.Values.OrderBy(static a => a.Key), mirror.Values.OrderBy(static a => a.Key));
        }

        TestContext.Current.SendDiagnosticMessage($"{_commits} additions answered, {_unsure.Values.Sum()} unsure");
    }

    private sealed class Mirror
    {
        public ConcurrentDictionary<string, int> Values { get; } = [];

        public long Last { get; private set; }

        public bool IsOrdered { get; private set; } = true;

        public void Take(LogEvent entry)
        {
            IsOrdered &= entry.Revision > Last;
            Last = entry.Revision;
            if (entry.Entry.Subject.StartsWith("g.", StringComparison.Ordinal))
            {
                Values[entry.Entry.Subject] = Value(entry);
            }
        }

        public async Task FollowAsync(NatsGroupLog log, CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    await foreach (var next in log.ReadAsync(Last, stop))
                    {
                        if (next.Kind == LogEventKind.Entry)
                        {
                            Take(next);
                        }
                    }
                }
                catch (LogUnavailableException)
                {
                    await OpenAsync(log);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }
}
