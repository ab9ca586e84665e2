using System.Net;
using Exposition.Testing;

namespace Exposition.Gateway.Tests;

/// <summary>
/// Real processes that push get SIGTERM in the midst of their work: what they have to say last arrives, at this program and at the one
/// that Debian ships, also when the gateway refuses it first, cuts it off, or is gone.
/// </summary>
[Collection(Builds.Name)]
public sealed class StoppedSamplesTests
{
    private const string Job = "job=\"nightly_backup\",path=\"/srv/data\"";
    private const string Rows = "import_rows_total{instance=\"\",job=\"import\"} ";
    private const string Last = "import_batches_total{instance=\"\",job=\"import\"} 1\n";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    [Theory]
    [InlineData("pushgateway")]
    [InlineData("prometheus-pushgateway")]
    public async Task A_job_that_is_told_to_stop_pushes_that_it_has_failed(string kind)
    {
        SampleProgram sample = await SampleProgram.BuildAsync("job");
        await using StoppableGateway gateway = await StoppableGateway.StartAsync(kind);
        await using ChildProcess job = sample.Start(gateway.Address.ToString(), "600");
        await UntilAsync(gateway, job, "job_last_start_timestamp_seconds{instance=\"\"," + Job);
        Assert.Equal(143, await job.StopAsync(s_patience));
        string scrape = await gateway.ScrapeAsync();
        Assert.Contains("job_success{instance=\"\"," + Job + "} 0\n", scrape, StringComparison.Ordinal);
        Assert.Contains("backup_rows_total{instance=\"\"," + Job + ",table=\"users\"} 42\n", scrape, StringComparison.Ordinal);
        Assert.DoesNotContain("job_last_success_timestamp_seconds", scrape, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pushgateway")]
    [InlineData("prometheus-pushgateway")]
    public async Task A_host_that_is_told_to_stop_pushes_what_it_did_last(string kind)
    {
        SampleProgram sample = await SampleProgram.BuildAsync("pushing-worker");
        await using StoppableGateway gateway = await StoppableGateway.StartAsync(kind);
        await using ChildProcess host = sample.Start(Settings(gateway.Address, "00:00:00.5"));
        string before = await UntilAsync(gateway, host, Rows);
        Assert.DoesNotContain(Last, before, StringComparison.Ordinal);
        Assert.Equal(0, await host.StopAsync(s_patience));
        Assert.Contains(Last, await gateway.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pushgateway")]
    [InlineData("prometheus-pushgateway")]
    public async Task A_host_that_is_told_to_stop_deletes_its_group_if_asked(string kind)
    {
        SampleProgram sample = await SampleProgram.BuildAsync("pushing-worker");
        await using StoppableGateway gateway = await StoppableGateway.StartAsync(kind);
        await using ChildProcess host = sample.Start([.. Settings(gateway.Address, "00:00:00.5"), "--Push:DeleteOnStop", "true"]);
        await UntilAsync(gateway, host, Rows);
        Assert.Equal(0, await host.StopAsync(s_patience));
        await UntilAsync(gateway, null, "job=\"import\"", isThere: false);   // Debian's queues its deletes
    }

    [Fact]
    public async Task A_last_push_that_is_refused_for_now_and_then_cut_off_comes_again()
    {
        SampleProgram sample = await SampleProgram.BuildAsync("pushing-worker");
        await using TestGateway gateway = await TestGateway.StartAsync();
        await using ChildProcess host = sample.Start(Settings(gateway.Uri, "00:00:00"));
        await UntilSaysAsync(host, "Application started");
        gateway.FailNext(HttpStatusCode.ServiceUnavailable);
        gateway.DropNext();
        Assert.Equal(0, await host.StopAsync(s_patience));
        Assert.Equal([503, 0, 200], gateway.Pushes.Select(static push => push.Status));
        Assert.Equal(1, gateway.Value("import_batches_total{job=\"import\"}"));
    }

    [Fact]
    public async Task A_last_push_waits_for_a_gateway_that_was_killed()
    {
        SampleProgram sample = await SampleProgram.BuildAsync("pushing-worker");
        await using StoppableGateway gateway = await StoppableGateway.StartAsync("pushgateway");
        await using ChildProcess host = sample.Start(
        [
            .. Settings(gateway.Address, "00:00:00"), "--Push:Retry:MaxAttempts", "10000", "--Push:Retry:MaxDelay", "00:00:00.2",
            "--Push:Retry:TotalTime", "00:02:00",
        ]);
        await UntilSaysAsync(host, "Application started");
        await gateway.KillAsync();
        Task<int?> stopped = host.StopAsync(s_patience * 2);
        await UntilSaysAsync(host, "shutting down");
        await gateway.StartAgainAsync();
        Assert.Equal(0, await stopped);
        Assert.Contains(Last, await gateway.ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_in_the_settings_of_a_pusher_ends_the_start()
    {
        SampleProgram sample = await SampleProgram.BuildAsync("pushing-worker");
        ToolResult unknown = await sample.RunAsync(Settings(new Uri("http://127.0.0.1:1"), "00:00:01", "--Push:Intervall", "00:00:01"));
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("Intervall", unknown.Output + unknown.Errors, StringComparison.Ordinal);
        ToolResult wrong = await sample.RunAsync("--Push:Job", "", "--Push:Interval", "-00:00:01");
        Assert.NotEqual(0, wrong.ExitCode);
        foreach (string fault in new[] { "Endpoint is not set", "Job is \"\"", "Interval is -00:00:01" })
        {
            Assert.Contains(fault, wrong.Output + wrong.Errors, StringComparison.Ordinal);
        }
    }

    private static string[] Settings(Uri gateway, string interval, params string[] more) =>
    [
        "--Push:Endpoint", gateway.ToString(), "--Push:Job", "import", "--Push:Interval", interval, "--Push:StopTimeout", "00:02:00",
        .. more,
    ];

    private static async Task<string> UntilAsync(StoppableGateway gateway, ChildProcess? pusher, string text, bool isThere = true)
    {
        for (int i = 0; i < 3000 && pusher is not { HasExited: true }; i++)
        {
            string scrape = await gateway.ScrapeAsync();
            if (scrape.Contains(text, StringComparison.Ordinal) == isThere)
            {
                return scrape;
            }

            await Task.Delay(20);
        }

        throw new TimeoutException($"{text}: expected {(isThere ? "in a scrape" : "gone")}; the pusher said:\n{pusher?.Output}");
    }

    private static async Task UntilSaysAsync(ChildProcess host, string text)
    {
        for (int i = 0; !host.Output.Contains(text, StringComparison.Ordinal); i++)
        {
            Assert.False(host.HasExited || i > 9000, $"\"{text}\" was not said: {host.Output}");
            await Task.Delay(10);
        }
    }
}

/// <summary>A gateway in a process of its own, always on the same port: this program, or Debian's.</summary>
internal sealed class StoppableGateway : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(90);

    private readonly string[] _command;
    private readonly HttpClient _client = new();
    private ChildProcess? _process;

    private StoppableGateway(string kind, int port)
    {
        Address = new Uri($"http://127.0.0.1:{port}/");
        string[] program = kind == "pushgateway"
            ? ["dotnet", Path.Combine(AppContext.BaseDirectory, "pushgateway.dll")]
            : [Tool.Require(kind, kind)];

        // Debian's has a file by default, from which the next one would start.
        _command = [.. program, "--web.listen-address=" + Address.Authority, "--persistence.file="];
    }

    public Uri Address { get; }

    public static async Task<StoppableGateway> StartAsync(string kind)
    {
        var gateway = new StoppableGateway(kind, ChildProcess.FreePort());
        await gateway.StartAgainAsync();
        return gateway;
    }

    public async Task StartAgainAsync()
    {
        _process = ChildProcess.Start(_command);
        await _process.WaitUntilReadyAsync(new Uri(Address, "-/ready"), s_patience);
    }

    public async Task KillAsync()
    {
        await _process!.KillAsync();
        await _process.DisposeAsync();
    }

    public Task<string> ScrapeAsync() => _client.GetStringAsync(new Uri(Address, "metrics"));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _process!.DisposeAsync();
    }
}
