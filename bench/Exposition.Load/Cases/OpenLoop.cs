using System.Diagnostics;
using Exposition.Load.Bodies;
using Exposition.Load.Measuring;
using Exposition.Load.Servers;
using Exposition.Load.Wire;

namespace Exposition.Load.Cases;

/// <summary>A group and what it was last sent.</summary>
internal sealed record LastPush(string Job, string Instance, byte[] Body);

/// <summary>What pushes at a fixed rate have shown.</summary>
/// <param name="Latencies">From when each was due to its answer; those not sent in time count with the time they had waited.</param>
/// <param name="Lateness">By how much the generator itself was late, where it had nothing else to do.</param>
/// <param name="Answered">How many were answered.</param>
/// <param name="Seconds">In this time.</param>
/// <param name="Last">What each connection pushed last.</param>
/// <param name="Error">What was answered otherwise than expected, if anything.</param>
internal sealed record OpenLoopResult(
    LatencyHistogram Latencies, LatencyHistogram Lateness, long Answered, double Seconds, IReadOnlyList<LastPush> Last, string? Error);

/// <summary>
/// Pushes at a fixed rate, whatever the server does: a push is due at its time, and its latency counts from then, so a server that stops
/// for a second is late for all pushes of that second. Each connection has groups of its own, in turn, and rewrites the body for each
/// push.
/// </summary>
internal sealed class OpenLoop(ServerSystem system, int port, PushBody body, string job, int connections, int groups)
{
    /// <summary>Pushes each group once, as fast as it goes.</summary>
    /// <exception cref="IOException">A push was not taken.</exception>
    public void Fill()
    {
        using var connection = new PushConnection(port);
        for (int group = 0; group < groups; group++)
        {
            int status = connection.Send(Head(group), body.Bytes);
            if (!system.IsTaken(status))
            {
                throw new IOException($"a push to fill the store was answered with {status}");
            }
        }
    }

    /// <summary>Pushes for some seconds; what is not sent by then never is.</summary>
    public OpenLoopResult Run(double rate, double seconds, int seed)
    {
        long total = (long)Math.Max(connections, rate * seconds);
        long start = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 20);
        var senders = new Sender[connections];
        for (int i = 0; i < connections; i++)
        {
            senders[i] = new Sender(this, i, start, Stopwatch.Frequency / rate, total, start + (long)(seconds * Stopwatch.Frequency), seed);
        }

        Thread[] threads = [.. senders.Select(static sender => new Thread(sender.Run) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        var latencies = new LatencyHistogram();
        var lateness = new LatencyHistogram();
        foreach (Sender sender in senders)
        {
            latencies.Add(sender.Latencies);
            lateness.Add(sender.Lateness);
        }

        return new OpenLoopResult(
            latencies, lateness, senders.Sum(static s => s.Answered),
            Math.Max(seconds, Stopwatch.GetElapsedTime(start, Math.Max(start, senders.Max(static s => s.Ended))).TotalSeconds),
            [.. senders.Select(static s => s.Last).OfType<LastPush>()],
            senders.Select(static s => s.Error).FirstOrDefault(static e => e is not null));
    }

    private byte[] Head(int group) => system.PushHead(job, $"i{group}", body.Bytes.Length);

    private sealed class Sender(OpenLoop loop, int number, long start, double period, long total, long end, int seed)
    {
        private readonly PushBody _body = loop.CopyOfBody();
        private readonly Random _random = new(seed + number);

        public LatencyHistogram Latencies { get; } = new();

        public LatencyHistogram Lateness { get; } = new();

        public long Answered { get; private set; }

        public long Ended { get; private set; }

        public LastPush? Last { get; private set; }

        public string? Error { get; private set; }

        public void Run()
        {
            PreciseSleep.PrepareThread();
            using var connection = new PushConnection(loop.Port);
            (int Group, byte[] Head)[] mine = [.. Enumerable.Range(0, loop.Groups).Where(group => group % loop.Connections == number)
                .Select(group => (group, loop.Head(group)))];
            int group = -1;
            try
            {
                long turn = 0;
                for (long i = number; i < total; i += loop.Connections)
                {
                    long due = start + (long)(i * period);
                    long now = Stopwatch.GetTimestamp();
                    if (now >= end)
                    {
                        RecordUnsent(i);
                        break;
                    }

                    _body.Rewrite(_random);
                    bool wasIdle = Stopwatch.GetTimestamp() < due;
                    PreciseSleep.Until(due);
                    if (wasIdle)
                    {
                        Lateness.Record(Nanoseconds(Stopwatch.GetTimestamp() - due));
                    }

                    (group, byte[] head) = mine[turn++ % mine.Length];
                    int status = connection.Send(head, _body.Bytes);
                    Ended = Stopwatch.GetTimestamp();
                    Latencies.Record(Nanoseconds(Ended - due));
                    Answered++;
                    if (!loop.IsTaken(status))
                    {
                        Error = $"a push was answered with {status}";
                        return;
                    }
                }

                Last = group < 0 ? null : new LastPush(loop.Job, $"i{group}", _body.Bytes);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
            {
                Error = e.Message;
            }
        }

        // As if they were answered at the end: their latencies are at least so long.
        private void RecordUnsent(long first)
        {
            for (long i = first; i < total; i += loop.Connections)
            {
                Latencies.Record(Nanoseconds(end - start - (long)(i * period)));
            }
        }

        private static long Nanoseconds(long ticks) => (long)(ticks * (1e9 / Stopwatch.Frequency));
    }

    private int Port => port;

    private int Groups => groups;

    private int Connections => connections;

    private string Job => job;

    private PushBody CopyOfBody() => body.Copy();

    private bool IsTaken(int status) => system.IsTaken(status);
}
