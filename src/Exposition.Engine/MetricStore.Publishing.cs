using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine;

// From the families of a group to its newest snapshot, and what follows from it (counts, deadlines, hidden families, feeds). All of it is
// one step for those who hold the writer lock.

public sealed partial class MetricStore
{
    // Under the writer lock. Null if the group's snapshot is not the one any more that the draft was made from; its block is then still the
    // caller's. The caller has pinned the slot so often. What is counted, or claimed, is in the directory already.
    private GroupSnapshot? Publish(
        GroupSlot? slot,
        GroupingKey key,
        GroupDraft draft,
        bool tell,
        in Fate fate,
        List<HiddenFamily>? hidden = null,
        bool isCounted = false,
        PushFailure? failure = null,
        int ownPins = 0,
        Claim? claim = null)
    {
        AssertWriterLock();
        GroupSnapshot? old = draft.Old;
        GroupSlot target = slot ?? claim?.Slot ?? new GroupSlot(key, _directory.NameSets.Acquire(key));
        if (claim is null)
        {
            _directory.Share(draft);
        }

        long number = old is null ? _lastNumber + 1 : old.Number + 1;
        var snapshot = new GroupSnapshot(target, draft.Families, draft.Hidden(hidden))
        {
            Number = number,
            SeriesSince = number,
            ExpiresAt = fate.ExpiresAt,
            IsExpired = fate.IsExpired,
            HasExplicitExpiry = fate.IsOwn,
            Size = draft.Size,
            SampleCount = draft.SampleCount,
        };
        TakeBlocks(snapshot, old, draft.Block, draft.Memory);
        if (old is null)
        {
            Create(target, snapshot);
        }
        else if (TrySwap(target, old, snapshot))
        {
            CountLetGo(old);
            RetireBlocks(target, old, snapshot, ownPins);
        }
        else
        {
            GiveUpBlocks(snapshot, old, kept: draft.Block);

            // A steady push was quicker. The next shall not be so, too, or a long one might try for ever: the shape is of no use after it
            // anyway.
            _shapes?.Drop(target);
            return null;
        }

        // Before anybody is told, for who hears of it looks at once.
        if (failure is not null)
        {
            target.LastFailure = failure;
        }

        if (claim is null && Volatile.Read(ref _earlyChecks) > 0)
        {
            _directory.Touch(draft);
        }

        if (!isCounted)
        {
            _directory.Replace(draft, hidden, target);
            _directory.Free(target.Waiting);
        }

        ReplaceHidden(target, old, snapshot);
        _samples += snapshot.SampleCount - (old?.SampleCount ?? 0);
        Volatile.Write(ref _storedBytes, _storedBytes + snapshot.Size - (old?.Size ?? 0));
        _expiredNow += (fate.IsExpired ? 1 : 0) - (old is { IsExpired: true } ? 1 : 0);
        Schedule(target, fate);
        if (tell)
        {
            Tell(target);
        }

        return snapshot;
    }

    private void Create(GroupSlot slot, GroupSnapshot first)
    {
        AssertWriterLock();
        first.StampAsFirst();
        slot.Current = first;
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.Adopt(slot);
        }

        Explored.Step("ChangeSlots");
        _slots.Add(slot);
        if (_loads == 0)
        {
            slot.IsInMap = true;
            ReplaceMap(_map.With(slot));
        }
        else
        {
            _loaded.Add(slot);
        }
    }

    private void Remove(GroupSlot slot)
    {
        Explored.Fault("ClosesLate", () => ReplaceMap(MapWithout(slot)));
        Removed(slot, Close(slot));
    }

    // The rest of a removal, from the closing of the slot on.
    private void Removed(GroupSlot slot, GroupSnapshot last)
    {
        AssertWriterLock();
        _lastNumber = Math.Max(_lastNumber, last.Number + 1);
        _shapes?.Drop(slot);
        _held.Replaced(last.Families, []);
        CountLetGo(last);
        _directory.Remove(last, null, slot);
        _directory.Free(slot.Waiting);
        ReplaceHidden(slot, last, null);
        _directory.NameSets.Release(slot.Key);
        _samples -= last.SampleCount;
        Volatile.Write(ref _storedBytes, _storedBytes - last.Size);
        _expiredNow -= last.IsExpired ? 1 : 0;
        Explored.Step("ChangeSlots");
        _slots.Remove(slot);
        Explored.Fault("ShowsEarly", TakeAllSteps);
        bool forAll = ReplaceMap(MapWithout(slot));

        // Not before: whoever finds nothing due looks at the map next.
        _deadlines.Remove(slot);
        Forget(slot, forAll);
        RetireAllBlocks(slot, last, _map.Stamp(_timeline));
    }

    // While groups are loaded not all of them are in the map.
    private GroupMap MapWithout(GroupSlot slot)
    {
        AssertWriterLock();
        bool isInMap = slot.IsInMap;
        slot.IsInMap = false;
        return isInMap ? _map.Without(slot) : _map.Unchanged();
    }

    // A group is gone; in no view any more, if so said. Its last snapshot shall not wait until the feeds have heard of it.
    private void Forget(GroupSlot slot, bool forAll)
    {
        AssertWriterLock();
        if (forAll)
        {
            slot.Current!.Previous = null;
        }

        Explored.Step("ReadFeeds");
        foreach (ChangeFeed feed in Volatile.Read(ref _feeds))
        {
            feed.TellGone(slot);
        }
    }

    // After a change is in its place, and a full fence, and before it is answered.
    private void Tell(GroupSlot slot)
    {
        Explored.Step("ReadFeeds");
        ChangeFeed[] feeds = Volatile.Read(ref _feeds);
        Explored.Fault("TellsNobody", () => feeds = []);
        foreach (ChangeFeed feed in feeds)
        {
            feed.Tell(slot);
        }
    }
}
