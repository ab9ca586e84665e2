namespace Exposition.Harness;

/// <summary>The Pushgateway that Debian ships, in a process of its own.</summary>
internal sealed class DebianGateway : IAsyncDisposable
{
    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    private ChildProcess? _process;

    private DebianGateway(int port)
    {
        Address = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/");
    }

    public Uri Address { get; }

    public string Log => _process!.Output;

    /// <summary>Starts it; without the program the test is skipped, or fails on the build server.</summary>
    public static async Task<DebianGateway> StartAsync()
    {
        var gateway = new DebianGateway(ChildProcess.FreePort());
        await gateway.StartAgainAsync();
        return gateway;
    }

    /// <summary>Starts it on the port that it had.</summary>
    public async Task StartAgainAsync()
    {
        string program = Tool.Require("prometheus-pushgateway", "prometheus-pushgateway");
        _process = ChildProcess.Start(
            [program, $"--web.listen-address={Address.Authority}", "--persistence.file=", "--log.level=debug"]);
        await _process.WaitUntilReadyAsync(new Uri(Address, "-/ready"), s_startLimit);
    }

    public Task KillAsync() => _process!.KillAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
