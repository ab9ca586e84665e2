using System.Diagnostics;
using System.Text.Json;
using Exposition.EndToEnd.Tests.Hosting;

namespace Exposition.EndToEnd.Tests.Page;

/// <summary>
/// What lists, searches and sorts of the page and the API take, in one table, and which of the bounds (<see cref="FindingBounds"/>) are
/// kept: <c>.ci/long finding</c>, on an idle machine. <c>PlacesTests</c> hold the bytes in each run of the tests.
/// </summary>
public sealed class FindingTests
{
    /// <summary>Numbers of groups, of series in each, and of rounds if not 40: <c>100000x10,1000000x1</c>, or <c>2000x3x5</c>.</summary>
    private const string Sizes = "EXPOSITION_FINDING";

    private const int UsualRounds = 40;
    private const int CreatedPerSecond = 2000;
    private const int AtOnce = 200;

    private static readonly string[] s_addresses =
    [
        "", "?sort=job", "?sort=pushed", "?sort=expires", "?sort=series", "?sort=size", "?sort=size&dir=asc", "?limit=500",
        "?state=failed", "?state=expired", "?state=expiring", "?state=hidden", "?state=stale", "?state=ok",
        "?state=overdue", "?match={job=\"job-7\"}", "?match={job=~\"job-1.*\",instance=~\".*7\"}", "?match=54321",
        "?by=job", "?view=refusals", "status",
        "api/v1/groups?limit=50", "api/v1/groups?limit=50&sort=trouble", "api/v1/groups?limit=50&match[]={instance=~\".*7\"}",
        "api/v1/jobs", "api/v1/jobs?match[]={instance=~\".*7\"}", "api/v1/metrics?limit=50&match[]={instance=~\".*7\"}",
    ];

    public static TheoryData<int, int, int> Asked
    {
        get
        {
            var asked = new TheoryData<int, int, int>();
            foreach (var size in (Environment.GetEnvironmentVariable(Sizes) ?? "100000x10,1000000x1").Split(','))
            {
                var numbers = size.Split('x').Select(static number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
                asked.Add(numbers[0], numbers[1], numbers.Length > 2 ? numbers[2] : UsualRounds);
            }

            return asked;
        }
    }

    [Theory(Explicit = true)]
    [MemberData(nameof(Asked))]
    public async Task Lists_searches_and_sorts_are_timed(int groups, int series, int rounds)
    {
        await using var gateway = await GatewayProcess.StartAsync("--limit.groups=0", "--push.expect={job=\"job-3\"}=26h");
        await using (var pushes = await Pipelined.ConnectAsync(gateway.Port))
        {
            await pushes.SendAsync(groups, i => Push($"job-{i % 50}/instance/host-{i:d7}", series));
        }

        string[] addresses = [.. s_addresses, .. await DeepAsync(gateway)];

        // Code is read from the file when it is used first, and the collector's nursery is filled, as it is by any requests.
        await TimeAllAsync(gateway, addresses, rounds: 3, static _ => { });

        var process = new ProcessBounds(gateway.ProcessId);
        var before = process.Resident;

        // Garbage comes and goes by some MiB, so the least that is seen in the last quarter of the rounds counts.
        var after = long.MaxValue;
        var idle = await TimeAllAsync(gateway, addresses, rounds, round =>
        {
            after = round >= rounds * 3 / 4 ? Math.Min(after, process.Resident) : after;
        });

        using var end = new CancellationTokenSource();
        var creating = CreateAsync(gateway.Port, series, end.Token);
        var busy = await TimeAllAsync(gateway, addresses, rounds, static _ => { });
        await end.CancelAsync();
        var (created, seconds) = await creating;

        var bounds = new FindingBounds(groups);
        Console.WriteLine($"{groups:n0} groups of {series} series; {rounds} rounds; time to the first byte in ms, bytes of the whole answer");
        Console.WriteLine($"{"",-62}{"idle p50",9}{"p95",8}{"busy p50",10}{"p95",8}{"bytes",10}{"gzip",8}");
        for (var i = 0; i < addresses.Length; i++)
        {
            var (bytes, gzip) = (await LengthAsync(gateway, addresses[i], false), await LengthAsync(gateway, addresses[i], true));
            Console.WriteLine(
                $"/{addresses[i],-61}{idle[i].P50,9:f1}{idle[i].P95,8:f1}{busy[i].P50,10:f1}{busy[i].P95,8:f1}{bytes,10}{gzip,8}");
            bounds.See(addresses[i], idle[i].P95, busy[i].P95, bytes, gzip);
        }

        Console.WriteLine($"resident: {before / 1048576.0:f1} MiB before, "
            + $"{after / 1048576.0:f1} MiB after {rounds * addresses.Length} answers when idle");
        var kept = bounds.Judge(created / seconds, CreatedPerSecond, after - before);
        kept.ForEach(Console.WriteLine);
        Assert.DoesNotContain(kept, static line => line.StartsWith("fail", StringComparison.Ordinal));
    }

    // Places far behind the start of a list.
    private static async Task<string[]> DeepAsync(GatewayProcess gateway)
    {
        var found = new List<string>();
        foreach (var sort in (string[])["job", "size"])
        {
            using var page = JsonDocument.Parse(await gateway.Client.GetStringAsync($"api/v1/groups?limit=1000&sort={sort}"));
            if (page.RootElement.GetProperty("data").TryGetProperty("next", out var next))
            {
                found.Add($"?sort={sort}&after={next}");
            }
        }

        return [.. found];
    }

    private static async Task<(double P50, double P95)[]> TimeAllAsync(
        GatewayProcess gateway, string[] addresses, int rounds, Action<int> seen)
    {
        // In turns, so that what disturbs does not fall on one of them.
        var times = addresses.Select(static _ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < addresses.Length; i++)
            {
                times[i].Add(await FirstByteAsync(gateway, addresses[i]));
            }

            seen(round);
        }

        return Array.ConvertAll(times, static all => (At(all, 0.50), At(all, 0.95)));
    }

    private static double At(List<double> times, double part)
    {
        times.Sort();
        return times[Math.Min((int)(times.Count * part), times.Count - 1)];
    }

    private static async Task<double> FirstByteAsync(GatewayProcess gateway, string address)
    {
        var started = Stopwatch.GetTimestamp();
        using var answer = await gateway.Client.GetAsync(new Uri(address, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var first = await body.ReadAsync(new byte[1]);
        var time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Assert.Equal((HttpStatusCode.OK, 1), (answer.StatusCode, first));
        await body.CopyToAsync(Stream.Null);
        return time;
    }

    private static async Task<int> LengthAsync(GatewayProcess gateway, string address, bool gzip)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, UriKind.Relative));
        if (gzip)
        {
            request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        }

        using var answer = await gateway.Client.SendAsync(request);
        return (await answer.Content.ReadAsByteArrayAsync()).Length;
    }

    private static async Task<(long Created, double Seconds)> CreateAsync(int port, int series, CancellationToken end)
    {
        await using var pushes = await Pipelined.ConnectAsync(port);
        var started = Stopwatch.GetTimestamp();
        long created = 0;
        while (!end.IsCancellationRequested)
        {
            var first = created;
            await pushes.SendAsync(AtOnce, i => Push($"new/instance/host-{first + i}", series));
            created += AtOnce;
            var ahead = ((double)created / CreatedPerSecond) - Stopwatch.GetElapsedTime(started).TotalSeconds;
            if (ahead > 0)
            {
                await Task.Delay(TimeSpan.FromSeconds(ahead), CancellationToken.None);
            }
        }

        return (created, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static (string Line, string Fields) Push(string path, int series)
    {
        var body = string.Concat(Enumerable.Range(0, series).Select(static i => $"metric_{i} {i}\n"));
        return ($"PUT /metrics/job/{path}", $"Content-Length: {body.Length}\r\n\r\n{body}");
    }
}
