namespace Exposition.Harness;

/// <summary>
/// A nats-server with JetStream on free ports of 127.0.0.1 and a folder of its own, alone or one of a cluster. It keeps its ports and its
/// folder when it is killed and started again. The program is that of <c>EXPOSITION_NATS_SERVER</c>, otherwise one in PATH.
/// </summary>
public sealed class NatsServer : IAsyncDisposable
{
    /// <summary>The environment variable that names the program.</summary>
    public const string Variable = "EXPOSITION_NATS_SERVER";

    private static readonly TimeSpan s_startLimit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("exposition-nats").FullName;
    private readonly string _name;
    private readonly string _more;
    private readonly int _monitor = ChildProcess.FreePort();
    private ChildProcess? _process;

    private NatsServer(string name, string more)
    {
        _name = name;
        _more = more;
    }

    /// <summary>The port for clients.</summary>
    public int Port { get; private set; } = ChildProcess.FreePort();

    /// <summary>The address for clients.</summary>
    public Uri Address => new($"nats://127.0.0.1:{Port}");

    /// <summary>What it has logged since it was started last.</summary>
    public string Log => _process?.Output ?? "";

    private string Store => Path.Combine(_folder, "store");

    /// <summary>The path of the program; without it the test is skipped, or fails on CI.</summary>
    public static string Require()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            Assert.True(File.Exists(named), $"{Variable} names {named}, which is not there");
            return named;
        }

        return Tool.Require("nats-server", "nats-server, 2.15 or later; .ci/peers unpacks it");
    }

    /// <summary>Starts one alone.</summary>
    /// <param name="configuration">More lines of its configuration.</param>
    public static async Task<NatsServer> StartAsync(string configuration = "")
    {
        var server = new NatsServer("alone", configuration);
        await server.StartAgainAsync();
        return server;
    }

    /// <summary>Starts several that form a cluster.</summary>
    public static async Task<NatsServer[]> StartClusterAsync(int count)
    {
        var ports = Enumerable.Range(0, count).Select(static _ => ChildProcess.FreePort()).ToArray();
        var routes = string.Join(", ", ports.Select(static port => $"nats://127.0.0.1:{port}"));
        var servers = ports.Select((port, i) => new NatsServer(
            $"n{i}", $"cluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}")).ToArray();
        await Task.WhenAll(servers.Select(static server => server.StartAgainAsync()));
        return servers;
    }

    /// <summary>Starts it, or starts it again after it was killed.</summary>
    public async Task StartAgainAsync()
    {
        var program = Require();
        var configuration = Path.Combine(_folder, "server.conf");
        await File.WriteAllTextAsync(configuration, $$"""
            server_name: {{_name}}
            listen: "127.0.0.1:{{Port}}"
            http: "127.0.0.1:{{_monitor}}"
            max_payload: 8MB
            jetstream { store_dir: "{{Store}}", sync_interval: always }
            {{_more}}
            """);
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _process = ChildProcess.Start([program, "-c", configuration]);
        await _process.WaitUntilReadyAsync(new Uri($"http://127.0.0.1:{_monitor}/healthz?js-enabled-only=true"), s_startLimit);
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>SIGSTOP: it hangs, with its connections open.</summary>
    public void Pause() => _process!.Pause();

    /// <summary>SIGCONT.</summary>
    public void Resume() => _process!.Resume();

    /// <summary>Kills it and takes its disk away.</summary>
    public async Task LoseDiskAsync()
    {
        await KillAsync();
        Directory.Delete(Store, recursive: true);
    }

    /// <summary>Kills it; its folder goes, too.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasExited)
            {
                await process.KillAsync();
            }

            await process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
