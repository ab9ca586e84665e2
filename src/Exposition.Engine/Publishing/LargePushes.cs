using System.Runtime.InteropServices;
using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

// A push of many families is checked and counted in steps of the writer lock, one such push at a time, and so is one of many series that
// others have come before again and again. It closes its families first: to others they count already, and no series come to them but its
// own. Who would bring some, or contradicts others meanwhile, waits until it is done, outside of the writer lock, and looks again. Then one
// short step publishes it.

/// <summary>Publishes pushes that are too much for one hold of the writer lock.</summary>
internal sealed class LargePushes(
    StoreState state, WriterLock writer, Publisher publisher, Expiring expiring, PushChecks checks, PushDrafts drafts)
{
    /// <summary>Checks, counts and publishes one.</summary>
    public Attempt Publish(PendingPush push)
    {
        using WriterLock.ClosingScope closing = writer.EnterClosing();
        using Turns.Scope turn = state.Turns.Enter(push.Key, insists: true);
        using var group = new PinnedGroup(state.Groups.Find(push.Key));
        Explored.Step("ReadBlock");
        if (push.KeepsFailure != group.Has(BuiltInFamilies.PushFailure))
        {
            return new Attempt(MustRender: true);
        }

        if (drafts.RefusedToJoin(push, group) is { } refusedJoin)
        {
            return new Attempt(refusedJoin);
        }

        var claim = new Claim(push, drafts.DraftOf(push, group.Newest), state.NewEarlyCheck());
        Attempt made = default;
        try
        {
            while (claim.Next < push.Rendered.Length && made.Refused is null && !made.MustRender)
            {
                using (writer.Enter(takesSteps: false))
                {
                    made = ClaimSome(claim, group.Slot);
                }
            }

            if (made.Refused is null && !made.MustRender)
            {
                claim.Early.Look(push.Families, group.Slot, claim.Names);
                HideClashes(claim);
                claim.Draft.Hidden.Add(claim.Hidden, claim.Slot!);
                made = Publish(claim, group);
            }
        }
        finally
        {
            EndClaim(claim, isStored: made.Stored is not null);
        }

        drafts.End(made, claim.Draft, push);
        return made;
    }

    // Under the writer lock: goes on from where the last one has ended.
    private Attempt ClaimSome(Claim claim, GroupSlot? slot)
    {
        writer.AssertHeld();
        PendingPush push = claim.Push;
        GroupDraft draft = claim.Draft;
        claim.Slot ??= slot ?? new GroupSlot(push.Key, state.Directory.NameSets.Acquire(push.Key));
        claim.Names ??= claim.Slot.Names;
        if ((PushLimits.Exceeded(state.Options, draft.Old?.Size ?? 0, draft.Size, state.Counts.StoredBytes)
            ?? PushLimits.Exceeded(state.Options, push, draft.SampleCount)) is { } tooLarge)
        {
            return new Attempt(tooLarge);
        }

        for (int cost = 0; claim.Next < push.Rendered.Length && cost < state.Directory.AtOnce; claim.Next++)
        {
            (int family, int entry) = push.Rendered[claim.Next];
            ReadOnlySpan<byte> name = push.NameOf(family);
            if (BuiltInFamilies.IsAny(name))
            {
                claim.Own.Add((family, entry));
                continue;
            }

            if (push.Entries[entry].Text.IsEmpty)
            {
                continue;
            }

            if (checks.IsFull(name, claim.Names))
            {
                return RefusedUnlessDoubtful(PushLimits.TooManyNameSets(state.Options));
            }

            if (claim.Contradiction is not null)
            {
                // What is left to know is whether there are too many name sets, which is said first.
                cost++;
                continue;
            }

            FamilyInfo info = state.Directory.Close(name);
            claim.Closed.Add(info);
            if (info.IsBeside(claim.Names))
            {
                claim.Early.Note(family, info, claim.Names);
            }

            int place = draft.PlaceOf(entry);
            state.Directory.Share(ref draft.Families[place]);
            cost += 1 + (info.NameSets.Length / 8);
            if (draft.Added is not null && draft.Added.BinarySearch(place) < 0)
            {
                // It was exposed before.
                continue;
            }

            if (state.Rules.Find(push.Families, family, draft.Old, claim.Names, draft.Families, claim.Early) is { } clash)
            {
                if (checks.IsRefused(clash))
                {
                    claim.Contradiction = clash.Message;
                    continue;
                }

                state.Hidden.Hide(draft.Families, name, clash, ref claim.Hidden);
                continue;
            }

            state.Directory.Add(draft.Families[place], draft.Families, claim.Slot);
            claim.Counted.Add(place);
        }

        if (state.MayCountStill && (claim.Hidden is not null || claim.Contradiction is not null))
        {
            return new Attempt(MustRender: true);
        }

        return claim.Next == push.Rendered.Length ? new Attempt(PushChecks.Contradiction(claim.Contradiction)) : default;
    }

    private Attempt Publish(Claim claim, in PinnedGroup group)
    {
        PendingPush push = claim.Push;
        GroupDraft draft = claim.Draft;
        using (writer.Enter())
        {
            GroupSlot? slot = expiring.FindAt(push.Key, push.At);
            if (!drafts.IsNewest(group, slot) || !claim.Early.HoldsOfClosed())
            {
                return default;
            }

            if (PushLimits.Exceeded(state.Options, draft.Old?.Size ?? 0, draft.Size, state.Counts.StoredBytes) is { } tooLarge)
            {
                return new Attempt(tooLarge);
            }

            if (claim.Refused is { } clash)
            {
                return new Attempt(new PushOutcome(PushStatus.Inconsistent, clash.Message));
            }

            int claimed = claim.Hidden?.Count ?? 0;
            if (checks.Check(push, CollectionsMarshal.AsSpan(claim.Own), slot, draft.Families, ref claim.Hidden) is { } error)
            {
                return new Attempt(new PushOutcome(PushStatus.Inconsistent, error));
            }

            // All others count.
            draft.Added = Array.ConvertAll(BuiltInFamilies.All, name => GroupSnapshot.IndexOf(draft.Families, name))
                .Where(place => place >= 0
                && (draft.Added is null || draft.Added.BinarySearch(place) >= 0)).ToList();
            Fate fate = state.Deadlines.FateOf(slot, push.Key, push.ExpireAfter, push.At);
            GroupSnapshot? stored = publisher.Publish(
                slot, push.Key, new Publication(draft, fate, claim.Hidden)
                {
                    OwnPins = 1,
                    Claimed = claim.Slot,
                    ClaimedHidden = claimed,
                    Id = push.Id,
                });
            if (stored is not null && claim.CountedBefore.Count > 0)
            {
                state.Directory.Leave(draft.Old!.FamilyArray, claim.CountedBefore, claim.CountedBefore.Count, claim.Slot!);
            }

            return new Attempt(null, stored, draft.Old, claim.Hidden, draft.Block);
        }
    }

    // Outside of the writer lock. Whether these clashes are there still is seen to when all is published.
    private void HideClashes(Claim claim)
    {
        List<(int Family, Clash Clash)> clashes = claim.Early.Clashes;
        claim.Refused = clashes.Find(found => checks.IsRefused(found.Clash)).Clash;
        for (int next = 0; next < clashes.Count && claim.Refused is null;)
        {
            using (writer.Enter(takesSteps: false))
            {
                for (int i = 0; i < state.Directory.AtOnce && next < clashes.Count; i++, next++)
                {
                    HideClaimed(claim, claim.Push.NameOf(clashes[next].Family), clashes[next].Clash);
                }
            }
        }
    }

    private void HideClaimed(Claim claim, ReadOnlySpan<byte> name, Clash clash)
    {
        writer.AssertHeld();
        FamilyEntry[] families = claim.Draft.Families;
        int place = GroupSnapshot.IndexOf(families, name);
        if (!families[place].IsHidden)
        {
            if (claim.Counted.BinarySearch(place) >= 0)
            {
                state.Directory.Remove(families[place], families, claim.Slot!);
            }
            else if (claim.Draft.PlaceOfCounted(name) is >= 0 and var before)
            {
                claim.CountedBefore.Add(before);
            }

            state.Hidden.Hide(families, name, clash, ref claim.Hidden);
        }
    }

    // Opens what was closed; what was counted and is not stored counts no more.
    private void EndClaim(Claim claim, bool isStored)
    {
        if (!isStored && claim.Slot is not null)
        {
            using (writer.Enter())
            {
                state.Directory.Leave(claim.Draft.Families, claim.Counted, claim.Counted.Count, claim.Slot);
                if (claim.Draft.Old is null)
                {
                    state.Directory.NameSets.Release(claim.Push.Key);
                }
            }
        }

        for (int next = 0; next < claim.Closed.Count;)
        {
            using (writer.Enter())
            {
                for (int i = 0; i < state.Directory.AtOnce && next < claim.Closed.Count; i++)
                {
                    state.Directory.Open(claim.Closed[next++]);
                }
            }
        }
    }

    private Attempt RefusedUnlessDoubtful(PushOutcome refused) =>
        state.MayCountStill ? new Attempt(MustRender: true) : new Attempt(refused);

    /// <summary>A push whose families are closed.</summary>
    private sealed class Claim(PendingPush push, GroupDraft draft, EarlyCheck early)
    {
        public List<HiddenFamily>? Hidden;

        // Why it is refused, unless for another reason.
        public string? Contradiction { get; set; }

        public PendingPush Push => push;

        public GroupDraft Draft => draft;

        public EarlyCheck Early => early;

        public GroupSlot? Slot { get; set; }

        public NameSet? Names { get; set; }

        // Families of the names of the store's own, and their entries: these are never closed.
        public List<(int Family, int Entry)> Own { get; } = [];

        public List<FamilyInfo> Closed { get; } = [];

        // Places of those that count already.
        public List<int> Counted { get; } = [];

        // Places among the old families of those that count until it is published.
        public List<int> CountedBefore { get; } = [];

        // What it repeats of another group, which is no reason to hide it but to refuse it.
        public Clash? Refused { get; set; }

        // Which of the push is next.
        public int Next { get; set; }
    }
}
