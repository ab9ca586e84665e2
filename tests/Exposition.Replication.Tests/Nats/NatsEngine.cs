using Exposition.Replication.Nats;
using Exposition.Replication.Tests.Contract;
using NATS.Client.Core;
using NATS.Client.JetStream;

namespace Exposition.Replication.Tests.Nats;

/// <summary>A nats-server of a test's own, reached through a proxy that can lose its answers.</summary>
internal sealed class NatsEngine : ILogEngine
{
    private readonly NatsServer _server;
    private readonly TcpProxy _proxy;

    private NatsEngine(NatsServer server)
    {
        _server = server;
        _proxy = new TcpProxy(() => [server.Port]);
    }

    public bool LosesAnswers
    {
        get => _proxy.LosesAnswers;
        set
        {
            // What was thrown away cannot be made up for: the client has to connect again.
            _proxy.LosesAnswers = value;
            if (!value)
            {
                _proxy.Cut();
            }
        }
    }

    public NatsServer Server => _server;

    public static async Task<NatsEngine> StartAsync() => new(await NatsServer.StartAsync());

    public static NatsReplicationOptions Options(int port)
    {
        var options = new NatsReplicationOptions { Replicas = 1, Node = "test node", RequestTimeout = TimeSpan.FromSeconds(5) };
        options.Servers.Add(new Uri($"nats://127.0.0.1:{port}"));
        return options;
    }

    public IGroupLog Connect() => new NatsGroupLog(Options(_proxy.Port));

    public Task KillAsync() => _server.KillAsync();

    public Task StartAgainAsync() => _server.StartAgainAsync();

    public async Task DeleteLogAsync()
    {
        await using var connection = new NatsConnection(NatsOpts.Default with { Url = _server.Address.ToString() });
        await new NatsJSContext(connection).DeleteStreamAsync("EXPOSITION", TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }
}
