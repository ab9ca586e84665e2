using Exposition.Store.Internal;

namespace Exposition.Store;

// From a prepared push, or a refused one, to what is published of it: check and publication are one step for all who hold the writer lock.
// Steady pushes may come in between; what was made from a snapshot that they have replaced is made anew.

public sealed partial class MetricStore
{
    // Up to here the series of a push are looked for in other groups under the writer lock: not longer than other work there takes.
    private const int MostLookedForUnderLock = 256;
    private const int MostEarlyChecks = 3;
    private int _earlyChecks;

    // Renders and publishes a prepared push. Rendering, and looking for many series in other groups, is done outside the lock on a guess of
    // the state (whether the group has a push_failure_time_seconds to keep; that nobody changes the families meanwhile); where the guess
    // was wrong it is done again.
    private PushOutcome Publish(PendingPush push, PushMode mode, ReadOnlyMemory<byte> textBody, TimeSpan? expireAfter, long now)
    {
        for (int attempt = 0; ; attempt++)
        {
            FamilyEntry[] pushed = Render(push, out bool hadFailure);
            bool isLong = push.Families.Metrics.Length > MostLookedForUnderLock && attempt < MostEarlyChecks;
            EarlyCheck? early = isLong ? BeginEarlyCheck(push) : null;
            try
            {
                early?.Look(push.Families, FindSlot(push.Key));
                if (TryPublish(push, pushed, hadFailure, early, mode, textBody, expireAfter, now) is { } outcome)
                {
                    return outcome;
                }
            }
            finally
            {
                if (early is not null)
                {
                    Interlocked.Decrement(ref _earlyChecks);
                }
            }

            _blocks.Return(push.Block);
        }
    }

    private FamilyEntry[] Render(PendingPush push, out bool hadFailure)
    {
        GroupSlot? known = FindSlot(push.Key);
        known?.Pin();
        try
        {
            GroupSnapshot? before = known?.Current;
            Interleaving.At(Step.ReadBlock);
            hadFailure = before is not null && before.TryGet(OwnNames.PushFailure, out _);
            return push.Render(before, _blocks, keepPushedFailure: hadFailure);
        }
        finally
        {
            known?.Unpin();
        }
    }

    // Null if there is nothing to look for.
    private EarlyCheck? BeginEarlyCheck(PendingPush push)
    {
        var early = new EarlyCheck(key => Find(key.Span));
        using (EnterWriter())
        {
            if (!early.Begin(push, _directory, _directory.Find(push.Key)))
            {
                return null;
            }

            Interlocked.Increment(ref _earlyChecks);
        }

        return early;
    }

    // Null if a guess was wrong; the block is then still the caller's.
    private PushOutcome? TryPublish(
        PendingPush push,
        FamilyEntry[] pushed,
        bool hadFailure,
        EarlyCheck? early,
        PushMode mode,
        ReadOnlyMemory<byte> textBody,
        TimeSpan? expireAfter,
        long now)
    {
        List<HiddenFamily>? hidden;
        GroupSnapshot? old;
        GroupSnapshot? stored;
        using (EnterWriter())
        {
            GroupSlot? slot = FindAt(push.Key.Bytes, now);
            bool hasFailure = slot is not null && slot.Current!.TryGet(OwnNames.PushFailure, out _);
            if (hadFailure != hasFailure || early?.Holds(push, _directory) == false)
            {
                return null;
            }

            // Once more where a steady push has come in between: it leaves the families as they are, but not their values.
            do
            {
                hidden = null;
                byte[] block = push.Block;
                old = slot?.Current;
                Interleaving.At(Step.ReadBlock);

                // Nothing comes back that has expired.
                bool replaces = mode == PushMode.Replace || old is { IsExpired: true };
                FamilyEntry[] next = SnapshotBuilder.Combine(old is null ? [] : old.Families, pushed, replaces);
                PushOutcome? refused = PushLimits.Exceeded(Options, old?.Size ?? 0, GroupSize.Of(push.Key, next, old), _storedBytes)
                    ?? ExceededNameSets(push, slot)
                    ?? Contradiction(Check(push, slot, pushed, next, ref hidden, early));
                if (refused is null && old is not null)
                {
                    GroupPacking.Repack(next, _blocks, ref block);
                }

                Fate fate = FateOf(slot, push.Key, expireAfter, now);
                stored = refused is null ? Publish(slot, old, push.Key, next, tell: true, fate, hidden, block) : null;
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

                if (refused is not null)
                {
                    return refused;
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
                GroupSlot? slot = FindAt(key.Bytes, now);
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
                        GroupPacking.Repack(next, _blocks, ref block);
                    }

                    Fate fate = old is not null
                        ? new Fate(old.ExpiresAt, old.IsExpired, old.HasOwnDeadline)
                        : FateOf(null, key, details.ExpireAfter, now);
                    stored = fits ? Publish(slot, old, key, next, tell: true, fate, hidden, block, failure: remembered) : null;
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
                return;
            }
        }
    }

    private static PushOutcome? Contradiction(string? error) => error is null ? null : new PushOutcome(PushStatus.Inconsistent, error);

    // Whether one of the pushed families would be under a further name set. The store's own are under all of them, and looked up otherwise.
    private PushOutcome? ExceededNameSets(PendingPush push, GroupSlot? slot)
    {
        if (Options.MaxGroupingNameSets == 0)
        {
            return null;
        }

        NameSet? names = slot?.Names ?? _directory.Find(push.Key);
        foreach ((int family, _) in push.Rendered)
        {
            ReadOnlySpan<byte> name = push.NameOf(family);
            bool counts = push.Families.Families[family].MetricCount > 0 && !OwnNames.IsAny(name);
            if (counts && _directory.IsFull(name, names, Options.MaxGroupingNameSets))
            {
                return PushLimits.TooManyNameSets(Options);
            }
        }

        return null;
    }

    // Unchecked pushes are checked too, but what contradicts others is hidden, and so always is what contradicts the host. The store's own
    // families are those of a group that could be made, so they fit; unless they did not, and are hidden.
    private string? Check(
        PendingPush push, GroupSlot? slot, FamilyEntry[] pushed, FamilyEntry[] next, ref List<HiddenFamily>? hidden, EarlyCheck? early = null)
    {
        NameSet? names = slot?.Names ?? _directory.Find(push.Key);
        foreach ((int family, int entry) in push.Rendered)
        {
            if (pushed[entry].Text.IsEmpty || (slot is not null && push.IsOwn(family) && !IsHidden(slot.Current!, pushed[entry].Name)))
            {
                continue;
            }

            if (_rules.Find(push.Families, family, slot?.Current, names, next, early) is { } clash)
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
}
