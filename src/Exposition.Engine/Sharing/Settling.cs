using Exposition.Engine.Consistency;
using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Engine.Publishing;

namespace Exposition.Engine.Sharing;

// Which of two families that contradict one another is shown depends, in one store, on which was there first. Nodes do not agree on that:
// one has been there all the time, another has read the newest state of each group only. So what is shown follows from the states alone:
//   first the families that their senders have seen to fit, by the revision of their group, its key, and their name,
//   then those that their senders have marked as hidden, in the same order;
//   each is shown if it contradicts none that is shown before it.
// In a store where nothing is hidden all are shown, so there is nothing to be done. Else this is found out by putting the families that may
// be concerned, all that bear the names of hidden ones or names beside these, into a store of their own, in that order.

/// <summary>Decides anew which families are hidden, so that all nodes with the same states show the same.</summary>
internal sealed class Settling(
    StoreState state, WriterLock writer, Publisher publisher, Views views, Func<StoreOptions, SettledStore> open)
{
    /// <summary>Which families their senders have marked.</summary>
    public SenderMarks Marks { get; } = new(state);

    /// <summary>Hides and shows again what must be, in one step. It takes time with the number of groups if anything is hidden.</summary>
    /// <returns>In how many groups something was changed.</returns>
    public int Settle()
    {
        Marks.ForgetGone();
        if (state.Hidden.Count == 0)
        {
            return 0;
        }

        using StoreView view = views.Open();
        HashSet<byte[]> names = NamesIn(view);
        List<Candidate> candidates = CandidatesIn(view, names);
        SettledStore settled = Settle(candidates, names);
        List<Change> changes = [];
        foreach (Candidate candidate in candidates)
        {
            if (ChangeOf(candidate, settled.State.Groups.Find(candidate.Group.Key)!.Current!) is { } change)
            {
                changes.Add(change);
            }
        }

        return changes.Count == 0 ? 0 : Carry(changes);
    }

    private static HashSet<byte[]> NamesIn(StoreView view)
    {
        var names = new HashSet<byte[]>(Utf8Key.Comparer);
        var next = new List<byte[]>();
        foreach (GroupSnapshot group in view.Groups)
        {
            foreach (HiddenFamily hidden in group.Hidden)
            {
                Add(hidden.Name.ToArray());
            }
        }

        while (next.Count > 0)
        {
            byte[][] some = [.. next];
            next.Clear();
            foreach (GroupSnapshot group in view.Groups)
            {
                foreach (byte[] name in some)
                {
                    if (group.TryGet(name, out FamilyEntry entry))
                    {
                        CrossGroupRules.NamesBeside(name, entry.Type).ForEach(Add);
                    }
                }
            }
        }

        return names;

        void Add(byte[] name)
        {
            if (names.Add(name))
            {
                next.Add(name);
            }
        }
    }

    private List<Candidate> CandidatesIn(StoreView view, HashSet<byte[]> names)
    {
        List<Candidate> candidates = [];
        foreach (GroupSnapshot group in view.Groups)
        {
            bool has = false;
            foreach (byte[] name in names)
            {
                has |= group.TryGet(name, out _);
            }

            if (has)
            {
                candidates.Add(new Candidate(group, group.Slot.Revision, Marks.Of(group), FamiliesOf(group, names)));
            }
        }

        candidates.Sort(static (a, b) => a.Revision != b.Revision
            ? a.Revision.CompareTo(b.Revision) : a.Group.Key.CompareTo(b.Group.Key));
        return candidates;
    }

    // With the store's own, by which it tells whether others are plain.
    private static FamilyEntry[] FamiliesOf(GroupSnapshot group, HashSet<byte[]> names)
    {
        List<FamilyEntry> families = [];
        HashSet<byte[]>.AlternateLookup<ReadOnlySpan<byte>> known = names.GetAlternateLookup<ReadOnlySpan<byte>>();
        foreach (ref readonly FamilyEntry entry in group.Families)
        {
            if (BuiltInFamilies.IsAny(entry.Name.Span) || known.Contains(entry.Name.Span))
            {
                families.Add(entry with { Traits = entry.Traits & ~FamilyTraits.Hidden });
            }
        }

        return [.. families];
    }

    private SettledStore Settle(List<Candidate> candidates, HashSet<byte[]> names)
    {
        SettledStore settled = open(new StoreOptions
        {
            CheckConsistency = false,
            Names = state.Options.Names,
            Time = state.Options.Time,
            ShapeCacheBytes = 0,
            BundleCacheBytes = 0,
        });
        using (writer.Enter(takesSteps: false))
        {
            foreach (byte[] name in names)
            {
                if (state.Directory.TryGet(name, out FamilyInfo? info) && info.Reserved is { } type)
                {
                    settled.Host.Reserve(name, type);
                }
            }
        }

        foreach (Candidate candidate in candidates)
        {
            settled.Loading.Restore(
                candidate.Group.Key, Array.FindAll(candidate.Families, entry => !IsMarked(candidate, entry.Name.Span)), 0, null);
        }

        foreach (Candidate candidate in candidates)
        {
            if (candidate.Marked.Length > 0)
            {
                GroupSnapshot now = settled.State.Groups.Find(candidate.Group.Key)!.Current!;
                FamilyEntry[] families = Array.ConvertAll(candidate.Families, entry => now.IsHidden(entry.Name.Span)
                    ? entry with { Traits = entry.Traits | FamilyTraits.Hidden } : entry);
                settled.Loading.Restore(candidate.Group.Key, families, 0, null);
            }
        }

        return settled;
    }

    private static bool IsMarked(Candidate candidate, ReadOnlySpan<byte> name)
    {
        foreach (byte[] marked in candidate.Marked)
        {
            if (name.SequenceEqual(marked))
            {
                return true;
            }
        }

        return false;
    }

    private static Change? ChangeOf(Candidate candidate, GroupSnapshot settled)
    {
        List<HiddenFamily> hide = [];
        List<byte[]> show = [];
        foreach (FamilyEntry entry in candidate.Families)
        {
            ReadOnlySpan<byte> name = entry.Name.Span;
            if (!settled.IsHidden(name))
            {
                if (candidate.Group.IsHidden(name))
                {
                    show.Add(name.ToArray());
                }
            }
            else if (!candidate.Group.IsHidden(name))
            {
                hide.Add(HiddenFamily.Find(settled.Hidden, name)!);
            }
        }

        return hide.Count + show.Count == 0 ? null : new Change(candidate.Group, hide, show);
    }

    // What is hidden goes first: nothing is shown that contradicts anything. Groups that have changed meanwhile are left to the next time.
    private int Carry(List<Change> changes)
    {
        var found = new List<HiddenFamily>();
        using WriterLock.ClosingScope closing = writer.EnterClosing();
        using WriterLock.WriterScope scope = writer.Enter();
        changes.RemoveAll(change => !ReferenceEquals(change.Group.Slot.Current, change.Group));
        foreach (Change change in changes)
        {
            if (change.Hide.Count > 0)
            {
                FamilyEntry[] families = change.Group.Families.ToArray();
                List<HiddenFamily>? hidden = null;
                change.Hide.ForEach(family => state.Hidden.Hide(families, family.Name.Span, new Clash(family.Reason), ref hidden));
                Publish(change.Group, families, hidden);
                found.AddRange(hidden!);
            }
        }

        foreach (Change change in changes)
        {
            if (change.Show.Count > 0)
            {
                GroupSnapshot current = change.Group.Slot.Current!;
                FamilyEntry[] families = current.Families.ToArray();
                foreach (byte[] name in change.Show)
                {
                    int at = GroupSnapshot.IndexOf(families, name);
                    families[at] = families[at] with { Traits = families[at].Traits & ~FamilyTraits.Hidden };
                }

                Publish(current, families, null);
            }
        }

        // They find what they wait for.
        found.ForEach(state.Directory.Free);
        return changes.Count;
    }

    private void Publish(GroupSnapshot old, FamilyEntry[] families, List<HiddenFamily>? hidden) =>
        publisher.Publish(
            old.Slot, old.Key, new Publication(GroupDraft.Of(old.Key, old, families), Fate.Of(old), hidden));

    private sealed record Candidate(GroupSnapshot Group, long Revision, byte[][] Marked, FamilyEntry[] Families);

    private sealed record Change(GroupSnapshot Group, List<HiddenFamily> Hide, List<byte[]> Show);
}
