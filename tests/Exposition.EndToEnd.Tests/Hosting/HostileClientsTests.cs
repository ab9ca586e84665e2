using System.Diagnostics;
using System.IO.Compression;
using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>
/// All that strangers can do to a port at once, for some seconds, while a pusher that behaves goes on beside them: it
/// must not notice, memory and descriptors stay bounded, and everything is given back afterwards.
/// </summary>
[Collection(nameof(Alone))]
public sealed class HostileClientsTests(ITestOutputHelper output)
{
    private const int Idle = 2000;
    private const long MaxResident = 700L << 20;
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(12);

    private int _port;

    [Fact]
    public async Task A_pusher_that_behaves_does_not_notice_them()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "memory and descriptors are read from /proc");
        await using var gateway = await GatewayProcess.StartAsync("--limit.head-timeout=2s", "--limit.body-timeout=3s", "--limit.idle-timeout=15s", "--limit.body-bytes=4MiB",
            "--limit.decoded-bytes=16MiB", "--limit.inflight-bytes=64MiB", "--limit.scrape-duration=3s", "--limit.connections=4000");
        _port = gateway.Port;
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(static i => $"stored{{series=\"{i}\",more=\"of the same\"}} {i}\n"));
        for (var i = 0; i < 4; i++)
        {
            // More than the kernel takes for a scraper that does not read.
            using var stored = await gateway.Client.PutAsync($"metrics/job/stored{i}", new StringContent(body));
            Assert.Equal(HttpStatusCode.OK, stored.StatusCode);
        }

        using var calm = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        var alone = Percentile99(await StartPusher("alone", calm.Token));

        var before = OpenFiles(gateway.ProcessId);
        using var end = new CancellationTokenSource(s_duration);
        var idle = new List<Socket>();
        for (var i = 0; i < Idle; i++)
        {
            idle.Add(await OpenAsync());
        }

        // On a thread of its own: what is measured is the server, not the queue of this process.
        var pusher = StartPusher("good", end.Token);
        Task[] attacks =
        [
            .. Many(100, () => DripAsync("PUT /metrics/job/slow HTTP/1.1\r\nHost: h\r\nX: ", end.Token)),
            .. Many(100, () => DripAsync("PUT /metrics/job/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", end.Token)),
            .. Many(50, () => DripAsync("PUT /metrics/job/slow HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\nTrailer: x\r\n\r\n", end.Token)),
            .. Many(2, () => FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyyy\r\n", end.Token)),
            .. Many(2, () => FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nX: ", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", end.Token)),
            .. Many(2, () => FloodAsync("GET /", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", end.Token)),
            .. Many(2, () => FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4;", "e=\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\";", end.Token)),
            .. Many(2, () => FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n", end.Token)),
            .. Many(2, () => FloodAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\n#######\n\r\n", end.Token)),
            .. Many(18, () => HoldBodyAsync(end.Token)),
            BombAsync(end.Token),
            .. Many(3, () => ResetAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + new string('#', 5000), end.Token)),
            .. Many(3, () => ResetAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n", end.Token)),
            .. Many(2, () => HalfCloseAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\na 1\n", "400", end.Token)),
            .. Many(2, () => HalfCloseAsync("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\na 1\n", "413", end.Token)),
            .. Many(2, () => HalfCloseAsync("GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n", "200", end.Token)),
            .. Many(2, () => HalfCloseAsync("PUT /metrics/job/half HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n", "200", end.Token)),
            .. Many(20, () => NeverReadAsync(end.Token)),
        ];
        var resident = 0L;
        var files = 0;
        while (!end.IsCancellationRequested)
        {
            resident = Math.Max(resident, ResidentBytes(gateway.ProcessId));
            files = Math.Max(files, OpenFiles(gateway.ProcessId));
            await Task.Delay(200);
        }

        await Task.WhenAll(attacks);
        var latencies = await pusher;
        idle.ForEach(static socket => socket.Dispose());
        var p99 = Percentile99(latencies);
        output.WriteLine($"{latencies.Count} pushes, median {latencies[latencies.Count / 2]:F1} ms, p99 {p99:F1} ms ({alone:F1} ms without the others), worst {latencies[^1]:F1} ms, resident {resident >> 20} MiB, files {files}");

        for (var i = 0; i < 100 && OpenFiles(gateway.ProcessId) > before + 50; i++)
        {
            await Task.Delay(100);
        }

        Assert.InRange(OpenFiles(gateway.ProcessId), 1, before + 50);
        var after = await gateway.ScrapeAsync();
        foreach (var limit in (string[])["head-timeout", "body-timeout", "head-bytes", "target-bytes", "body-bytes", "decoded-bytes", "scrape-duration"])
        {
            Assert.True(after.Value($"pushgateway_limit_refusals_total{{limit=\"{limit}\"}}") > 0, $"{limit} has refused nothing");
        }

        Assert.Equal(0, after.Value("pushgateway_engine_inflight_bytes"));
        Assert.Equal(latencies.Count, after.Value("good{instance=\"\",job=\"good\"}"));
        Assert.InRange(resident, 1, MaxResident);
        Assert.InRange(files, Idle, 4000);
        var errors = string.Join('\n', gateway.Log.Split('\n').Where(static line => line.Contains("level=error", StringComparison.Ordinal)));
        Assert.True(errors.Length == 0, errors);

        // Where the machine has other work to do even the pusher alone has to wait.
        Assert.InRange(p99, 0, Math.Max(Tool.IsCi ? 250 : 50, 10 * alone));
    }

    private static long ResidentBytes(int process) => 1024 * long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ')[^2], CultureInfo.InvariantCulture);

    private static int OpenFiles(int process) => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    private static double Percentile99(List<double> latencies)
    {
        latencies.Sort();
        return latencies[latencies.Count * 99 / 100];
    }

    private Task<List<double>> StartPusher(string job, CancellationToken end) =>
        Task.Factory.StartNew(() => Push(job, end), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static IEnumerable<Task> Many(int count, Func<Task> attack) => Enumerable.Range(0, count).Select(_ => Task.Run(attack));

    private List<double> Push(string job, CancellationToken end)
    {
        var latencies = new List<double>();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, _port);
        var buffer = new byte[4096];
        while (!end.IsCancellationRequested)
        {
            var body = $"{job} {latencies.Count + 1}\n" + string.Concat(Enumerable.Range(0, 10).Select(static i => $"rows_processed_total{{table=\"table_{i}\",stage=\"load\",worker=\"w-01\",shard=\"{i}\",region=\"eu\"}} {i * 17}\n"));
            var request = Encoding.ASCII.GetBytes($"PUT /metrics/job/{job} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            var watch = Stopwatch.StartNew();
            socket.Send(request);
            var count = socket.Receive(buffer);
            latencies.Add(watch.Elapsed.TotalMilliseconds);
            Assert.StartsWith("HTTP/1.1 200 OK", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
            Thread.Sleep(5);
        }

        return latencies;
    }

    private async Task<Socket> OpenAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, _port);
        return socket;
    }

    // Repeats something with connections until the end; what the server does to them is its right.
    private async Task RepeatAsync(Func<Socket, Task> attack, TimeSpan pause, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                using var socket = await OpenAsync();
                await attack(socket);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException)
            {
            }

            await Task.Delay(pause, CancellationToken.None);
        }
    }

    private Task DripAsync(string start, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(start), end);
        for (; ; )
        {
            await socket.SendAsync("#"u8.ToArray(), end);
            await Task.Delay(250, end);
        }
    }, TimeSpan.FromMilliseconds(50), end);

    private Task FloodAsync(string start, string forever, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(start), end);
        var piece = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(forever, 100)));
        for (; ; )
        {
            await socket.SendAsync(piece, end);
            await Task.Delay(20, end);
        }
    }, TimeSpan.FromMilliseconds(50), end);

    // Megabytes that are never completed: together they are more than the server may hold.
    private Task HoldBodyAsync(CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n"), end);
        var piece = Encoding.ASCII.GetBytes(new string('#', 390_000));
        for (var i = 0; i < 10; i++)
        {
            await socket.SendAsync(piece, end);
            await Task.Delay(200, end);
        }

        await Task.Delay(5000, end);
    }, TimeSpan.FromMilliseconds(50), end);

    private Task BombAsync(CancellationToken end)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[100 << 20]);
        }

        var request = Encoding.ASCII.GetBytes($"PUT /metrics/job/bomb HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n").Concat(packed.ToArray()).ToArray();
        return RepeatAsync(async socket =>
        {
            await socket.SendAsync(request, end);
            var buffer = new byte[4096];

            // Where the others hold all the memory there is, that is the answer.
            Assert.Matches("^HTTP/1.1 (413|503)", Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, CancellationToken.None)));
        }, TimeSpan.FromMilliseconds(200), end);
    }

    private Task ResetAsync(string start, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(start), end);
        await Task.Delay(10, end);
        socket.LingerState = new LingerOption(true, 0);
    }, TimeSpan.FromMilliseconds(100), end);

    private Task HalfCloseAsync(string request, string status, CancellationToken end) => RepeatAsync(async socket =>
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), end);
        socket.Shutdown(SocketShutdown.Send);
        var buffer = new byte[4096];
        var answer = Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer, CancellationToken.None));

        // While others hold all the memory that bodies may have, a body that cannot be taken is told so.
        Assert.True(answer.StartsWith("HTTP/1.1 " + status, StringComparison.Ordinal) || (status == "400" && answer.StartsWith("HTTP/1.1 503", StringComparison.Ordinal)), answer);
    }, TimeSpan.FromMilliseconds(100), end);

    private Task NeverReadAsync(CancellationToken end) => RepeatAsync(async socket =>
    {
        socket.ReceiveBufferSize = 4096;
        await socket.SendAsync(Encoding.ASCII.GetBytes("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"), end);
        await Task.Delay(5000, end);
    }, TimeSpan.FromMilliseconds(50), end);
}

/// <summary>Tests that measure time and so run when all others are done.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
