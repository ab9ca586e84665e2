using System.Collections.Concurrent;

namespace Exposition.EndToEnd.Tests.Replicated;

/// <summary>Three servers of the engine, three gateways on them, each with a copy of its own, and a balancer before the gateways.</summary>
internal sealed class ReplicatedGateways : IAsyncDisposable
{
    private const int Count = 3;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("exposition-replicated");
    private readonly GatewayProcess?[] _gateways = new GatewayProcess?[Count];
    private readonly ConcurrentDictionary<int, bool> _hanging = [];
    private readonly string[] _more;

    private ReplicatedGateways(NatsServer[] engine, string[] more)
    {
        Engine = engine;
        _more = more;
        Balancer = new TcpProxy(() => [.. Ready.Select(static gateway => gateway.Port)]);
    }

    public NatsServer[] Engine { get; }

    /// <summary>Passes each connection to the next gateway that is ready, as an orchestrator would.</summary>
    public TcpProxy Balancer { get; }

    /// <summary>Those that run and do not hang.</summary>
    public IReadOnlyList<GatewayProcess> Ready =>
        [.. Enumerable.Range(0, Count).Where(i => _gateways[i] is not null && !_hanging.ContainsKey(i)).Select(i => _gateways[i]!)];

    public static async Task<ReplicatedGateways> StartAsync(params string[] more)
    {
        var all = new ReplicatedGateways(await NatsServer.StartClusterAsync(Count), more);
        for (var i = 0; i < Count; i++)
        {
            await all.StartGatewayAsync(i);
        }

        return all;
    }

    public async Task StartGatewayAsync(int i)
    {
        string[] flags = [
            .. Engine.Select(static server => $"--replication.url={server.Address.OriginalString}"),
            $"--persistence.file={Path.Combine(_folder.FullName, $"state{i}")}", .. _more];
        _gateways[i] = await GatewayProcess.StartAsync(flags);
    }

    /// <summary>SIGKILL, and a start on the same file.</summary>
    public async Task KillGatewayAsync(int i)
    {
        var gateway = _gateways[i]!;
        _gateways[i] = null;
        await gateway.KillAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>SIGSTOP.</summary>
    public void PauseGateway(int i)
    {
        _hanging[i] = true;
        _gateways[i]!.Pause();
    }

    /// <summary>SIGCONT.</summary>
    public void ResumeGateway(int i)
    {
        _gateways[i]!.Resume();
        _hanging.TryRemove(i, out _);
    }

    /// <summary>What all gateways have logged, for a message of failure.</summary>
    public string Logs() => string.Join("\n", _gateways.Select(static (gateway, i) => $"--- gateway {i}\n{gateway?.Log}"));

    public async ValueTask DisposeAsync()
    {
        await Balancer.DisposeAsync();
        foreach (var gateway in _gateways.OfType<GatewayProcess>())
        {
            await gateway.DisposeAsync();
        }

        foreach (var server in Engine)
        {
            await server.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }
}
