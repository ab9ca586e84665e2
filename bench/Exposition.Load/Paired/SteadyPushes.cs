using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Formats;
using Exposition.Formats.Writing;
using Exposition.Load.Bodies;
using Exposition.Load.Servers;
using Exposition.Load.Wire;

namespace Exposition.Load.Paired;

/// <summary>What a round has shown.</summary>
/// <param name="CpuMicroseconds">Time of the server's processor for a push.</param>
/// <param name="PerSecond">Pushes that were answered.</param>
internal readonly record struct SteadyResult(double CpuMicroseconds, double PerSecond);

/// <summary>
/// Connections that push to groups of their own, the next when the last was answered: series that are there with other values, in one of
/// the ways that the Pushgateway has.
/// </summary>
internal sealed class SteadyPushes
{
    private const int Seed = 20260114;
    private const int Bodies = 8;
    private const int Connections = 4;
    private const int GroupsOfConnection = 25;

    private readonly byte[][] _bodies;
    private readonly byte[][][] _heads;

    private SteadyPushes(string name, string method, string type, byte[][] bodies)
    {
        Name = name;
        _bodies = bodies;
        _heads = [.. Enumerable.Range(0, Connections).Select(connection => Enumerable.Range(0, GroupsOfConnection).Select(
            group => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{method} /metrics/job/load/instance/c{connection}-{group} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {type}\r\n"
                    + $"Content-Length: {bodies[0].Length}\r\n\r\n"))).ToArray())];
    }

    /// <summary>The ways of today.</summary>
    public static IEnumerable<SteadyPushes> All
    {
        get
        {
            const string text = "text/plain; version=0.0.4; charset=utf-8";
            byte[][] small = Rewritten(SmallBody.Make());
            byte[][] flink = Rewritten(new FlinkTaskManager(0, 2, new Random(Seed)).Body);
            yield return new("PUT, 10 series", "PUT", text, small);
            yield return new("POST, 10 series", "POST", text, small);
            yield return new($"PUT, Flink, {flink[0].Length >> 10} KiB", "PUT", text, flink);
            yield return new(
                "PUT, the same in protobuf", "PUT",
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
                [.. flink.Select(Protobuf)]);
        }
    }

    public string Name { get; }

    /// <summary>Pushes for some seconds.</summary>
    /// <exception cref="IOException">A push was not taken.</exception>
    public SteadyResult Run(ServerProcess server, double seconds)
    {
        TimeSpan cpu = server.Cpu;
        long started = Stopwatch.GetTimestamp();
        long end = started + (long)(seconds * Stopwatch.Frequency);
        long[] counts = new long[Connections];
        string?[] errors = new string?[Connections];
        Thread[] threads = [.. Enumerable.Range(0, Connections).Select(connection => new Thread(
            () => errors[connection] = Push(server, _heads[connection], end, out counts[connection])))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        long pushes = counts.Sum();
        return Array.Find(errors, static error => error is not null) is { } error ? throw new IOException(error)
            : new SteadyResult((server.Cpu - cpu).TotalMicroseconds / pushes, pushes / Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private string? Push(ServerProcess server, byte[][] heads, long end, out long count)
    {
        count = 0;
        try
        {
            using var connection = new PushConnection(server.Port);
            do
            {
                // Another body for each group at each turn.
                int status = connection.Send(heads[count % heads.Length], _bodies[(count + (count / heads.Length)) % _bodies.Length]);
                if (!server.System.IsTaken(status))
                {
                    return $"{server.System.Name}: {Name}: a push was answered with {status}";
                }

                count++;
            }
            while (Stopwatch.GetTimestamp() < end);
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private static byte[][] Rewritten(PushBody body)
    {
        var random = new Random(Seed);
        return [.. Enumerable.Range(0, Bodies).Select(_ =>
        {
            body.Rewrite(random);
            return body.Copy().Bytes;
        })];
    }

    private static byte[] Protobuf(byte[] text)
    {
        var set = new FamilySet();
        if (!TextFormat.TryRead(text, new TextReadOptions(NameScheme.Legacy, Lenient: true), set, out FormatError error))
        {
            throw new FormatException(error.ToString());
        }

        var output = new ArrayBufferWriter<byte>();
        var writer = new FamilyOutput(ScrapeFormat.ProtobufDelimited, EscapingScheme.Underscores);
        for (int family = 0; family < set.Families.Length; family++)
        {
            writer.Write(set, family, isLast: true, output);
        }

        return output.WrittenSpan.ToArray();
    }
}
