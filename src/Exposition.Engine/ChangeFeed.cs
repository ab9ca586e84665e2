using Exposition.Engine.Explore;
using Exposition.Engine.Feed;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Reading;

namespace Exposition.Engine;

/// <summary>
/// The changes of a store for one consumer. Changes of one group that were not yet taken coalesce into the newest, so a slow consumer
/// holds at most one change a group. Safe for concurrent use; one consumer takes. Neither side waits for the other. Disposing of it ends
/// it: nothing that was taken may be read after that.
/// </summary>
/// <param name="store">Whose changes they are.</param>
/// <param name="index">Its place among the feeds of the store that take snapshots; <see cref="OfCopies"/> for one that takes copies.
/// </param>
/// <param name="retired">What is released goes there.</param>
/// <param name="groups">The groups that it is told of; null for all.</param>
internal sealed class ChangeFeed(MetricStore store, int index, RetiredBlocks retired, GroupSelector? groups = null) : IDisposable
{
    /// <summary>The index of a feed that takes copies: of these there is no need to know who reads what.</summary>
    public const int OfCopies = -1;

    private readonly TimeProvider _time = store.Options.Time;
    private readonly FeedQueue _queue = new(store.Options.Time);
    private volatile bool _isDisposed;
    private volatile bool _isBehind;
    private int _mostGroups = store.GroupCount;

    /// <summary>Number of groups with a change that was not yet taken.</summary>
    public int Pending => _queue.Count;

    /// <summary>
    /// When the oldest change that was not yet taken happened, as a timestamp of the store's clock; null if there is none.
    /// </summary>
    public long? PendingSince => _queue.Since;

    // Ended: whoever still tells it something does so in vain.
    internal bool IsDisposed => _isDisposed;

    // Its place among the live feeds of the store.
    internal int Index => index;

    // The same among those who have taken a snapshot.
    internal int Bit => 1 << index;

    // Of a feed of copies: so many groups may wait for the consumer, or twice as many as there have been at once. Groups that come, go and
    // never come back would otherwise collect without bound for one who does not look. Set by tests.
    internal int MostPending { get; set; } = 100_000;

    // It has missed changes, as too many were waiting.
    internal bool IsBehind => _isBehind;

    // Asked once for each group.
    internal bool Wants(GroupingKey key) => groups is null || groups.Matches(key);

    /// <summary>Waits until there is something to take.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellation) =>
        await _queue.Some.WaitAsync(cancellation).ConfigureAwait(false);

    /// <summary>
    /// Moves pending changes into <paramref name="into"/> until they hold so much memory. What is not moved yet is pending still, and
    /// coalesces with later changes; so a consumer who takes, reads and releases little at a time keeps little of what is replaced
    /// meanwhile.
    /// </summary>
    /// <remarks>
    /// Groups that were deleted in one step come alone, and all of them at once, whatever they are: the consumer may keep that one step.
    /// </remarks>
    /// <param name="into">Where they go.</param>
    /// <param name="most">In: the most entries to examine. Out: how many are left. Start with <see cref="Pending"/>, and call until it is
    /// 0.</param>
    /// <param name="bytes">No more is moved as soon as the blocks of what was moved are so large, in bytes.</param>
    /// <returns>How many were moved: not more than were looked at.</returns>
    public int Take(ICollection<FeedChange> into, ref int most, long bytes)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (_queue.TakeTogether(this, into) is > 0 and var together)
        {
            return together;
        }

        long started = _time.GetTimestamp();
        Explored.Step("ReadPending");
        int left = Math.Min(most, Pending);
        int moved = 0;
        try
        {
            while (left > 0 && bytes > 0 && _queue.TryDequeue(out FeedEntry? entry))
            {
                left--;
                if (TryTake(entry, out FeedChange change, out _))
                {
                    into.Add(change);
                    moved++;
                    bytes -= change.Snapshot?.BlockBytes ?? 0;
                }
            }
        }
        finally
        {
            most = bytes > 0 ? 0 : left;
            if (most == 0)
            {
                // What is there has come meanwhile. Who was not looked at is as old as it was.
                _queue.StartAt(started);
            }
        }

        return moved;
    }

    /// <summary>Takes the first pending change of a feed of copies.</summary>
    /// <param name="change">The group as it is now, whatever has become of it since it has changed first.</param>
    /// <returns>False if nothing is pending.</returns>
    public bool TryTakeCopy(out GroupChange? change)
    {
        while (_queue.TryDequeue(out FeedEntry? entry))
        {
            if (TryTake(entry, out FeedChange taken, out GroupInfo? copy))
            {
                change = new GroupChange(taken.Key, copy);
                return true;
            }
        }

        change = null;
        return false;
    }

    /// <summary>
    /// Releases a taken snapshot, so that its memory can be used again; do not touch it afterwards. Called once, it counts for each time
    /// that the snapshot was taken. Unreleased snapshots are garbage collected.
    /// </summary>
    /// <param name="change">As it was taken. Of a deletion there is nothing to release.</param>
    public void Release(in FeedChange change)
    {
        // A later feed may have taken its place, and taken the same.
        if (change.Snapshot is not { } snapshot || _isDisposed)
        {
            return;
        }

        // Read before: from the next step on the snapshot may become another one.
        (Block? block, Block[] older) = (snapshot.Block, snapshot.OlderBlocks);
        Explored.Step("ReleaseTaken");
        if (!snapshot.ReleaseFor(this))
        {
            return;
        }

        if (block is not null)
        {
            retired.Release(block);
        }

        foreach (Block other in older)
        {
            retired.Release(other);
        }
    }

    /// <summary>Ends the feed: the store tells it nothing more, and another can take its place. By the consumer.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            store.Unsubscribe(this);
            _queue.Clear();
        }
    }

    // A group has changed: its newest snapshot is in its place. Called before the change is answered.
    internal void Tell(GroupSlot slot)
    {
        if (_isDisposed || IsBehind)
        {
            return;
        }

        FeedEntry entry = slot.EntryOf(this);
        Explored.Step("ReadEntry");
        if (entry.IsQueued || !entry.IsWanted)
        {
            return;
        }

        int pending = _queue.Add(entry);
        Explored.Step("Told");
        if (index == OfCopies)
        {
            LookForTooMany(pending);
        }
    }

    private void LookForTooMany(int pending)
    {
        int groups = store.GroupCount;
        for (int most; (most = Volatile.Read(ref _mostGroups)) < groups;)
        {
            Interlocked.CompareExchange(ref _mostGroups, groups, most);
        }

        if (pending > MostPending && pending / 2 > Volatile.Read(ref _mostGroups))
        {
            _isBehind = true;
        }
    }

    // Groups have been deleted in one step. Their entries may be queued, or on the way to it.
    internal void TellTogether(GroupSlot[] slots)
    {
        if (index != OfCopies && !_isDisposed)
        {
            _queue.AddTogether(slots);
        }
    }

    // A group has been deleted. Until the consumer knows it, a group of the same key goes on with the entry; so a key that comes and goes
    // stays one entry.
    internal void TellGone(GroupSlot slot)
    {
        if (!_isDisposed && !IsBehind && slot.EntryOf(this) is { IsWanted: true } entry)
        {
            _queue.Bury(slot, entry);
            Tell(slot);
        }
    }

    // A group has been created. Called before anybody else knows the slot.
    internal void Adopt(GroupSlot slot) => _queue.Adopt(slot);

    private bool TryTake(FeedEntry entry, out FeedChange change, out GroupInfo? copy)
    {
        while (true)
        {
            GroupSlot slot = entry.Slot;
            GroupSnapshot current = TakeNewest(slot, out copy);
            if (current.IsEnd && !_queue.TryForget(entry, slot))
            {
                continue;
            }

            if (current.IsEnd && slot.LeavesTogether && index != OfCopies)
            {
                // It is in what is taken together, or was.
                change = default;
                return false;
            }

            // Each refusal was counted as pending, also one that says the same as the one before it at the same instant.
            PushFailure? failure = slot.LastFailure;
            bool isNew = entry.LastTaken != current.Version || !ReferenceEquals(entry.LastFailureTaken, failure);
            (entry.LastTaken, entry.LastFailureTaken) = (current.Version, failure);
            change = new FeedChange(slot.Key, current.Version, current.IsEnd ? null : current);
            return isNew;
        }
    }

    // Pinned, so that whoever replaces the snapshot meanwhile leaves it alone, and who does so later sees that it was taken.
    private GroupSnapshot TakeNewest(GroupSlot slot, out GroupInfo? copy)
    {
        slot.Pin();
        try
        {
            Explored.Step("ReadSlot");
            GroupSnapshot current = slot.Current!;
            if (index == OfCopies)
            {
                // Its publisher may not have come to it yet: a view that is opened after this must not show less.
                current.Stamp(store.State.Groups.Timeline);
                copy = current.IsEnd ? null : GroupCopies.InfoOf(store.State, current);
                return current;
            }

            copy = null;
            Explored.Step("MarkTaken");
            bool marks = true;
            Explored.Fault("TakesSilently", () => marks = false);
            if (marks)
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
