using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>A client that behaves: small pushes over one connection, each timed.</summary>
internal static class GoodPusher
{
    // So many have a hundredth that says something, also where the machine has so much to do that the end comes sooner.
    private const int Least = 200;

    /// <summary>Pushes until the end, on a thread of its own: what is measured is the server, not the queue of this process.</summary>
    /// <returns>The milliseconds of each push.</returns>
    public static Task<List<double>> StartAsync(int port, string job, CancellationToken end) =>
        Task.Factory.StartNew(() => Push(port, job, end), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Sorts the times and looks at the last hundredth.</summary>
    public static double Percentile99(List<double> latencies)
    {
        latencies.Sort();
        return latencies[latencies.Count * 99 / 100];
    }

    /// <summary>
    /// Fails where the pusher had to wait for the others. Where the machine has other work to do every pusher has to wait, which is why one
    /// beside it shows how long; a quarter of a second is nothing that a client would notice, and what one turn of a few busy processes
    /// costs.
    /// </summary>
    /// <param name="latencies">Beside the others.</param>
    /// <param name="alone">What 99 of 100 took at the same time without them.</param>
    public static void AssertNotDisturbed(List<double> latencies, double alone) =>
        Assert.InRange(Percentile99(latencies), 0, Math.Max(250, 10 * alone));

    private static List<double> Push(int port, string job, CancellationToken end)
    {
        var latencies = new List<double>();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        var buffer = new byte[4096];
        while (!end.IsCancellationRequested || latencies.Count < Least)
        {
            var body = $"{job} {latencies.Count + 1}\n" + string.Concat(Enumerable.Range(0, 10).Select(static i =>
                $"rows_processed_total{{table=\"table_{i}\",stage=\"load\",worker=\"w-01\",shard=\"{i}\",region=\"eu\"}} {i * 17}\n"));
            var request = Encoding.ASCII.GetBytes(
                $"PUT /metrics/job/{job} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            var watch = Stopwatch.StartNew();
            socket.Send(request);
            var count = socket.Receive(buffer);
            latencies.Add(watch.Elapsed.TotalMilliseconds);
            Assert.StartsWith("HTTP/1.1 200 OK", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
            Thread.Sleep(5);
        }

        return latencies;
    }
}
