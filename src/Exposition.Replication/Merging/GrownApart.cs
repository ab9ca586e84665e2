using System.Globalization;
using Exposition.Engine;
using Exposition.Engine.Content;

namespace Exposition.Replication.Merging;

/// <summary>
/// Groups that pushes have added to of which this node and the log had two states, so that one was given up. It may only have been behind
/// the other: whether each has additions that the other lacks nobody can tell. Safe for concurrent use.
/// </summary>
internal sealed class GrownApart(ReplicationOptions options, ReplicationCounts counts)
{
    private string? _last;
    private long _told;

    /// <summary>Notes it of two states of a group, if it is so.</summary>
    public void Note(GroupingKey key, in GroupState own, in GroupState logged)
    {
        if ((own.Height > 0 || logged.Height > 0) && !StateMerge.AreEqual(own, logged))
        {
            counts.GrewApart();
            Volatile.Write(ref _last, string.Create(
                CultureInfo.InvariantCulture,
                $"{key}, of {own.Height} pushes here and {logged.Height} in the log: "
                + $"{(own.Height > logged.Height ? "the state of this node" : "that of the log")} stays"));
        }
    }

    /// <summary>Tells of those since it was called last, of all at once.</summary>
    public void Tell()
    {
        long all = counts.GrownApart;
        if (all > _told)
        {
            options.Notify?.Invoke(ReplicationNotice.GrownApart, string.Create(
                CultureInfo.InvariantCulture,
                $"{all - _told} groups that pushes have added to had another state here than in the log; the last is "
                + $"{Volatile.Read(ref _last)}"));
            _told = all;
        }
    }
}
