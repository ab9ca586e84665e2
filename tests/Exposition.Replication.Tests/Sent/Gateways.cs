using System.Text;
using Exposition.Engine;
using Exposition.Replication.Tests.Log;
using Exposition.Replication.Tests.Simulated;

namespace Exposition.Replication.Tests.Sent;

/// <summary>Two nodes with one log, on a clock that goes when a test says so.</summary>
internal sealed class Gateways : IDisposable
{
    public static readonly GroupingKey Key = GroupingKey.Create(("job", "one"));

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _end = new();

    public Gateways(Action<ReplicationOptions>? configure = null)
    {
        Engine = new MemoryEngine(Time);
        (FirstLog, OtherLog) = (new SteppedLog(Engine, Time), new SteppedLog(Engine, Time));
        First = Start(FirstLog, configure, out MetricStore first);
        Other = Start(OtherLog, configure, out MetricStore other);
        (FirstStore, OtherStore) = (first, other);
        Until(() => First.Status.Phase == ReplicationPhase.Live && Other.Status.Phase == ReplicationPhase.Live);
    }

    public SimulatedTime Time { get; } = new();

    public MemoryEngine Engine { get; }

    public SteppedLog FirstLog { get; }

    public SteppedLog OtherLog { get; }

    public Replicator First { get; }

    public Replicator Other { get; }

    public MetricStore FirstStore { get; }

    public MetricStore OtherStore { get; }

    public static GroupingKey KeyOf(int i) => GroupingKey.Create(("job", $"job{i}"));

    public Task<ReplicatedPush> Push(Replicator node, string body, GroupingKey? key = null, PushMode mode = PushMode.Merge) =>
        Begin(() => node.PushAsync(key ?? Key, PushFormat.Text, Encoding.UTF8.GetBytes(body), mode));

    /// <summary>A push that is applied at both.</summary>
    public void Pushed(Replicator node, string body, GroupingKey? key = null)
    {
        Assert.Equal(ReplicatedState.Applied, Ended(Push(node, body, key)).State);
        Settle();
    }

    /// <summary>Begins something in the context of the clock.</summary>
    public Task<T> Begin<T>(Func<Task<T>> begin)
    {
        Task<T>? begun = null;
        Time.Begin(() => begun = begin());
        return begun!;
    }

    public T Ended<T>(Task<T> task)
    {
        Until(() => task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    public void Until(Func<bool> isSo) => Assert.True(Time.RunUntil(isSo, s_patience), "it has not come to be so");

    public void Pass(double seconds) => Time.RunUntil(static () => false, TimeSpan.FromSeconds(seconds));

    /// <summary>Until both have applied all that the log has.</summary>
    public void Settle() => Until(() => First.Status.Applied == Engine.LastRevision && Other.Status.Applied == Engine.LastRevision);

    /// <summary>The value of a family of a group at a node; null if it is not there.</summary>
    public static double? Value(MetricStore store, string family, string job = "one") => store.GetValue(family, ("job", job));

    public void Dispose()
    {
        Time.Begin(_end.Cancel);
        First.Dispose();
        Other.Dispose();
        _end.Dispose();
    }

    private Replicator Start(SteppedLog log, Action<ReplicationOptions>? configure, out MetricStore store)
    {
        var options = new ReplicationOptions();
        configure?.Invoke(options);
        store = new MetricStore(new StoreOptions { Time = Time, ShapeCacheBytes = 0, BundleCacheBytes = 0 });
        var node = new Replicator(store, log, options);
        Time.Begin(() => _ = node.RunAsync(_end.Token));
        return node;
    }
}
