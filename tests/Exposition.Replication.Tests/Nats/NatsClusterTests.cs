using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Exposition.Replication.Nats;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Exposition.Replication.Tests.Nats;

// Writers add one to counters by compare-and-set, and know of each addition whether it counts. What an addition that was unknown has come to
// is asked for by its operation, as the replication does. So at the end each counter is what was answered, exactly. Two nodes read beside
// them all the time.

/// <summary>Three servers, of which each in turn dies, hangs, or loses its disk: nothing answered is lost, and all nodes read the same.</summary>
public sealed class NatsClusterTests
{
    private const int Counters = 6;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    private readonly Guid _node = Guid.NewGuid();
    private readonly ConcurrentDictionary<string, int> _added = [];
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

    // True once it is certain that it counts, false once it is certain that it does not.
    private async Task<bool> AddAsync(NatsGroupLog log, string subject)
    {
        try
        {
            var found = await log.FindAsync(subject, Stop);
            var value = (found is { } f ? Value(f) : 0) + 1;
            var entry = new LogEntry(
                subject, new OperationId(_node, Interlocked.Increment(ref _number)), 0, Encoding.ASCII.GetBytes($"{value}"));
            for (var tries = 0; tries < 100; tries++)
            {
                var appended = await log.AppendAsync(entry, found?.Revision ?? 0, null, Stop);
                switch (appended.Outcome)
                {
                    case AppendOutcome.Committed:
                        return true;
                    case AppendOutcome.Conflict when tries > 0:
                        return await IsMineOrAfterAsync(log, entry);
                    case AppendOutcome.Conflict:
                        return false;
                }

                await Task.Delay(50, Stop);
            }

            throw new TimeoutException("the engine has not answered for a hundred tries");
        }
        catch (LogUnavailableException)
        {
            // Only the look before it, so far.
            return false;
        }
    }

    // A conflict with one's own addition, or with a later one that was made upon it: the number says so, as nobody skips one.
    private static async Task<bool> IsMineOrAfterAsync(NatsGroupLog log, LogEntry entry)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                var found = (await log.FindAsync(entry.Subject, Stop))!.Value;
                if (found.Entry.Operation == entry.Operation)
                {
                    return true;
                }

                // Another took the same number, or mine was counted by who came next: which of both, the history of the mirrors says.
                return await WasSeenAsync(entry.Operation);
            }
            catch (LogUnavailableException) when (tries < 200)
            {
                await Task.Delay(100, Stop);
            }
        }
    }

    private static readonly ConcurrentDictionary<OperationId, bool> s_seen = [];

    private static async Task<bool> WasSeenAsync(OperationId operation)
    {
        await Task.Delay(3000, Stop);
        return s_seen.ContainsKey(operation);
    }

    private static int Value(LogEvent entry) => int.Parse(Encoding.ASCII.GetString(entry.Entry.Body.Span), CultureInfo.InvariantCulture);

    private async Task CompareAsync(NatsGroupLog[] nodes, Mirror[] mirrors)
    {
        await OpenAsync(nodes[0]);
        var fresh = new Mirror();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        await using (var reading = new Contract.Reading(nodes[0]))
        {
            foreach (var entry in await reading.UntilCaughtUpAsync())
            {
                fresh.Take(entry);
            }
        }

        Assert.Equal(_added.OrderBy(static a => a.Key).ToDictionary(), fresh.Values.OrderBy(static a => a.Key).ToDictionary());
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

        TestContext.Current.SendDiagnosticMessage($"{_commits} additions answered");
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
            Values[entry.Entry.Subject] = Value(entry);
            s_seen[entry.Entry.Operation] = true;
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
