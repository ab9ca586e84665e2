using Exposition.Store.Internal;

namespace Exposition.Store;

// From a prepared push, or a refused one, to what is published of it: check and publication are one step for all who hold the writer lock.
// Steady pushes may come in between; what was made from a snapshot that they have replaced is made anew.

public sealed partial class MetricStore
{
    // Up to here the series of a push are looked for in other groups under the writer lock: not longer than other work there takes.
    private const int MostLookedForUnderLock = 256;
    private const int MostEarlyChecks = 3;
    private readonly Turns _turns = new();
    private int _earlyChecks;

    // Renders and publishes a prepared push. Rendering, drafting, and looking for many series in other groups, is done outside the lock on
    // a guess of the state (that the group stays as it is, and nobody changes the families meanwhile); where the guess was wrong it is
    // done again.
    private PushOutcome Publish(PendingPush push, PushMode mode, ReadOnlyMemory<byte> textBody, TimeSpan? expireAfter, Moment now)
    {
        FamilyEntry[]? pushed = null;
        bool hadFailure = false;
        for (int attempt = 0; ; attempt++)
        {
            pushed ??= Render(push, out hadFailure);
            bool isLong = push.Families.Metrics.Length > MostLookedForUnderLock && attempt < MostEarlyChecks;
            EarlyCheck? early = isLong ? BeginEarlyCheck(push) : null;
            Attempt made;
            try
            {
                early?.Look(push.Families, FindSlot(push.Key));
                made = TryPublish(push, pushed, hadFailure, early, mode, expireAfter, now, insists: attempt > 0);
            }
            finally
            {
                if (early is not null)
                {
                    Interlocked.Decrement(ref _earlyChecks);
                }
            }

            if (made.Stored is { } stored)
            {
                return Stored(push, pushed, made, stored, textBody);
            }

            if (made.Refused is not null || made.MustRender)
            {
                _blocks.Return(push.Block);
                pushed = null;
            }

            if (made.Refused is { } refused)
            {
                return refused;
            }
        }
    }

    private PushOutcome Stored(PendingPush push, FamilyEntry[] pushed, in Attempt made, GroupSnapshot stored, ReadOnlyMemory<byte> textBody)
    {
        _held.Replaced(made.Old is null ? [] : made.Old.Families, stored.Families);
        TellHidden(push.Key, made.Old, made.Hidden);
        if (!ReferenceEquals(made.Block, push.Block))
        {
            // Where others were packed with them the pushed pieces lie elsewhere now: there is no shape of them.
            _blocks.Return(push.Block);
        }
        else if (!textBody.IsEmpty)
        {
            ConsiderShape(stored.Slot, made.Old, stored, pushed, textBody);
        }

        if (made.Old is not null && (Faults & StoreFaults.ReusesAllSnapshots) != 0)
        {
            RecycleSnapshot(stored.Slot, made.Old, stored);
        }

        return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
    }

    private FamilyEntry[] Render(PendingPush push, out bool hadFailure)
    {
        using var group = new PinnedGroup(FindSlot(push.Key));
        Interleaving.At(Step.ReadBlock);
        hadFailure = group.Has(OwnNames.PushFailure);
        return push.Render(group.Newest, _blocks, keepPushedFailure: hadFailure);
    }

    // Null if there is nothing to look for.
    private EarlyCheck? BeginEarlyCheck(PendingPush push)
    {
        var early = new EarlyCheck(key => _slots.Find(key.Span));
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

    // The block of what is pushed stays the caller's unless it is that of what was stored.
    private Attempt TryPublish(
        PendingPush push,
        FamilyEntry[] pushed,
        bool hadFailure,
        EarlyCheck? early,
        PushMode mode,
        TimeSpan? expireAfter,
        Moment now,
        bool insists)
    {
        using Turns.Scope turn = _turns.Enter(push.Key, insists);
        using var group = new PinnedGroup(FindSlot(push.Key));
        Interleaving.At(Step.ReadBlock);
        if (hadFailure != group.Has(OwnNames.PushFailure))
        {
            return new Attempt(MustRender: true);
        }

        // Nothing comes back that has expired.
        GroupSnapshot? old = group.Newest;
        bool replaces = mode == PushMode.Replace || old is { IsExpired: true };
        var draft = GroupDraft.After(push.Key, old, pushed, replaces, _blocks, push.Block);
        PushOutcome? refused = null;
        GroupSnapshot? stored = null;
        List<HiddenFamily>? hidden = null;
        bool isDoubtful = false;
        int stepsLeft = 0;
        using (EnterWriter())
        {
            GroupSlot? slot = FindAt(push.Key, now);
            if (IsNewest(group, slot) && early?.Holds(push, _directory) != false)
            {
                Interleaving.At(Step.ReadBlock);
                refused = PushLimits.Exceeded(Options, old?.Size ?? 0, draft.Size, _storedBytes)
                    ?? ExceededNameSets(push, slot)
                    ?? Contradiction(Check(push, slot, pushed, draft.Families, ref hidden, early));
                Fate fate = FateOf(slot, push.Key, expireAfter, now);
                isDoubtful = IsDoubtful(refused is not null || hidden is not null, out stepsLeft);
                stored = refused is null && !isDoubtful ? Publish(slot, push.Key, draft, tell: true, fate, hidden, ownPins: 1) : null;
            }
        }

        if (stored is null && !ReferenceEquals(draft.Block, push.Block))
        {
            _blocks.Return(draft.Block!);
        }

        if (isDoubtful)
        {
            TakeSteps(stepsLeft);
            return new Attempt(MustRender: true);
        }

        return new Attempt(refused, stored, old, hidden, draft.Block);
    }

    // A refused push leaves one trace: the time of the failure in its group, which is created for it. Not where the group itself could
    // not exist beside the others ({job="a"} and {job="a",instance=""} would expose the same push_time_seconds).
    private void RecordFailure(PushWorkspace workspace, GroupingKey key, Moment now, in PushDetails details, string error)
    {
        PushFailure remembered = PushFailure.Of(now.Wall, error, details.Sender);
        bool insists = false;
        while (!TryRecordFailure(new PendingPush(workspace, key, now.Wall), now, details, remembered, insists))
        {
            insists = true;
        }
    }

    private bool TryRecordFailure(PendingPush failure, Moment now, in PushDetails details, PushFailure remembered, bool insists)
    {
        GroupingKey key = failure.Key;
        using Turns.Scope turn = _turns.Enter(key, insists);
        using var group = new PinnedGroup(FindSlot(key));
        Interleaving.At(Step.ReadBlock);
        FamilyEntry[] pushed = failure.RenderFailure(group.Newest, withPushTime: !group.Has(OwnNames.PushTime));
        var draft = GroupDraft.After(key, group.Newest, pushed, replaces: false, _blocks, failure.Block);
        GroupSnapshot? stored = null;
        bool fits = true;
        bool isDoubtful = false;
        int stepsLeft = 0;
        using (EnterWriter())
        {
            GroupSlot? slot = FindAt(key, now);
            if (IsNewest(group, slot))
            {
                List<HiddenFamily>? hidden = null;
                fits = PushLimits.Exceeded(Options, draft.Old?.Size ?? 0, draft.Size, _storedBytes) is null
                    && Check(failure, slot, pushed, draft.Families, ref hidden) is null;
                Fate fate = draft.Old is { } old
                    ? new Fate(old.ExpiresAt, old.IsExpired, old.HasOwnDeadline)
                    : FateOf(null, key, details.ExpireAfter, now);
                isDoubtful = IsDoubtful(!fits || hidden is not null, out stepsLeft);
                stored = fits && !isDoubtful ? Publish(slot, key, draft, tell: true, fate, hidden, failure: remembered, ownPins: 1) : null;
            }
        }

        if (stored is not null)
        {
            _held.Replaced(draft.Old is null ? [] : draft.Old.Families, stored.Families);
        }
        else if (!ReferenceEquals(draft.Block, failure.Block))
        {
            _blocks.Return(draft.Block!);
        }

        if (isDoubtful)
        {
            TakeSteps(stepsLeft);
        }

        return stored is not null || (!fits && !isDoubtful);
    }

    // Under the writer lock: whether what contradicts others may do so no more, as some of them have gone and count still.
    private bool IsDoubtful(bool contradicts, out int stepsLeft)
    {
        stepsLeft = StepsLeft;
        return contradicts && _directory.Leaving > 0;
    }

    // Under the writer lock: whether what a draft was made from is the newest still. If a steady push was quicker the next shall not be so,
    // too: its shape is of no use after this anyway.
    private bool IsNewest(in PinnedGroup group, GroupSlot? slot)
    {
        if (!ReferenceEquals(slot, group.Slot) || ReferenceEquals(slot?.Current, group.Newest))
        {
            return ReferenceEquals(slot, group.Slot);
        }

        _shapes?.Drop(slot!);
        return false;
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
        PendingPush push,
        GroupSlot? slot,
        FamilyEntry[] pushed,
        FamilyEntry[] next,
        ref List<HiddenFamily>? hidden,
        EarlyCheck? early = null)
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

    /// <summary>What came of an attempt to publish a push: it was stored, or refused, or it was made too late.</summary>
    private readonly record struct Attempt(
        PushOutcome? Refused = null,
        GroupSnapshot? Stored = null,
        GroupSnapshot? Old = null,
        List<HiddenFamily>? Hidden = null,
        byte[]? Block = null,
        bool MustRender = false);

    /// <summary>
    /// The newest snapshot of a group, pinned: it stays what it is, and nobody puts another in its place that is the same object.
    /// </summary>
    private readonly ref struct PinnedGroup
    {
        private readonly GroupSlot? _pinned;

        public PinnedGroup(GroupSlot? slot)
        {
            _pinned = slot;
            slot?.Pin();
            if (slot?.Current is { IsEnd: false } newest)
            {
                (Slot, Newest) = (slot, newest);
            }
        }

        public GroupSlot? Slot { get; }

        public GroupSnapshot? Newest { get; }

        public bool Has(ReadOnlySpan<byte> family) => Newest is not null && Newest.TryGet(family, out _);

        public void Dispose() => _pinned?.Unpin();
    }
}
