using System.Collections.Concurrent;
using Exposition.Store.Internal;

namespace Exposition.Store;

/// <summary>A group that has changed.</summary>
/// <param name="Key">Which.</param>
/// <param name="Version">Counts the changes of the group: a later one has a greater version, also after the group was deleted and came back.</param>
/// <param name="Snapshot">The group as it is now, or null if it was deleted.</param>
internal readonly record struct GroupChange(GroupingKey Key, long Version, GroupSnapshot? Snapshot);

// Pushers queue the entries of changed groups (see FeedEntry), without a lock; the consumer takes from a group what is newest when it comes to it.
// What was changed before a call of Take is in that: its entry was queued before the change was answered, or was queued already and not looked at yet.
// A change is counted before it is queued, so that there is never more in the queue than Pending says.

/// <summary>
/// The changes of a store for one consumer. Changes of one group that were not yet taken coalesce into the newest, so a slow consumer
/// holds at most one change a group. Safe for concurrent use; one consumer takes. Neither side waits for the other. Disposing of it ends it: nothing that
/// was taken may be read after that.
/// </summary>
internal sealed class ChangeFeed : IDisposable
{
    private const int SmallTable = 4096;

    private readonly MetricStore _store;
    private readonly TimeProvider _time;
    private readonly RetiredBlocks _retired;
    private readonly ConcurrentQueue<FeedEntry> _queue = [];
    private readonly Lock _goneLock = new();
    private readonly Dictionary<GroupingKey, FeedEntry> _gone = [];
    private TaskCompletionSource _some = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pending;
    private long _since;
    private volatile bool _isDisposed;

    internal ChangeFeed(MetricStore store, int index, RetiredBlocks retired)
    {
        Index = index;
        _store = store;
        _time = store.Options.Time;
        _retired = retired;
    }

    /// <summary>Number of groups with a change that was not yet taken. Where several clients change a group at once it may be counted once for each.</summary>
    public int Pending => Volatile.Read(ref _pending);

    /// <summary>When the oldest change that was not yet taken happened, as a timestamp of the store's clock; null if there is none.</summary>
    public long? PendingSince
    {
        get
        {
            // In this order: where it is not zero, the time was set for what is pending, or is not set yet.
            bool some = Volatile.Read(ref _pending) > 0;
            long since = Volatile.Read(ref _since);
            return some ? since != 0 ? since : _time.GetTimestamp() : null;
        }
    }

    // Ended: whoever still tells it something does so in vain.
    internal bool IsDisposed => _isDisposed;

    // Its place among the live feeds of the store.
    internal int Index { get; }

    // The same among those who have taken a snapshot.
    internal int Bit => 1 << Index;

    // Faults to be found by tests.
    internal StoreFaults Faults { get; set; }

    /// <summary>Waits until there is something to take.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellation) =>
        await Volatile.Read(ref _some).Task.WaitAsync(cancellation).ConfigureAwait(false);

    /// <summary>Moves the pending changes into <paramref name="into"/>. The memory of their snapshots is not used again until they are released.</summary>
    /// <returns>How many were moved.</returns>
    public int Take(ICollection<GroupChange> into)
    {
        int most = Pending;
        return Take(into, ref most, long.MaxValue);
    }

    /// <summary>
    /// Moves pending changes into <paramref name="into"/> until they hold so much memory. What is not moved yet is pending still, and coalesces with later changes;
    /// so a consumer who takes, reads and releases little at a time keeps little of what is replaced meanwhile.
    /// </summary>
    /// <param name="into">Where they go.</param>
    /// <param name="most">How many to look at; what was looked at is subtracted. All that was pending when this was <see cref="Pending"/> has been moved when it is 0.</param>
    /// <param name="bytes">No more is moved as soon as the blocks of what was moved are so large, in bytes.</param>
    /// <returns>How many were moved: not more than were looked at.</returns>
    public int Take(ICollection<GroupChange> into, ref int most, long bytes)
    {
        ArgumentNullException.ThrowIfNull(into);
        long started = _time.GetTimestamp();
        if (_some.Task.IsCompleted)
        {
            // Before anything is taken: who completes the old one has queued before that.
            Interlocked.Exchange(ref _some, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        Interleaving.At(Step.ReadPending);
        most = Math.Min(most, Volatile.Read(ref _pending));
        long since = Interlocked.Exchange(ref _since, 0);
        int moved = 0;
        int dequeued = 0;
        int looked = most;
        try
        {
            while (dequeued < looked && bytes > 0 && TryDequeue(out FeedEntry? entry))
            {
                dequeued++;
                if (TryTake(entry, out GroupChange change))
                {
                    into.Add(change);
                    moved++;
                    bytes -= change.Snapshot?.BlockBytes ?? 0;
                }
            }
        }
        finally
        {
            // Who was not looked at is as old as it was.
            most = bytes > 0 ? 0 : looked - dequeued;
            if (Interlocked.Add(ref _pending, -dequeued) > 0)
            {
                Interlocked.CompareExchange(ref _since, most > 0 && since != 0 ? since : started, 0);
                _some.TrySetResult();
            }
        }

        return moved;
    }

    /// <summary>
    /// Says that the consumer does not read a snapshot any more that it has taken, however often, so that its memory can be used again. Whoever does not say it
    /// leaves that to the garbage collector. By the consumer alone, and never of a snapshot that is still read.
    /// </summary>
    /// <param name="change">As it was taken. Of a deletion there is nothing to release.</param>
    public void Release(in GroupChange change)
    {
        // A later feed may have taken its place, and taken the same.
        if (change.Snapshot is not { } snapshot || _isDisposed)
        {
            return;
        }

        // Read before: from the next step on the snapshot may become another one.
        (Block? block, Block[] older) = (snapshot.Block, snapshot.OlderBlocks);
        Interleaving.At(Step.ReleaseTaken);
        if (!snapshot.ReleaseFor(this))
        {
            return;
        }

        if (block is not null)
        {
            _retired.Release(block);
        }

        foreach (Block other in older)
        {
            _retired.Release(other);
        }
    }

    /// <summary>Ends the feed: the store tells it nothing more, and another can take its place. By the consumer.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _store.Unsubscribe(this);
            _queue.Clear();
            lock (_goneLock)
            {
                _gone.Clear();
            }
        }
    }

    // A group has changed: its newest snapshot is in its place. Called before the change is answered.
    internal void Tell(GroupSlot slot)
    {
        if (_isDisposed)
        {
            return;
        }

        FeedEntry entry = slot.EntryOf(this);
        if (!entry.MustBeQueued(out long claim))
        {
            return;
        }

        if ((Faults & StoreFaults.QueuesLate) != 0)
        {
            entry.MarkQueued(claim);
        }

        Interleaving.At(Step.CountEntry);
        if (Interlocked.Increment(ref _pending) == 1)
        {
            Volatile.Write(ref _since, _time.GetTimestamp());
        }

        Interleaving.At(Step.Enqueue);
        _queue.Enqueue(entry);
        entry.MarkQueued(claim);
        Interleaving.At(Step.Signal);
        Volatile.Read(ref _some).TrySetResult();
    }

    // A group has been deleted. Until the consumer knows it, a group of the same key goes on with the entry; so a key that comes and goes stays one entry.
    internal void TellGone(GroupSlot slot)
    {
        lock (_goneLock)
        {
            _gone[slot.Key] = slot.EntryOf(this);
        }

        Tell(slot);
    }

    // A group has been created. Called before anybody else knows the slot.
    internal void Adopt(GroupSlot slot)
    {
        lock (_goneLock)
        {
            if (_gone.Remove(slot.Key, out FeedEntry? entry))
            {
                slot.Inherit(entry);
                entry.Slot = slot;
            }
        }
    }

    private bool TryDequeue([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out FeedEntry? entry)
    {
        Interleaving.At(Step.Dequeue);
        return _queue.TryDequeue(out entry);
    }

    private bool TryTake(FeedEntry entry, out GroupChange change)
    {
        entry.Clear();
        while (true)
        {
            GroupSlot slot = entry.Slot;
            GroupSnapshot current = TakeNewest(slot);
            if (current.IsEnd)
            {
                lock (_goneLock)
                {
                    if (!ReferenceEquals(entry.Slot, slot))
                    {
                        continue;
                    }

                    // What many deletes at once have made is let go of when the consumer has seen them all.
                    if (_gone.Remove(slot.Key) && _gone.Count == 0 && _gone.Capacity > SmallTable)
                    {
                        _gone.TrimExcess();
                    }
                }
            }

            // Each refusal was counted as pending, also one that says the same as the one before it at the same instant.
            PushFailure? failure = slot.LastFailure;
            bool isNew = entry.LastTaken != current.Number || !ReferenceEquals(entry.LastFailureTaken, failure);
            (entry.LastTaken, entry.LastFailureTaken) = (current.Number, failure);
            change = new GroupChange(slot.Key, current.Number, current.IsEnd ? null : current);
            return isNew;
        }
    }

    // Pinned, so that whoever replaces the snapshot meanwhile leaves it alone, and who does so later sees that it was taken.
    private GroupSnapshot TakeNewest(GroupSlot slot)
    {
        slot.Pin();
        try
        {
            Interleaving.At(Step.ReadSlot);
            GroupSnapshot current = slot.Current!;
            Interleaving.At(Step.MarkTaken);
            if ((Faults & StoreFaults.TakesSilently) == 0)
            {
                current.TakeFor(this);
            }

            return current;
        }
        finally
        {
            slot.Unpin();
        }
    }
}
