using System.Diagnostics;
using System.Globalization;
using System.Text;
using Exposition.Load.Bodies;
using Exposition.Load.Cases;
using Exposition.Load.Measuring;
using Exposition.Load.Wire;

namespace Exposition.Load.Simulation;

/// <summary>How a cluster behaves.</summary>
internal sealed record ClusterOptions
{
    /// <summary>Processes that push.</summary>
    public int TaskManagers { get; init; } = 200;

    /// <summary>How long.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>From the answer to a push to the next push of the same process, as Flink has it.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From one restart of a process of the cluster to the next; null: none restarts.</summary>
    public TimeSpan? RestartEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From one scrape to the next.</summary>
    public TimeSpan ScrapeInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Subtasks of each task of a process: the size of a body, about 200 KiB each.</summary>
    public int Slots { get; init; } = 2;

    /// <summary>Of names, values, restarts.</summary>
    public int Seed { get; init; } = 20260110;
}

/// <summary>What a cluster has seen of its gateway.</summary>
internal sealed record ClusterResult(
    LatencyHistogram Pushes, LatencyHistogram Scrapes, long PushedBytes, long LastScrapeBytes, int Restarts, IReadOnlyList<string> Errors,
    string Verified, bool IsWrong);

/// <summary>
/// Task managers that push to a gateway as Flink's reporter does: each from one thread of its own rhythm, the next push an interval after
/// the answer to the last, whatever that took; a restarted process pushes under new names, and its old group stays behind. A scraper asks
/// beside. Pushes go over a kept connection, with the head that the client in Flink sends.
/// </summary>
internal sealed class Cluster(int port, ClusterOptions options)
{
    private const int MostErrors = 5;
    private const string Instance = "tm";

    private readonly Lock _lock = new();
    private readonly LatencyHistogram _pushes = new();
    private readonly LatencyHistogram _scrapes = new();
    private readonly List<string> _errors = [];
    private long _pushedBytes;
    private long _scrapedBytes;
    private int _restarts;

    /// <summary>Runs until its time is over, and compares what is exposed with what was pushed last.</summary>
    public async Task<ClusterResult> RunAsync()
    {
        using var end = new CancellationTokenSource(options.Duration);
        var managers = Enumerable.Range(0, options.TaskManagers)
            .Select(i => new FlinkTaskManager(i, options.Slots, new Random(options.Seed + i))).ToArray();
        Task scraping = ScrapeAsync(end.Token);

        // A thread for each, as they wait for answers: those of the pool are the scraper's.
        LastPush?[] last = await Task.WhenAll(managers.Select((manager, i) => Task.Factory.StartNew(
            () => PushUntilTheEnd(manager, i, end.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        await scraping;
        (string verified, bool isWrong) = await VerifyAsync([.. last.OfType<LastPush>()]);
        return new ClusterResult(
            _pushes, _scrapes, _pushedBytes, _scrapedBytes, _restarts, _errors, verified, isWrong || _errors.Count > 0);
    }

    private LastPush? PushUntilTheEnd(FlinkTaskManager manager, int number, CancellationToken end)
    {
        var random = new Random(options.Seed + (number * 7));
        LastPush? last = null;
        using var connection = new PushConnection(port);
        TimeSpan? life = options.RestartEvery * options.TaskManagers;
        DateTime nextRestart = life is null ? DateTime.MaxValue : DateTime.UtcNow + (life.Value * random.NextDouble());
        try
        {
            for (TimeSpan pause = options.Interval * random.NextDouble(); !end.WaitHandle.WaitOne(pause); pause = options.Interval)
            {
                if (last is not null && DateTime.UtcNow >= nextRestart)
                {
                    manager.Restart();
                    nextRestart += life!.Value;
                    Interlocked.Increment(ref _restarts);
                }

                manager.Body.Rewrite(random);
                byte[] head = Head(manager.JobName, manager.Body.Bytes.Length);
                Push(connection, head, manager.Body.Bytes, Stopwatch.GetTimestamp());
                last = new LastPush(manager.JobName, Instance, [.. manager.Body.Bytes]);
            }

            return last;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            AddError($"task manager {number}: {e.Message}");
            return null;
        }
    }

    private void Push(PushConnection connection, byte[] head, byte[] body, long started)
    {
        int status = connection.Send(head, body);
        lock (_lock)
        {
            _pushes.Record((long)Stopwatch.GetElapsedTime(started).TotalNanoseconds);
            _pushedBytes += body.Length;
        }

        // What Flink's client takes.
        if (status is < 200 or >= 300)
        {
            throw new IOException($"a push was answered with {status}");
        }
    }

    private async Task ScrapeAsync(CancellationToken end)
    {
        using var scraper = new Scraper(port, "/metrics");
        try
        {
            for (DateTime next = DateTime.UtcNow + options.ScrapeInterval; ; next += options.ScrapeInterval)
            {
                TimeSpan pause = next - DateTime.UtcNow;
                await Task.Delay(pause > TimeSpan.Zero ? pause : TimeSpan.Zero, end);
                Scraped scrape = await scraper.ScrapeAsync(ScrapeKind.Gzip, CancellationToken.None);
                _scrapes.Record((long)scrape.Time.TotalNanoseconds);
                _scrapedBytes = scrape.Bytes;
            }
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            AddError($"scraper: {e.Message}");
        }
    }

    private void AddError(string error)
    {
        lock (_lock)
        {
            if (_errors.Count < MostErrors)
            {
                _errors.Add(error);
            }
        }
    }

    private async Task<(string Verified, bool IsWrong)> VerifyAsync(IReadOnlyList<LastPush> last)
    {
        if (last.Count == 0)
        {
            return ("no push was answered", true);
        }

        try
        {
            using var scraper = new Scraper(port, "/metrics");
            return Verification.OfScrape(await scraper.ScrapeAsync(ScrapeKind.Text), last);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or FormatException)
        {
            return (e.Message, true);
        }
    }

    private byte[] Head(string job, int length) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"PUT /metrics/job/{job}/instance/{Instance} HTTP/1.1\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nUser-Agent: Java/17.0.15\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html, image/gif, image/jpeg, */*; q=0.2\r\nConnection: keep-alive\r\nContent-Length: {length}\r\n\r\n"));
}
