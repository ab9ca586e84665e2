using System.Globalization;
using System.Text;
using Exposition.Engine;

namespace Exposition.Replication.Tests.Simulated;

// Each addition is of 1, has an id, and is sent again, to any node, until it is acknowledged. So what a counter has in the end is how many
// ids there were, exactly. Of a wipe only those count that were not acknowledged before it. A source counts up, and says at the end
// where it is: their group has the sum of all then, whatever was lost or wiped before.

/// <summary>What was added in a simulation, and what must have become of it.</summary>
internal sealed class AddLedger(SimulatedTime time, bool isExact, List<string> wrong)
{
    private const int Counters = 2;
    private const int Sources = 3;

    // Longer than a push waits for the log.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(12);
    private static readonly TimeSpan s_late = TimeSpan.FromSeconds(3);

    private readonly List<Added> _added = [];
    private readonly int[] _totals = new int[Sources];
    private readonly bool[] _isBusy = new bool[Sources];
    private long _wiped = -1;
    private long _lastWipeEnd = -1;

    /// <summary>Whether all have been acknowledged.</summary>
    public bool IsDone => _added.TrueForAll(static added => added.AcknowledgedAt is not null) && !_isBusy.Contains(true);

    /// <summary>How many were acknowledged.</summary>
    public int Acknowledged => _added.Count(static added => added.AcknowledgedAt is not null);

    /// <summary>How many were sent more than once.</summary>
    public int Retried => _added.Count(static added => added.Sent > 1);

    /// <summary>A wipe has ended; what was sent twice, or whose answer was late, may come for a while.</summary>
    public void Wiped(long begun, bool isSure)
    {
        _wiped = isSure ? Math.Max(_wiped, begun - s_late.Ticks) : _wiped;
        _lastWipeEnd = time.GetTimestamp() + s_late.Ticks;
    }

    /// <summary>Adds to a counter at several nodes at once.</summary>
    public void Add(IReadOnlyList<Node> nodes, Random random)
    {
        string job = "added" + random.Next(Counters);
        for (int count = random.Next(1, 4); count > 0; count--)
        {
            var added = new Added(job, $"id {_added.Count}", time.GetTimestamp());
            _added.Add(added);
            time.Begin(() => _ = AddAsync(added, nodes, random));
        }
    }

    /// <summary>A source counts on, and pushes; not if it does so already.</summary>
    public void Count(IReadOnlyList<Node> nodes, Random random, int? which = null)
    {
        int source = which ?? random.Next(Sources);
        if (!_isBusy[source])
        {
            _isBusy[source] = true;
            _totals[source] += random.Next(1, 10);
            time.Begin(() => _ = CountAsync(source, nodes, random));
        }
    }

    /// <summary>All sources say where they are.</summary>
    public void CountAll(IReadOnlyList<Node> nodes, Random random)
    {
        for (int source = 0; source < Sources; source++)
        {
            Count(nodes, random, source);
        }
    }

    /// <summary>Says what of it is not as it must be.</summary>
    public void Check(Node node)
    {
        for (int i = 0; i < Counters; i++)
        {
            string job = $"added{i}";
            List<Added> all = _added.FindAll(added => added.Job == job);
            int most = all.Count(added => added.AcknowledgedAt > _wiped);
            int least = !isExact ? 0 : all.Count(added => added.Began > _lastWipeEnd);
            double value = node.Store.GetValue("total", ("job", job)) ?? 0;
            if (value < least || value > most)
            {
                wrong.Add($"{job} is {value}, of at least {least} and at most {most} distinct ids");
            }
        }

        double sum = node.Store.GetValue("running", ("job", "counted")) ?? 0;
        if (sum != _totals.Sum())
        {
            wrong.Add($"the sum over sources is {sum}, and they have counted {_totals.Sum()}");
        }
    }

    private async Task AddAsync(Added added, IReadOnlyList<Node> nodes, Random random)
    {
        do
        {
            added.Sent++;
        }
        while (!await PushAsync(
            added.Job, "# TYPE total counter\ntotal 1\n", PushMode.Add,
            new PushDetails { Id = Encoding.UTF8.GetBytes(added.Id) }, nodes, random));
        added.AcknowledgedAt = time.GetTimestamp();
    }

    private async Task CountAsync(int source, IReadOnlyList<Node> nodes, Random random)
    {
        var details = new PushDetails { Source = Encoding.UTF8.GetBytes($"source {source}") };
        string body = string.Create(CultureInfo.InvariantCulture, $"# TYPE running counter\nrunning {_totals[source]}\n");
        while (!await PushAsync("counted", body, PushMode.Cumulative, details, nodes, random))
        {
        }

        _isBusy[source] = false;
    }

    // Whether it was acknowledged. If not, it is time for the next attempt.
    private async Task<bool> PushAsync(
        string job, string body, PushMode mode, PushDetails details, IReadOnlyList<Node> nodes, Random random)
    {
        Node node = nodes[random.Next(nodes.Count)];
        Task<ReplicatedPush> push = node.Replicator.PushAsync(
            GroupingKey.Create(("job", job)), PushFormat.Text, Encoding.UTF8.GetBytes(body), mode, details);
        await Task.WhenAny(push, Task.Delay(s_patience, time));
        ReplicatedPush result = push.IsCompleted ? await push : default;
        if (result.State == ReplicatedState.Unreplicated)
        {
            wrong.Add($"an addition to {job} was taken while the log was away");
        }

        bool isAcknowledged = push.IsCompleted && result.State == ReplicatedState.Applied;
        if (isAcknowledged && !result.Outcome.IsStored)
        {
            wrong.Add($"an addition to {job} was refused: {result.Outcome.Error}");
        }

        if (!isAcknowledged)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 3000)), time);
        }

        return isAcknowledged;
    }

    private sealed class Added(string job, string id, long began)
    {
        public string Job => job;

        public string Id => id;

        public long Began => began;

        public int Sent { get; set; }

        public long? AcknowledgedAt { get; set; }
    }
}
