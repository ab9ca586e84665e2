using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;

namespace Exposition.Engine.Feed;

// An entry for each group (see FeedEntry), which is in the queue once if the group has changed since the consumer last looked at it; under
// one short lock. The consumer takes an entry out before it looks at the group, and whoever has changed the group looks for the entry after
// that, with a full fence between on both sides. So who finds the entry in the queue may go: the consumer has yet to look; and what was
// changed before a call of Take is in what that takes. Who has changed the group makes sure of it before he answers.

/// <summary>The groups that the consumer of a feed has yet to look at. Safe for concurrent use.</summary>
/// <param name="time">The store's clock.</param>
internal sealed class FeedQueue(TimeProvider time)
{
    private const int SmallTable = 4096;

    private readonly Lock _lock = new();
    private readonly Queue<FeedEntry> _queue = [];
    private readonly Dictionary<GroupingKey, FeedEntry> _gone = [];
    private readonly List<GroupSlot[]> _together = [];
    private TaskCompletionSource _some = NewSignal();
    private long _since;
    private int _togetherCount;

    /// <summary>Completes when there is something.</summary>
    public Task Some => Volatile.Read(ref _some).Task;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count + _togetherCount;
            }
        }
    }

    /// <summary>When the oldest of what is there has come; null if there is nothing.</summary>
    public long? Since
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count + _togetherCount > 0 ? _since : null;
            }
        }
    }

    /// <summary>What is there has come since a time.</summary>
    public void StartAt(long since)
    {
        Explored.WaitFor(_lock);
        lock (_lock)
        {
            _since = since;
        }
    }

    /// <summary>A group has changed.</summary>
    /// <returns>How many there are.</returns>
    public int Add(FeedEntry entry)
    {
        Explored.Fault("QueuesLate", () => entry.IsQueued = true);
        Explored.WaitFor(_lock);
        lock (_lock)
        {
            Explored.Fault("QueuesLate", () => entry.IsQueued = false);
            if (!entry.IsQueued)
            {
                Enqueue(entry);
            }

            return _queue.Count;
        }
    }

    /// <summary>Groups have been deleted in one step: the consumer takes all of them at once.</summary>
    public void AddTogether(GroupSlot[] slots)
    {
        Explored.WaitFor(_lock);
        lock (_lock)
        {
            long since = _queue.Count + _togetherCount == 0 ? time.GetTimestamp() : _since;
            _together.Add(slots);
            _togetherCount += slots.Length;
            _since = since;
            _some.TrySetResult();
        }
    }

    /// <summary>Takes the ends of all groups that were deleted together.</summary>
    /// <returns>How many: of some of them the consumer may know more already.</returns>
    public int TakeTogether(ChangeFeed feed, ICollection<FeedChange> into)
    {
        GroupSlot[] slots = TakeTogether();
        int moved = 0;
        int next = 0;
        try
        {
            for (; next < slots.Length; next++)
            {
                // A group of the same key may have come since, and been taken.
                FeedEntry entry = slots[next].EntryOf(feed);
                long version = slots[next].Current!.Version;
                if (entry.IsWanted && entry.LastTaken < version)
                {
                    into.Add(new FeedChange(slots[next].Key, version, null));
                    entry.LastTaken = version;
                    moved++;
                }
            }
        }
        finally
        {
            if (next < slots.Length)
            {
                AddTogether(slots[next..]);
            }
        }

        return moved;
    }

    private GroupSlot[] TakeTogether()
    {
        Explored.WaitFor(_lock);
        using Lock.Scope held = _lock.EnterScope();
        if (_together.Count == 0)
        {
            return [];
        }

        GroupSlot[] all = _together.Count == 1 ? _together[0] : [.. _together.SelectMany(static slots => slots)];
        _together.Clear();
        _togetherCount = 0;
        if (_queue.Count == 0)
        {
            _some = NewSignal();
        }

        return all;
    }

    /// <summary>
    /// A group has been deleted. Until the consumer knows it, a group of the same key goes on with the entry; so a key that comes and goes
    /// stays one entry.
    /// </summary>
    public void Bury(GroupSlot slot, FeedEntry entry)
    {
        Explored.WaitFor(_lock);
        lock (_lock)
        {
            _gone[slot.Key] = entry;
        }
    }

    /// <summary>A group has been created. Called before anybody else knows the slot.</summary>
    public void Adopt(GroupSlot slot)
    {
        Explored.WaitFor(_lock);
        using Lock.Scope held = _lock.EnterScope();
        if (_gone.Remove(slot.Key, out FeedEntry? entry))
        {
            slot.Inherit(entry);
            entry.Slot = slot;
        }
    }

    /// <summary>The feed has ended.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _queue.Clear();
            _gone.Clear();
            _together.Clear();
            _togetherCount = 0;
        }
    }

    /// <summary>Takes the first one out. Before the caller looks at its group.</summary>
    public bool TryDequeue([NotNullWhen(true)] out FeedEntry? entry)
    {
        Explored.WaitFor(_lock);
        using Lock.Scope held = _lock.EnterScope();
        if (!_queue.TryDequeue(out entry))
        {
            return false;
        }

        entry.IsQueued = false;
        if (_queue.Count == 0)
        {
            _some = _together.Count == 0 ? NewSignal() : _some;
            if (_queue.Capacity > SmallTable)
            {
                _queue.TrimExcess();
            }
        }

        return true;
    }

    // Under the lock. Nothing is changed before what may fail.
    private void Enqueue(FeedEntry entry)
    {
        long since = _queue.Count + _togetherCount == 0 ? time.GetTimestamp() : _since;
        _queue.Enqueue(entry);
        (entry.IsQueued, _since) = (true, since);
        _some.TrySetResult();
    }

    /// <summary>The consumer has come to the end of a group; unless another of its key goes on with the entry.</summary>
    public bool TryForget(FeedEntry entry, GroupSlot slot)
    {
        Explored.WaitFor(_lock);
        using Lock.Scope held = _lock.EnterScope();
        bool isLast = ReferenceEquals(entry.Slot, slot);

        // What many deletes at once have made is let go of when the consumer has seen them all.
        if (isLast && _gone.Remove(slot.Key) && _gone.Count == 0 && _gone.Capacity > SmallTable)
        {
            _gone.TrimExcess();
        }

        return isLast;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
