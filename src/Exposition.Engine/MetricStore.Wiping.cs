using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine;

// All groups leave the tables in one short step. That is when they are gone: a view that is opened later, and whoever holds the writer lock
// later, finds none of them. A push that had found its group before may still replace its snapshot, which nobody sees any more, as if it
// had come just before. Then they are ended a few at a time: closed to such pushes, and told to the feeds. Who wants to create a group of
// the same key meanwhile ends the old one first, so that feeds hear of both in this order.

public sealed partial class MetricStore
{
    // Ended under one hold of the writer lock: a fraction of a millisecond.
    private const int EndedAtOnce = 256;

    // Those that are not ended yet, and some that are; null while nothing is wiped.
    private GroupTable? _wiped;
    private bool _wipedForAll;

    /// <summary>Removes all groups in one step: a view shows all of them or none.</summary>
    /// <returns>How many there were.</returns>
    public int Wipe()
    {
        ExpireDue();
        using (EnterClosing())
        {
            // Those that an exception has left.
            EndAllWiped();
            using (EnterWriter())
            {
                _wiped = RemoveAll();
            }

            return EndAllWiped();
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
            using (EnterWriter(takesSteps: false))
            {
                Array.ForEach(some, EndWiped);
            }

            ended += some.Length;
        }

        using (EnterWriter(takesSteps: false))
        {
            _wiped = null;
        }

        return ended;
    }

    // Under the writer lock.
    private GroupTable RemoveAll()
    {
        AssertWriterLock();
        // Blocks and all: they do not become spare.
        Volatile.Write(ref _letGo, _letGo + _storedBytes);
        Volatile.Write(ref _storedBytes, 0);
        _directory.Clear();
        Volatile.Write(ref _hiddenFamilies, 0);
        Volatile.Write(ref _expiredNow, 0);
        Volatile.Write(ref _samples, 0);
        GroupTable all = _slots.MoveAll();
        _loaded = [];
        _keptHidden.Clear();
        _wipedForAll = ReplaceMap(GroupMap.Of([]));

        // Not before: whoever finds nothing due looks at the map next.
        _deadlines.Clear();
        return all;
    }

    // Under the writer lock, before a group of this key is looked for.
    private void EndIfWiped(GroupingKey key)
    {
        AssertWriterLock();
        GroupSlot? slot = _wiped?.Find(key);
        Explored.Fault("ForgetsWiped", () => slot = null);
        if (slot is not null)
        {
            EndWiped(slot);
        }
    }

    private void EndWiped(GroupSlot slot)
    {
        AssertWriterLock();
        if (slot.IsRemoved)
        {
            return;
        }

        GroupSnapshot last = Close(slot);
        _lastNumber = Math.Max(_lastNumber, last.Number + 1);
        _shapes?.Drop(slot);
        _held.Replaced(last.Families, []);
        Forget(slot, _wipedForAll);
    }

    // Under the writer lock: whether a slot that was found before is its key's still. One that was wiped may not be closed yet.
    private bool IsThere(GroupSlot slot) => ReferenceEquals(_slots.Find(slot.Key), slot);
}
