using System.Globalization;
using Exposition.Hosting.Conditions;
using Exposition.Replication;

namespace Exposition.Gateway.Replication;

/// <summary>What can be wrong with the replication.</summary>
internal sealed class ReplicationConditions(ReplicatedGroups groups) : IConditionSource
{
    private static readonly TimeSpan s_mostSkew = TimeSpan.FromSeconds(10);

    public void Look(ICollection<Condition> into)
    {
        ReplicationStatus status = groups.Replicator.Status;
        if (status.Phase != ReplicationPhase.Live)
        {
            into.Add(new Condition(ConditionTypes.ReplicationDown, "the replication log is not followed: " + status.Reason));
        }

        if (status.Unreplicated > 0)
        {
            into.Add(new Condition(ConditionTypes.ReplicationBehind, string.Create(
                CultureInfo.InvariantCulture, $"{status.Unreplicated} groups are not in the replication log as they are here"), "groups"));
        }

        if (groups.Replicator.Counts.ClockSkew > s_mostSkew)
        {
            into.Add(new Condition(ConditionTypes.ReplicationBehind, string.Create(
                CultureInfo.InvariantCulture,
                $"the clock of another gateway was ahead by {groups.Replicator.Counts.ClockSkew.TotalSeconds:f0} s"), "clock"));
        }
    }
}

/// <summary>How the replication is doing, for the status page.</summary>
internal sealed class ReplicationFacts(ReplicatedGroups groups) : IStatusSource
{
    public string Title => "Replication";

    public IEnumerable<StatusFact> Read()
    {
        ReplicationStatus status = groups.Replicator.Status;
        yield return new("state", status.Phase switch
        {
            ReplicationPhase.Live => "follows the log",
            ReplicationPhase.Away => "has lost the log: " + status.Reason,
            ReplicationPhase.Refused => "cannot take part: " + status.Reason,
            _ => "starting: " + status.Reason,
        });
        yield return new("last revision applied", status.Applied.ToString(CultureInfo.InvariantCulture));
        yield return new("entries behind", Math.Max(0, status.LastRevision - status.Applied).ToString(CultureInfo.InvariantCulture));
        yield return new("log heard of before", Lasts: status.SilentFor);
        yield return new("groups not in the log", status.Unreplicated.ToString(CultureInfo.InvariantCulture));
        foreach (ReplicationNode node in groups.Replicator.Nodes)
        {
            yield return new($"gateway {node.Address}", string.Create(
                CultureInfo.InvariantCulture,
                $"{(node.IsOwn ? "this one, " : "")}{node.Behind} entries behind when it was heard of at {node.HeardAt:HH:mm:ss} UTC"));
        }
    }
}
