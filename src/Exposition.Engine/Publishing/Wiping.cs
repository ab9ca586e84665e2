using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Publishing;

// All groups leave the tables in one short step. That is when they are gone: a view that is opened later, and whoever holds the writer lock
// later, finds none of them. A push that had found its group before may still replace its snapshot, which nobody sees any more, as if it
// had come just before. Then they are ended a few at a time: closed to such pushes, and told to the feeds. Who wants to create a group of
// the same key meanwhile ends the old one first, so that feeds hear of both in this order.

/// <summary>Removes all groups at once.</summary>
internal sealed class Wiping(StoreState state, WriterLock writer, Publisher publisher)
{
    // Ended under one hold of the writer lock: a fraction of a millisecond.
    private const int EndedAtOnce = 256;

    // Those that are not ended yet, and some that are; null while nothing is wiped.
    private GroupTable? _wiped;
    private bool _wipedForAll;

    /// <inheritdoc cref="MetricStore.WipeIf"/>
    public (int Groups, bool IsDone) Wipe(long? expected)
    {
        using (writer.EnterClosing())
        {
            // Those that an exception has left.
            EndAllWiped();
            using (writer.Enter())
            {
                int groups = state.Maps.Newest.Count;
                if (expected is { } count && count != groups)
                {
                    return (groups, false);
                }

                _wiped = RemoveAll();
            }

            return (EndAllWiped(), true);
        }
    }

    private int EndAllWiped()
    {
        if (_wiped is not { } wiped)
        {
            return 0;
        }

        int ended = 0;
        foreach (GroupSlot[] some in wiped.All.Chunk(EndedAtOnce))
        {
            using (writer.Enter(takesSteps: false))
            {
                Array.ForEach(some, EndWiped);
            }

            ended += some.Length;
        }

        using (writer.Enter(takesSteps: false))
        {
            _wiped = null;
        }

        return ended;
    }

    // Under the writer lock.
    private GroupTable RemoveAll()
    {
        writer.AssertHeld();
        state.Counts.Clear();
        state.Directory.Clear();
        state.Hidden.Clear();
        state.Overdue?.Clear();
        GroupTable all = state.Groups.Table.MoveAll();
        state.Loaded = state.Loaded is null ? null : [];
        state.KeptHidden.Clear();
        _wipedForAll = state.Maps.Replace(GroupMap.Of([]));

        // Not before, because a view that finds nothing due looks at the map next.
        state.Deadlines.Queue.Clear();
        return all;
    }

    /// <summary>Ends a wiped group of this key, before another is looked for; under the writer lock.</summary>
    public void EndIfWiped(GroupingKey key)
    {
        writer.AssertHeld();
        GroupSlot? slot = _wiped?.Find(key);
        Explored.Fault("ForgetsWiped", () => slot = null);
        if (slot is not null)
        {
            EndWiped(slot);
        }
    }

    private void EndWiped(GroupSlot slot)
    {
        writer.AssertHeld();
        if (slot.IsRemoved)
        {
            return;
        }

        GroupSnapshot last = state.Groups.Close(slot);
        state.Counts.LastVersion = Math.Max(state.Counts.LastVersion, last.Version + 1);
        state.Shapes?.Drop(slot);
        state.Held.Replaced(last.Families, []);
        publisher.Forget(slot, _wipedForAll);
    }
}
