using Exposition.Store.Internal;

namespace Exposition.Store;

// From a prepared push to a published snapshot: check, publication and what follows from it (deadlines, hidden families, feeds) are one step for all who
// hold the writer lock. Steady pushes may come in between; what was made from a snapshot that they have replaced is made anew.

public sealed partial class MetricStore
{
    // Renders and publishes a prepared push. Rendering is done outside the lock on a guess of the group's state (whether it has a
    // push_failure_time_seconds to keep); where the guess was wrong it is done again.
    private PushOutcome Publish(PendingPush push, PushMode mode, ReadOnlyMemory<byte> textBody, TimeSpan? expireAfter, long now)
    {
        while (true)
        {
            GroupSlot? known = FindSlot(push.Key);
            known?.Pin();
            bool hadFailure;
            FamilyEntry[] pushed;
            try
            {
                GroupSnapshot? before = known?.Current;
                Interleaving.At(Step.ReadBlock);
                hadFailure = before is not null && before.TryGet(OwnNames.PushFailure, out _);
                pushed = push.Render(before, _blocks, keepPushedFailure: hadFailure);
            }
            finally
            {
                known?.Unpin();
            }

            List<HiddenFamily>? hidden;
            GroupSnapshot? old;
            GroupSnapshot? stored;
            using (EnterWriter())
            {
                GroupSlot? slot = Find(push.Key.Bytes);
                if (hadFailure != (slot is not null && slot.Current!.TryGet(OwnNames.PushFailure, out _)))
                {
                    _blocks.Return(push.Block);
                    continue;
                }

                // Once more where a steady push has come in between: it leaves the families as they are, but not their values.
                do
                {
                    hidden = null;
                    byte[] block = push.Block;
                    old = slot?.Current;
                    Interleaving.At(Step.ReadBlock);

                    // Nothing comes back that has expired.
                    FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, mode == PushMode.Replace || old is { IsExpired: true });
                    PushOutcome? refused = PushLimits.Exceeded(Options, old?.Size ?? 0, GroupSize.Of(push.Key, next, old), _storedBytes)
                        ?? (Check(push, slot, pushed, next, ref hidden) is { } error ? new PushOutcome(PushStatus.Inconsistent, error) : null);
                    if (refused is null && old is not null)
                    {
                        SnapshotBuilder.Repack(next, _blocks, ref block);
                    }

                    stored = refused is null ? Publish(slot, old, push.Key, next, tell: true, FateOf(slot, push.Key, expireAfter, now), hidden, block) : null;
                    bool isPacked = !ReferenceEquals(block, push.Block);
                    if (isPacked && stored is null)
                    {
                        _blocks.Return(block);
                    }

                    if (refused is not null || (isPacked && stored is not null))
                    {
                        // Where all was packed into one block, the pushed pieces lie in that: there is no shape of them.
                        textBody = default;
                        _blocks.Return(push.Block);
                    }

                    if (refused is { } outcome)
                    {
                        return outcome;
                    }
                }
                while (stored is null);
            }

            TellHidden(push.Key, old, hidden);
            if (!textBody.IsEmpty)
            {
                ConsiderShape(stored.Slot, old, stored, pushed, textBody);
            }

            if (old is not null && (Faults & StoreFaults.ReusesAllSnapshots) != 0)
            {
                RecycleSnapshot(stored.Slot, old, stored);
            }

            return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
        }
    }

    // A refused push leaves one trace: the time of the failure in its group, which is created for it. Not where the group itself could
    // not exist beside the others ({job="a"} and {job="a",instance=""} would expose the same push_time_seconds).
    private void RecordFailure(PushWorkspace workspace, GroupingKey key, long now, in PushDetails details, string error)
    {
        PushFailure remembered = PushFailure.Of(now, error, details.Sender);
        while (true)
        {
            var failure = new PendingPush(workspace, key, now);
            GroupSlot? known = FindSlot(key);
            known?.Pin();
            bool hadTime;
            FamilyEntry[] pushed;
            try
            {
                hadTime = known is not null && known.Current!.TryGet(OwnNames.PushTime, out _);
                pushed = failure.RenderFailure(known?.Current, withPushTime: !hadTime);
            }
            finally
            {
                known?.Unpin();
            }

            using (EnterWriter())
            {
                GroupSlot? slot = Find(key.Bytes);
                if (hadTime != (slot is not null && slot.Current!.TryGet(OwnNames.PushTime, out _)))
                {
                    continue;
                }

                GroupSnapshot? stored;
                do
                {
                    List<HiddenFamily>? hidden = null;
                    byte[] block = failure.Block;
                    GroupSnapshot? old = slot?.Current;
                    FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, replace: false);
                    bool fits = PushLimits.Exceeded(Options, old?.Size ?? 0, GroupSize.Of(key, next, old), _storedBytes) is null
                        && Check(failure, slot, pushed, next, ref hidden) is null;
                    if (fits && old is not null)
                    {
                        SnapshotBuilder.Repack(next, _blocks, ref block);
                    }

                    Fate fate = old is not null ? new Fate(old.ExpiresAt, old.IsExpired, old.HasOwnDeadline) : FateOf(null, key, details.ExpireAfter, now);
                    stored = fits ? Publish(slot, old, key, next, tell: true, fate, hidden, block) : null;
                    if (stored is null && !ReferenceEquals(block, failure.Block))
                    {
                        _blocks.Return(block);
                    }

                    if (!fits)
                    {
                        return;
                    }
                }
                while (stored is null);
                stored.Slot.LastFailure = remembered;
                return;
            }
        }
    }

    // Unchecked pushes are checked too, but what contradicts others is hidden, and so always is what contradicts the host. The store's own families are those of a group that could be made, so they
    // fit; unless they did not, and are hidden.
    private string? Check(PendingPush push, GroupSlot? slot, FamilyEntry[] pushed, FamilyEntry[] next, ref List<HiddenFamily>? hidden)
    {
        NameSet? names = slot?.Names ?? _directory.Find(push.Key);
        foreach ((int family, int entry) in push.Rendered)
        {
            if (pushed[entry].Text.IsEmpty || (slot is not null && push.IsOwn(family) && !IsHidden(slot.Current!, pushed[entry].Name)))
            {
                continue;
            }

            if (_rules.Find(push.Families, family, slot?.Current, names, next) is { } clash)
            {
                if (Options.CheckConsistency && !clash.IsWithHost && !(slot is not null && push.IsOwn(family)))
                {
                    return clash.Message;
                }

                Hide(next, pushed[entry].Name.Span, clash, ref hidden);
            }
        }

        return null;
    }

    private static bool IsHidden(GroupSnapshot group, ReadOnlyMemory<byte> name) =>
        !group.Hidden.IsEmpty && group.TryGet(name.Span, out FamilyEntry entry) && (entry.Traits & FamilyTraits.Suspect) != 0;

    // Under the writer lock. Null if the group's snapshot is not the old one any more; the block is then still the caller's.
    private GroupSnapshot? Publish(GroupSlot? slot, GroupSnapshot? old, GroupingKey key, FamilyEntry[] families, bool tell, in Fate fate, List<HiddenFamily>? hidden = null, byte[]? block = null)
    {
        GroupSlot target = slot ?? new GroupSlot(key, _directory.Acquire(key));
        _directory.Share(old is null ? [] : old.Families, families);
        long number = old is null ? _lastNumber + 1 : old.Number + 1;
        var snapshot = new GroupSnapshot(target, families, Hidden(old, families, hidden))
        {
            Number = number,
            SeriesSince = number,
            ExpiresAt = fate.ExpiresAt,
            IsExpired = fate.IsExpired,
            HasOwnDeadline = fate.IsOwn,
            Size = GroupSize.Of(key, families, old),
            SampleCount = Samples(families),
        };
        TakeBlocks(snapshot, old, block);
        if (old is null)
        {
            Create(target, snapshot);
        }
        else if (TrySwap(target, old, snapshot))
        {
            RetireBlocks(target, old, snapshot, ownPins: 0);
        }
        else
        {
            GiveUpBlocks(snapshot, old, kept: block);
            return null;
        }

        if (old is not null)
        {
            _held.Replaced(old.Families, families);
        }

        _directory.Replace(old is null ? [] : old.Families, families, target);
        _directory.Free(target.Waiting);
        ReplaceHidden(target, old, snapshot);
        _samples += snapshot.SampleCount - (old?.SampleCount ?? 0);
        Volatile.Write(ref _storedBytes, _storedBytes + snapshot.Size - (old?.Size ?? 0));
        _expiredNow += (fate.IsExpired ? 1 : 0) - (old is { IsExpired: true } ? 1 : 0);
        Schedule(target, fate);
        if (tell)
        {
            Tell(target);
        }

        if (_directory.Freed.Count > 0)
        {
            Recheck();
        }

        return snapshot;
    }

    private void Create(GroupSlot slot, GroupSnapshot first)
    {
        first.StampAsFirst();
        slot.Current = first;
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.Adopt(slot);
        }

        Interleaving.At(Step.ChangeSlots);
        _slots[slot.Key.Array] = slot;
        if (_loads == 0)
        {
            ReplaceMap(_map.With(slot));
        }
    }

    private void Remove(GroupSlot slot)
    {
        if ((Faults & StoreFaults.ClosesLate) != 0)
        {
            ReplaceMap(_map.Without(slot.Key));
        }

        Removed(slot, Close(slot));
    }

    // The rest of a removal, from the closing of the slot on.
    private void Removed(GroupSlot slot, GroupSnapshot last)
    {
        _lastNumber = Math.Max(_lastNumber, last.Number + 1);
        _shapes?.Drop(slot);
        _held.Replaced(last.Families, []);
        _directory.Replace(last.Families, [], slot);
        _directory.Free(slot.Waiting);
        ReplaceHidden(slot, last, null);
        _directory.Release(slot.Key);
        _samples -= last.SampleCount;
        Volatile.Write(ref _storedBytes, _storedBytes - last.Size);
        _expiredNow -= last.IsExpired ? 1 : 0;
        Interleaving.At(Step.ChangeSlots);
        _slots.TryRemove(slot.Key.Array, out _);
        if ((Faults & StoreFaults.ShowsEarly) != 0)
        {
            Recheck();
        }

        bool forAll = ReplaceMap(_map.Without(slot.Key));

        // Not before: whoever finds nothing due looks at the map next.
        _deadlines.Remove(slot);
        Forget(slot, forAll);
        RetireAllBlocks(slot, last, _map.Stamp(_timeline));
        Recheck();
    }

    // A group is gone; in no view any more, if so said. Its last snapshot shall not wait until the feeds have heard of it.
    private void Forget(GroupSlot slot, bool forAll)
    {
        if (forAll)
        {
            slot.Current!.Previous = null;
        }

        Interleaving.At(Step.ReadFeeds);
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.TellGone(slot);
        }
    }

    // After a change is in its place, and a full fence, and before it is answered.
    private void Tell(GroupSlot slot)
    {
        Interleaving.At(Step.ReadFeeds);
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.Tell(slot);
        }
    }

    private static long Samples(ReadOnlySpan<FamilyEntry> families)
    {
        long samples = 0;
        foreach (ref readonly FamilyEntry entry in families)
        {
            samples += entry.SampleCount;
        }

        return samples;
    }
}
