using System.Diagnostics;
using Exposition.Load.Bodies;
using Exposition.Load.Measuring;
using Exposition.Load.Servers;
using Exposition.Load.Wire;

namespace Exposition.Load.Cases;

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
/// for a second is late for all pushes of that second.
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

    /// <summary>Pushes for some seconds, each connection to groups of its own; what is not sent by then never is.</summary>
    public OpenLoopResult Run(double rate, double seconds, int seed) => Run(
        rate, seconds, [.. Enumerable.Range(0, connections).Select(i => new ReplacingPushes(
            body.Copy(), new Random(seed + i), job,
            [.. Enumerable.Range(0, groups).Where(group => group % connections == i).Select(group => ($"i{group}", Head(group)))]))]);

    /// <summary>The same, with the pushes of each connection.</summary>
    public OpenLoopResult Run(double rate, double seconds, IReadOnlyList<IPushes> pushes)
    {
        long total = (long)Math.Max(connections, rate * seconds);
        long start = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 20);
        var senders = new Sender[connections];
        for (int i = 0; i < connections; i++)
        {
            senders[i] = new Sender(
                this, pushes[i], i, start, Stopwatch.Frequency / rate, total, start + (long)(seconds * Stopwatch.Frequency));
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
            [.. senders.Where(static s => s.Error is null).Select(static s => s.Last).OfType<LastPush>()],
            senders.Select(static s => s.Error).FirstOrDefault(static e => e is not null));
    }

    private byte[] Head(int group) => system.PushHead(job, $"i{group}", body.Bytes.Length);

    private sealed class Sender(OpenLoop loop, IPushes pushes, int number, long start, double period, long total, long end)
    {
        public LatencyHistogram Latencies { get; } = new();

        public LatencyHistogram Lateness { get; } = new();

        public long Answered { get; private set; }

        public long Ended { get; private set; }

        public LastPush? Last => pushes.Last;

        public string? Error { get; private set; }

        public void Run()
        {
            PreciseSleep.PrepareThread();
            using var connection = new PushConnection(loop.Port);
            try
            {
                for (long i = number; i < total; i += loop.Connections)
                {
                    long due = start + (long)(i * period);
                    long now = Stopwatch.GetTimestamp();
                    if (now >= end)
                    {
                        RecordUnsent(i);
                        break;
                    }

                    (byte[] head, byte[] body) = pushes.Next();
                    bool wasIdle = Stopwatch.GetTimestamp() < due;
                    PreciseSleep.Until(due);
                    if (wasIdle)
                    {
                        Lateness.Record(Nanoseconds(Stopwatch.GetTimestamp() - due));
                    }

                    int status = connection.Send(head, body);
                    Ended = Stopwatch.GetTimestamp();
                    Latencies.Record(Nanoseconds(Ended - due));
                    Answered++;
                    if (!loop.IsTaken(status))
                    {
                        Error = $"a push was answered with {status}";
                        return;
                    }

                    pushes.Taken();
                }
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

    private int Connections => connections;

    private bool IsTaken(int status) => system.IsTaken(status);
}
