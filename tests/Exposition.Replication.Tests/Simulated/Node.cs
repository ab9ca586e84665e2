using System.Buffers;
using System.Text;
using Exposition.Engine;
using Exposition.Replication.Tests.Log;

namespace Exposition.Replication.Tests.Simulated;

/// <summary>A node of a simulation: a store, its way to the log, and what joins them.</summary>
internal sealed class Node : IDisposable
{
    private readonly SimulatedTime _time;
    private readonly CancellationTokenSource _end = new();

    public Node(SimulatedTime time, MemoryEngine engine, NodeSettings settings)
    {
        _time = time;
        Log = new MemoryLog(engine, time, settings.Random) { LosesOneOf = settings.LosesOneOf };
        Store = new MetricStore(new StoreOptions
        {
            Time = new NodeTime(time, settings.WrongBy),
            CheckConsistency = settings.IsChecked,
            ExpiredGrace = TimeSpan.FromSeconds(30),
            MaxGroups = settings.MaxGroups,
            ShapeCacheBytes = 0,
            BundleCacheBytes = 0,
        });
        Store.Shared.SettlesNothing = settings.SettlesNothing;
        settings.Copy?.RestoreInto(Store);
        Copy = new NodeCopy(Store);
        Seeds = settings.Seed;
        Replicator = new Replicator(Store, Log, new ReplicationOptions
        {
            WhenUnreachable = settings.WhenUnreachable,
            Seed = settings.Seed,
            CompareEvery = TimeSpan.FromMinutes(1),
            Notify = (notice, text) => Notices.Add($"{notice}: {text}"),
        });
    }

    public MemoryLog Log { get; }

    public MetricStore Store { get; }

    public Replicator Replicator { get; }

    /// <summary>What the durable copy has.</summary>
    public NodeCopy Copy { get; private set; }

    public bool Seeds { get; }

    public List<string> Notices { get; } = [];

    public bool IsQuiet => Replicator.Status is { Phase: ReplicationPhase.Live, Unreplicated: 0 };

    public string Text
    {
        get
        {
            var output = new ArrayBufferWriter<byte>();
            Store.WriteTo(output);
            return Encoding.UTF8.GetString(output.WrittenSpan);
        }
    }

    public void Start() => _time.Begin(() => _ = Replicator.RunAsync(_end.Token));

    /// <summary>The durable copy catches up.</summary>
    public void Keep() => Copy = new NodeCopy(Store);

    public void Stop() => _time.Begin(_end.Cancel);

    public void Dispose() => _end.Dispose();
}

/// <summary>How a node of a simulation is.</summary>
internal sealed record NodeSettings(Random? Random)
{
    public int LosesOneOf { get; init; }

    public bool IsChecked { get; init; } = true;

    public bool Seed { get; init; }

    /// <summary>What it begins with; null for nothing.</summary>
    public NodeCopy? Copy { get; init; }

    public int MaxGroups { get; init; }

    public bool SettlesNothing { get; init; }

    public TimeSpan WrongBy { get; init; }

    public WhenUnreachable WhenUnreachable { get; init; }
}
