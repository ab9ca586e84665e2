using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Tests;

/// <summary>Hosts and jobs that push over real sockets: to what stops, is killed and comes back.</summary>
public sealed class LiveTests(LiveGateway live) : IClassFixture<LiveGateway>
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_host_that_stops_loses_nothing_of_what_its_services_did_last(int door)
    {
        string name = "Test." + Guid.NewGuid().ToString("N");
        using var meter = new Meter(name);
        Counter<int> rows = meter.CreateCounter<int>("last.rows");
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddPushgateway(o =>
        {
            o.Endpoint = live.Addresses[door];
            o.Job = "stopping";
            o.Grouping["door"] = $"{door}";
            o.Interval = TimeSpan.FromHours(1);
        }).AddMeter(name);
        // Before and behind the pusher, so that the order of registration does not matter.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(_ => new WorksToTheEnd(rows)));
        builder.Services.AddSingleton<IHostedService>(_ => new WorksToTheEnd(rows));
        using IHost host = builder.Build();
        Task run = host.RunAsync();
        await Started(host);
        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();   // as SIGTERM does
        await run;

        using var http = new HttpClient();
        Assert.Equal(2000, Assert.Single(
            await LiveGateway.ScrapeAsync(http, live.Addresses[0]), s =>
                s.Name == "last_rows_total" && s.Label("door") == $"{door}").Value);
    }

    [Fact]
    public async Task A_run_of_a_job_arrives_and_a_failed_one_keeps_the_last_success()
    {
        using var http = new HttpClient();
        var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = live.Addresses[0] });
        await using (JobRun run = await client.StartRunAsync("live_backup"))
        {
            run.Succeed();
        }

        double success = await ValueAsync("job_last_success_timestamp_seconds");
        Assert.InRange(success, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 600, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 600);
        await using (await client.StartRunAsync("live_backup"))
        {
        }

        Assert.Equal((success, 0), (await ValueAsync("job_last_success_timestamp_seconds"), await ValueAsync("job_success")));

        async Task<double> ValueAsync(string name) => Assert.Single(
            await LiveGateway.ScrapeAsync(http, live.Addresses[0]), s => s.Name == name && s.Label("job") == "live_backup").Value;
    }

    [Fact]
    public async Task A_connection_that_is_cut_during_a_push_is_tried_again_whole()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Task<string> server = CutThenTakeAsync(listener);
        using var http = new HttpClient();
        var options = new PushgatewayClientOptions
        {
            Endpoint = new Uri($"http://{listener.LocalEndpoint}"),
            Retry = { BaseDelay = TimeSpan.FromMilliseconds(1) },
        };
        string text = string.Concat(Enumerable.Range(0, 50_000).Select(static i => $"row_{i} {i}\n"));
        await new PushgatewayClient(http, options).SendAsync(
            new PushRequest(new PushGroup("cut"), Encoding.UTF8.GetBytes(text), "text/plain"));
        Assert.Equal(text, await server);
    }

    [Fact]
    public async Task A_gateway_that_is_killed_and_comes_back_is_pushed_to_again()
    {
        await using DebianGateway gateway = await DebianGateway.StartAsync();
        using var log = new LogLines();
        using var http = new HttpClient();
        var rows = new Gauge("surviving_rows", 1);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<ILogger<PushgatewayClient>>(new Logger<PushgatewayClient>(log));
        builder.Services.AddPushgateway(o =>
        {
            o.Endpoint = gateway.Address;
            o.Job = "surviving";
            o.Interval = TimeSpan.FromMilliseconds(20);
            o.Retry.MaxAttempts = 1;
        }).AddSource(rows);
        using IHost host = builder.Build();
        await host.StartAsync();
        await UntilAsync(async () => await IsThereAsync(http, gateway.Address, 1), "the first push");
        await gateway.KillAsync();
        await UntilAsync(() =>
            Task.FromResult(log.Lines.Any(static line => line.Contains(" failed: ", StringComparison.Ordinal))), "a line about it");
        rows.Value = 2;
        await gateway.DisposeAsync();
        await gateway.StartAgainAsync();
        await UntilAsync(async () => await IsThereAsync(http, gateway.Address, 2), "the push to the new one");
        rows.Value = 3;
        await host.StopAsync();
        Assert.True(await IsThereAsync(http, gateway.Address, 3));
        Assert.Contains(log.Lines, static line => line.Contains("succeed again", StringComparison.Ordinal));
    }

    private static async Task<bool> IsThereAsync(HttpClient http, Uri address, double value) =>
        (await LiveGateway.ScrapeAsync(http, address)).Any(s => s.Name == "surviving_rows" && s.Value == value);

    // The first connection that brings something is reset in the midst of the body, the next is answered. A pool may open one that it does
    // not use.
    private static async Task<string> CutThenTakeAsync(TcpListener listener)
    {
        int cuts = 0;
        var whole = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = AcceptAsync();
        return await whole.Task.WaitAsync(TimeSpan.FromMinutes(1));

        async Task AcceptAsync()
        {
            while (!whole.Task.IsCompleted)
            {
                _ = ServeAsync(await listener.AcceptSocketAsync());
            }
        }

        async Task ServeAsync(Socket socket)
        {
            using Socket connection = socket;
            byte[] part = new byte[20_000];
            var all = new StringBuilder();
            for (int read; (read = await connection.ReceiveAsync(part)) > 0;)
            {
                all.Append(Encoding.UTF8.GetString(part, 0, read));
                if (all.Length >= part.Length && Interlocked.Increment(ref cuts) == 1)
                {
                    connection.LingerState = new LingerOption(true, 0);
                    return;
                }

                string text = all.ToString();
                int body = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
                if (body >= 4 && text.Length - body == LengthOf(text[..body]))
                {
                    await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                    whole.TrySetResult(text[body..]);
                }
            }
        }
    }

    private static int LengthOf(string head) => int.Parse(
        head.Split("\r\n").Single(static line => line.StartsWith("Content-Length:", StringComparison.Ordinal)).Split(' ')[1],
        CultureInfo.InvariantCulture);

    private static async Task Started(IHost host)
    {
        var started = new TaskCompletionSource();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        for (int i = 0; !await holds(); i++)
        {
            Assert.True(i < 3000, what + " did not come");
            await Task.Delay(10);
        }
    }

    private sealed class WorksToTheEnd(Counter<int> rows) : BackgroundService
    {
        public override async Task StopAsync(CancellationToken cancellationToken)
        {
            await base.StopAsync(cancellationToken);
            rows.Add(1000);
        }

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Delay(Timeout.Infinite, stoppingToken);
    }
}
