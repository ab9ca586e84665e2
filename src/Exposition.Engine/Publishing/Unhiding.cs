using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Publishing;

// Hidden families that may be shown again are checked in steps (FollowUp), the one that was hidden first before the others. Work that grows
// with a group or a family is done before the writer lock is taken; its result is used if nothing has changed since.

/// <summary>Shows hidden families again when nothing keeps them hidden any more.</summary>
internal sealed class Unhiding(StoreState state, WriterLock writer, Publisher publisher)
{
    // About a millisecond; drafts of more are made outside the writer lock.
    private const int MostShownAtOnce = 1000;
    private const int MostFamiliesDrafted = 2000;

    private readonly FamilySet _hiddenSet = new();

    /// <summary>
    /// Outside the lock: what takes time with the size of the group, or of its family that came first, before it. Says how many of its
    /// families were looked at.
    /// </summary>
    public int ShowSomeOf(GroupSlot slot)
    {
        using var group = new PinnedGroup(slot);
        if (group.Newest is null)
        {
            return 0;
        }

        var draft = GroupDraft.Like(group.Newest);
        LargeFamily? large;
        using (writer.Enter(takesSteps: false))
        {
            large = NoteFirstFreed(slot, draft);
        }

        large?.Look(slot);
        using (writer.Enter(takesSteps: false))
        {
            int before = writer.StepsLeft;
            ShowSome(draft, isAlone: false, large);
            return before - writer.StepsLeft;
        }
    }

    private LargeFamily? NoteFirstFreed(GroupSlot slot, GroupDraft draft)
    {
        if (!state.Directory.TryPeekFreed(out HiddenFamily? hidden) || hidden.Slot != slot || EntryOf(hidden, draft) is not { } entry
            || !IsLarge(entry))
        {
            return null;
        }

        var large = new LargeFamily(hidden, entry, state.NewEarlyCheck());
        _ = state.Directory.TryGet(hidden.Name.Span, out FamilyInfo? info);
        large.Check.Note(0, info, slot.Names);
        return large;
    }

    private bool IsLarge(in FamilyEntry entry) => entry.SampleCount > 2 * state.Directory.AtOnce;

    private static FamilyEntry? EntryOf(HiddenFamily hidden, GroupDraft draft)
    {
        int at = GroupSnapshot.IndexOf(draft.Families, hidden.Name.Span);
        return at >= 0 && draft.Families[at].IsHidden ? draft.Families[at] : null;
    }

    /// <summary>
    /// Under the writer lock: looks again at some of what may be shown, what came first first. Where it can be shown, but its group is
    /// large and was not drafted, or its family is large and was not looked for before: says which group it is, unless there is to be no
    /// other way. No repeat push comes in between: none goes to a group with hidden families.
    /// </summary>
    public GroupSlot? ShowSome(GroupDraft? draft, bool isAlone, LargeFamily? large = null)
    {
        writer.AssertHeld();
        int looked = 0;
        List<HiddenFamily> shown = [];
        while (looked < MostShownAtOnce && state.Directory.TryPeekFreed(out HiddenFamily? hidden))
        {
            GroupSnapshot? current = hidden.Slot?.Current;
            if (draft is not null && current is { IsEnd: false } && draft.Old != current)
            {
                break;
            }

            ReadOnlySpan<FamilyEntry> families = draft is null ? current is null ? [] : current.Families : draft.Families;
            int at = GroupSnapshot.IndexOf(families, hidden.Name.Span);
            if (current is not { IsEnd: false } || at < 0 || !families[at].IsHidden)
            {
                state.Directory.TakeFreed();
                looked++;
                continue;
            }

            LargeFamily? known = large?.Hidden == hidden && large.Check.Holds(large.Set, state.Directory) ? large : null;
            bool canLook = isAlone || known is not null || !IsLarge(families[at]);
            if (canLook && StaysHidden(hidden, families[at], current, families, known))
            {
                state.Directory.TakeFreed();
                looked += known is null ? 1 + _hiddenSet.Metrics.Length : 1;
                continue;
            }

            if (draft is null && !isAlone && (!canLook || families.Length > MostFamiliesDrafted))
            {
                return hidden.Slot;
            }

            if (!canLook)
            {
                break;
            }

            state.Directory.TakeFreed();
            draft ??= GroupDraft.Like(current);
            draft.Families[at] = draft.Families[at] with { Traits = draft.Families[at].Traits & ~FamilyTraits.Hidden };
            state.Directory.Add(draft.Families[at], draft.Families, hidden.Slot!);
            hidden.Leave();
            shown.Add(hidden);
            looked += 1 + _hiddenSet.Metrics.Length;
        }

        if (shown.Count > 0)
        {
            GroupSnapshot old = draft!.Old!;
            draft.Hidden.Show(shown);
            publisher.Publish(old.Slot, old.Key, new Publication(draft, Fate.Of(old)) { IsCounted = true });
        }

        _hiddenSet.Reset();
        return null;
    }

    // Whether something keeps a family hidden. Then it waits for that.
    private bool StaysHidden(
        HiddenFamily hidden, in FamilyEntry entry, GroupSnapshot group, ReadOnlySpan<FamilyEntry> families, LargeFamily? known)
    {
        hidden.Waiting?.Remove(hidden);
        if (state.Directory.TryGet(hidden.Name.Span, out FamilyInfo? info) && info.IsClosed)
        {
            // It is looked at again when the family is open.
            info.HasMissed = true;
            info.Waiting ??= new WaitingFamilies();
            info.Waiting.Add(hidden);
            return true;
        }

        if (known is null)
        {
            entry.Read(_hiddenSet);
        }

        if (state.Rules.Find(known?.Set ?? _hiddenSet, 0, group, group.Slot.Names, families, known?.Check) is not { } clash)
        {
            return false;
        }

        hidden.StillHiddenBy(clash);
        state.Hidden.Wait(hidden);
        return true;
    }

    /// <summary>A hidden family of many series, which are looked for in other groups before the writer lock is taken.</summary>
    internal sealed class LargeFamily(HiddenFamily hidden, in FamilyEntry entry, EarlyCheck check)
    {
        private readonly FamilyEntry _entry = entry;

        public HiddenFamily Hidden => hidden;

        public EarlyCheck Check => check;

        public FamilySet Set { get; } = new();

        // Outside of the writer lock; the group is pinned.
        public void Look(GroupSlot slot)
        {
            _entry.Read(Set);
            check.Look(Set, slot, slot.Names);
        }
    }
}
