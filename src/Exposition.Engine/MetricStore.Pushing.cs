using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine;

// From a prepared push, or a refused one, to what is published of it: check and publication are one step for all who hold the writer lock.
// Steady pushes may come in between; what was made from a snapshot that they have replaced is made anew.

public sealed partial class MetricStore
{
    private const int MostEarlyChecks = 2;
    private readonly Turns _turns = new();
    private int _earlyChecks;

    // Renders and publishes a prepared push. Rendering, drafting, and looking for many series in other groups, is done outside the lock on
    // a guess of the state (that the group stays as it is, and nobody changes the families meanwhile); where the guess was wrong it is
    // done again.
    private PushOutcome Publish(PendingPush push, PushMode mode, ReadOnlyMemory<byte> textBody, TimeSpan? expireAfter, Moment now)
    {
        FamilyEntry[]? pushed = null;
        bool hadFailure = false;
        bool looksEarly = false;
        bool waits = false;
        int tooLate = 0;
        for (int attempt = 0; ; attempt++)
        {
            pushed ??= Render(push, out hadFailure);
            Attempt made;
            if (push.Rendered.Length > FamiliesAtOnce || tooLate > MostEarlyChecks)
            {
                made = PublishInSteps(push, pushed, hadFailure, mode, expireAfter, now);
            }
            else
            {
                using ClosingScope closing = waits ? EnterClosing() : default;
                made = PublishAtOnce(push, pushed, hadFailure, mode, expireAfter, now, looksEarly, insists: attempt > 0);
            }

            looksEarly |= made.MustLookEarly;
            waits |= made.MustWait;
            tooLate += made.IsTooLate ? 1 : 0;
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
            ConsiderShape(stored.Slot, made.Old, stored, pushed, textBody, push.Workspace);
        }

        GroupSnapshot old = made.Old ?? stored;
        Explored.Fault("ReusesAllSnapshots", () => RecycleSnapshot(stored.Slot, old, stored));
        return new PushOutcome(Options.CheckConsistency ? PushStatus.Stored : PushStatus.Accepted);
    }

    private FamilyEntry[] Render(PendingPush push, out bool hadFailure)
    {
        using var group = new PinnedGroup(FindSlot(push.Key));
        Explored.Step("ReadBlock");
        hadFailure = group.Has(BuiltInFamilies.PushFailure);
        return push.Render(group.Newest, _blocks, keepPushedFailure: hadFailure);
    }

    private Attempt PublishAtOnce(
        PendingPush push,
        FamilyEntry[] pushed,
        bool hadFailure,
        PushMode mode,
        TimeSpan? expireAfter,
        Moment now,
        bool looksEarly,
        bool insists)
    {
        EarlyCheck? early = looksEarly ? new EarlyCheck(key => _slots.Find(key.Span)) : null;
        if (early is null)
        {
            return TryPublish(push, pushed, hadFailure, null, mode, expireAfter, now, insists);
        }

        Interlocked.Increment(ref _earlyChecks);
        try
        {
            NameSet? names = null;
            for (int next = 0; next < push.Rendered.Length;)
            {
                using (EnterWriter(takesSteps: false))
                {
                    names = _directory.NameSets.Find(push.Key);
                    NoteSome(early, push, names, ref next);
                }
            }

            early.Look(push.Families, FindSlot(push.Key), names);
            return TryPublish(push, pushed, hadFailure, early, mode, expireAfter, now, insists);
        }
        finally
        {
            Interlocked.Decrement(ref _earlyChecks);
        }
    }

    private GroupDraft DraftOf(PendingPush push, FamilyEntry[] pushed, GroupSnapshot? old, PushMode mode)
    {
        // Nothing comes back that has expired.
        bool replaces = mode == PushMode.Replace || old is { IsExpired: true };
        return GroupDraft.After(push.Key, old, pushed, replaces, _blocks, push.Block);
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
        Explored.Step("ReadBlock");
        if (hadFailure != group.Has(BuiltInFamilies.PushFailure))
        {
            return new Attempt(MustRender: true);
        }

        GroupDraft draft = DraftOf(push, pushed, group.Newest, mode);
        Attempt made;
        using (EnterWriter())
        {
            made = TryPublish(push, pushed, draft, group, early, expireAfter, now);
        }

        return Made(made, draft, push);
    }

    // Outside of the writer lock: ends an attempt.
    private Attempt Made(in Attempt made, GroupDraft draft, PendingPush push)
    {
        if (made.Stored is null)
        {
            ReturnPacked(draft, push);
        }

        if (made.MustRender)
        {
            TakeSteps(StepsLeft);
        }

        return made;
    }

    // A draft that was not published: the block into which others were packed is nobody's. That of what is pushed stays the caller's.
    private void ReturnPacked(GroupDraft draft, PendingPush push)
    {
        if (!ReferenceEquals(draft.Block, push.Block))
        {
            _blocks.Return(draft.Block!);
        }
    }

    // Under the writer lock.
    private Attempt TryPublish(
        PendingPush push,
        FamilyEntry[] pushed,
        GroupDraft draft,
        in PinnedGroup group,
        EarlyCheck? early,
        TimeSpan? expireAfter,
        Moment now)
    {
        AssertWriterLock();
        GroupSlot? slot = FindAt(push.Key, now);
        if (!IsNewest(group, slot))
        {
            return default;
        }

        if (early?.Holds(push.Families, _directory) == false)
        {
            return new Attempt(IsTooLate: true);
        }

        if (_directory.Closed > 0 && IsAnyClosed(push))
        {
            return new Attempt(MustWait: true);
        }

        NameSet? names = slot?.Names ?? _directory.NameSets.Find(push.Key);
        if (early is null && IsMuchToLookFor(push, names))
        {
            return new Attempt(MustLookEarly: true);
        }

        Explored.Step("ReadBlock");
        List<HiddenFamily>? hidden = null;
        PushOutcome? refused = PushLimits.Exceeded(Options, draft.Old?.Size ?? 0, draft.Size, _storedBytes)
            ?? ExceededNameSets(push, names)
            ?? Contradiction(Check(push, push.Rendered, slot, pushed, draft.Families, ref hidden, early));
        if ((refused is not null || hidden is not null) && (_directory.Leaving > 0 || _directory.Closed > 0))
        {
            // By what has gone, perhaps, or by what may never come.
            return new Attempt(MustRender: true, MustWait: _directory.Closed > 0);
        }

        Fate fate = FateOf(slot, push.Key, expireAfter, now);
        GroupSnapshot? stored = refused is null ? Publish(slot, push.Key, draft, tell: true, fate, hidden, ownPins: 1) : null;
        return new Attempt(refused, stored, draft.Old, hidden, draft.Block);
    }

    // Under the writer lock: whether what a draft was made from is the newest still. If a steady push was quicker the next shall not be so,
    // too: its shape is of no use after this anyway.
    private bool IsNewest(in PinnedGroup group, GroupSlot? slot)
    {
        AssertWriterLock();
        if (!ReferenceEquals(slot, group.Slot) || ReferenceEquals(slot?.Current, group.Newest))
        {
            return ReferenceEquals(slot, group.Slot);
        }

        _shapes?.Drop(slot!);
        return false;
    }

    /// <summary>What came of an attempt to publish a push: it was stored, or refused, or it was made too late.</summary>
    private readonly record struct Attempt(
        PushOutcome? Refused = null,
        GroupSnapshot? Stored = null,
        GroupSnapshot? Old = null,
        List<HiddenFamily>? Hidden = null,
        byte[]? Block = null,
        bool MustRender = false,
        bool MustWait = false,
        bool MustLookEarly = false,
        bool IsTooLate = false);

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
