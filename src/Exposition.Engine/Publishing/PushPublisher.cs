using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Explore;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;

namespace Exposition.Engine.Publishing;

// From a prepared push, or a refused one, to what is published of it: check and publication are one step for all who hold the writer lock.
// Repeat pushes may come in between; what was made from a snapshot that they have replaced is made anew.

/// <summary>Publishes pushes that are no repeat pushes.</summary>
internal sealed class PushPublisher(
    StoreState state, WriterLock writer, Publisher publisher, Expiring expiring, PushChecks checks, PushDrafts drafts, LargePushes large,
    RepeatPushes repeats)
{
    private const int MostEarlyChecks = 2;

    /// <summary>
    /// Renders and publishes a prepared push. Rendering, drafting, and looking for many series in other groups, is done outside the lock on
    /// a guess of the state (that the group stays as it is, and nobody changes the families meanwhile); where the guess was wrong it is
    /// done again.
    /// </summary>
    public PushOutcome Publish(PendingPush push, ReadOnlyMemory<byte> textBody)
    {
        bool isRendered = false;
        bool looksEarly = false;
        bool waits = false;
        int tooLate = 0;
        for (int attempt = 0; ; attempt++)
        {
            if (!isRendered)
            {
                using var group = new PinnedGroup(state.Groups.Find(push.Key));
                Explored.Step("ReadBlock");
                drafts.Render(push, group);
                isRendered = true;
            }

            Attempt made;
            if (push.Rendered.Length > state.Directory.AtOnce || tooLate > MostEarlyChecks)
            {
                made = large.Publish(push);
            }
            else
            {
                using WriterLock.ClosingScope closing = waits ? writer.EnterClosing() : default;
                made = PublishAtOnce(push, looksEarly, insists: attempt > 0);
            }

            looksEarly |= made.MustLookEarly;
            waits |= made.MustWait;
            tooLate += made.IsTooLate ? 1 : 0;
            if (made.Stored is { } stored)
            {
                return Stored(push, made, stored, textBody);
            }

            if (made.Refused is not null || made.MustRender)
            {
                state.Blocks.Pool.Return(push.Block);
                isRendered = false;
            }

            if (made.Refused is { } refused)
            {
                return refused;
            }
        }
    }

    private PushOutcome Stored(PendingPush push, in Attempt made, GroupSnapshot stored, ReadOnlyMemory<byte> textBody)
    {
        GroupSnapshot? old = made.Old;
        state.Held.Replaced(old is null ? [] : old.Families, stored.Families);
        state.Hidden.Tell(push.Key, old, made.Hidden);
        Interlocked.Add(ref state.Counts.Pushed, push.PushedSamples);
        if (push.Join is { Late: > 0 and var late })
        {
            Interlocked.Add(ref state.Counts.LateTotals, late);
        }

        if (!ReferenceEquals(made.Block, push.Block))
        {
            // Where others were packed with them the pushed pieces lie elsewhere now: there is no shape of them.
            state.Blocks.Pool.Return(push.Block);
        }
        else if (!textBody.IsEmpty)
        {
            repeats.ConsiderShape(stored.Slot, old, stored, push, textBody);
        }

        Explored.Fault("ReusesAllSnapshots", () =>
        {
            if (old is not null)
            {
                stored.Slot.Pin();
                state.Blocks.Recycle(stored.Slot, old, stored);
                stored.Slot.Unpin();
            }
        });
        return new PushOutcome(state.Taken);
    }

    private Attempt PublishAtOnce(PendingPush push, bool looksEarly, bool insists)
    {
        if (!looksEarly)
        {
            return TryPublish(push, null, insists);
        }

        EarlyCheck early = state.NewEarlyCheck();
        Interlocked.Increment(ref state.EarlyChecks);
        try
        {
            NameSet? names = null;
            for (int next = 0; next < push.Rendered.Length;)
            {
                using (writer.Enter(takesSteps: false))
                {
                    names = state.Directory.NameSets.Find(push.Key);
                    checks.NoteSome(early, push, names, ref next);
                }
            }

            early.Look(push.Families, state.Groups.Find(push.Key), names);
            return TryPublish(push, early, insists);
        }
        finally
        {
            Interlocked.Decrement(ref state.EarlyChecks);
        }
    }

    // The block of what is pushed stays the caller's unless it is that of what was stored.
    private Attempt TryPublish(PendingPush push, EarlyCheck? early, bool insists)
    {
        using Turns.Scope turn = state.Turns.Enter(push.Key, insists);
        using var group = new PinnedGroup(state.Groups.Find(push.Key));
        Explored.Step("ReadBlock");
        if (push.KeepsFailure != group.Has(BuiltInFamilies.PushFailure))
        {
            return new Attempt(MustRender: true);
        }

        if (early is not null && !push.IsRenderedFor(group.Newest))
        {
            return new Attempt(MustRender: true);
        }

        if (drafts.RefusedToJoin(push, group) is { } refusedJoin)
        {
            return new Attempt(refusedJoin);
        }

        GroupDraft draft = drafts.DraftOf(push, group.Newest);
        Attempt made;
        using (writer.Enter())
        {
            made = TryPublish(push, draft, group, early);
        }

        drafts.End(made, draft, push);
        return made;
    }

    // Under the writer lock.
    private Attempt TryPublish(PendingPush push, GroupDraft draft, in PinnedGroup group, EarlyCheck? early)
    {
        writer.AssertHeld();
        GroupSlot? slot = expiring.FindAt(push.Key, push.At);
        if (!drafts.IsNewest(group, slot))
        {
            return default;
        }

        if (early?.Holds(push.Families, state.Directory) == false)
        {
            return new Attempt(IsTooLate: true);
        }

        if (state.Directory.Closed > 0 && checks.IsAnyClosed(push))
        {
            return new Attempt(MustWait: true);
        }

        NameSet? names = slot?.Names ?? state.Directory.NameSets.Find(push.Key);
        if (early is null && checks.IsMuchToLookFor(push, names))
        {
            return new Attempt(MustLookEarly: true);
        }

        Explored.Step("ReadBlock");
        List<HiddenFamily>? hidden = null;
        PushOutcome? refused = PushLimits.Exceeded(state.Options, draft.Old?.Size ?? 0, draft.Size, state.Counts.StoredBytes)
            ?? PushLimits.Exceeded(state.Options, push, draft.SampleCount)
            ?? checks.ExceededNameSets(push, names)
            ?? PushChecks.Contradiction(checks.Check(push, push.Rendered, slot, draft.Families, ref hidden, early));
        if ((refused is not null || hidden is not null) && (state.MayCountStill || state.Directory.Closed > 0))
        {
            // By what has gone, perhaps, or by what may never come.
            return new Attempt(MustRender: true, MustWait: state.Directory.Closed > 0);
        }

        Fate fate = state.Deadlines.FateOf(slot, push.Key, push.ExpireAfter, push.At);
        GroupSnapshot? stored = refused is null
            ? publisher.Publish(slot, push.Key, new Publication(draft, fate, hidden) { OwnPins = 1, Id = push.Id })
            : null;
        return new Attempt(refused, stored, draft.Old, hidden, draft.Block);
    }
}
