using Exposition.Engine.Consistency;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine;

// What is exposed never contradicts itself. A family that would (of an unchecked push, restored, or one that contradicts the host's) is
// stored but hidden: it counts for nobody. It waits for what stands in its way, at one place at a time: at a group, where it is the group's
// series that it repeats, or at a family name, where that has another type. When the group changes, or the last group with the family and
// type has gone, it is checked again: exposed, or it waits on. So groups that conflict with nothing pay nothing. Of several that are
// free at once the one that came first is looked at first.

public sealed partial class MetricStore
{
    private readonly FamilySet _hiddenSet = new();
    private long _hiddenFamilies;
    private long _lastHidden;

    /// <summary>Number of families that are stored but not exposed.</summary>
    public long HiddenFamilies => Volatile.Read(ref _hiddenFamilies);

    /// <summary>
    /// Names a family of the host itself, with its type, which may change. It wins: what is pushed under that name with another type is
    /// stored but left out of scrapes, and so is what is there already.
    /// </summary>
    /// <param name="name">The family's name.</param>
    /// <param name="type">Its type.</param>
    public void ReserveFamily(ReadOnlySpan<byte> name, MetricType type)
    {
        var told = new List<(GroupingKey Key, GroupSnapshot Before, List<HiddenFamily> Hidden)>();
        using (EnterClosing())
        using (EnterWriter())
        {
            if (_directory.TryGet(name, out FamilyInfo? known) && known.Reserved == type)
            {
                return;
            }

            // Those that wait for it may fit now.
            FamilyInfo info = _directory.Reserve(name, type);
            _directory.Free(info.Waiting);
            List<byte[]> names = CrossGroupRules.NamesBeside(info.Name, type).FindAll(IsHeld);
            if (names.Count > 0)
            {
                foreach (GroupSlot slot in AllSlots)
                {
                    HideFromHost(slot, names, told);
                }
            }
        }

        foreach ((GroupingKey key, GroupSnapshot before, List<HiddenFamily> hidden) in told)
        {
            TellHidden(key, before, hidden);
        }
    }

    private bool IsHeld(byte[] name) => _directory.TryGet(name, out FamilyInfo? info) && info.Groups > 0;

    private void HideFromHost(GroupSlot slot, List<byte[]> names, List<(GroupingKey, GroupSnapshot, List<HiddenFamily>)> told)
    {
        GroupSnapshot current;
        GroupSnapshot? published;
        List<HiddenFamily>? found;
        do
        {
            // Once more where a steady push has come in between.
            (current, found) = (slot.Current!, null);
            if (!names.Exists(name => current.TryGet(name, out FamilyEntry entry) && entry.IsExposed))
            {
                return;
            }

            var draft = GroupDraft.Like(current);
            foreach (byte[] name in names)
            {
                int at = GroupSnapshot.IndexOf(draft.Families, name);
                if (at < 0 || !draft.Families[at].IsExposed)
                {
                    continue;
                }

                draft.Families[at].Read(_hiddenSet);
                if (_rules.Find(_hiddenSet, 0, current, slot.Names, draft.Families) is { IsWithHost: true } clash)
                {
                    Hide(draft.Families, name, clash, ref found);
                }
            }

            if (found is null)
            {
                return;
            }

            published = Publish(slot, slot.Key, draft, tell: true, Fate.Of(current), found);
        }
        while (published is null);
        told.Add((slot.Key, current, found));
    }

    private void Hide(FamilyEntry[] families, ReadOnlySpan<byte> name, Clash clash, ref List<HiddenFamily>? hidden)
    {
        int at = GroupSnapshot.IndexOf(families, name);
        families[at] = families[at] with { Traits = families[at].Traits | FamilyTraits.Hidden };
        (hidden ??= []).Add(new HiddenFamily(families[at].Name, clash) { Order = ++_lastHidden });
    }

    // Under the writer lock, after the directory knows the new families.
    private void ReplaceHidden(GroupSlot? slot, GroupSnapshot? old, GroupSnapshot? current)
    {
        AssertWriterLock();
        ReadOnlySpan<HiddenFamily> before = old is null ? [] : old.Hidden;
        ReadOnlySpan<HiddenFamily> now = current is null ? [] : current.Hidden;
        if (before.IsEmpty && now.IsEmpty)
        {
            return;
        }

        // Both are in order of their names, and most are the same.
        List<HiddenFamily> changed = [];
        int at = 0;
        foreach (HiddenFamily hidden in before)
        {
            while (at < now.Length && now[at].Name.Span.SequenceCompareTo(hidden.Name.Span) < 0)
            {
                at++;
            }

            if (at == now.Length || !ReferenceEquals(now[at], hidden))
            {
                hidden.Slot = null;
                changed.Add(hidden);
            }
        }

        foreach (HiddenFamily hidden in now)
        {
            if (hidden.Slot is null)
            {
                hidden.Slot = slot;
                changed.Add(hidden);
            }
        }

        Interlocked.Add(ref _hiddenFamilies, now.Length - before.Length);
        if (changed.Count > 2 * FamiliesAtOnce)
        {
            _directory.ChangeLater(changed);
            return;
        }

        foreach (HiddenFamily hidden in changed)
        {
            hidden.Waiting?.Remove(hidden);
            if (hidden.Slot is not null)
            {
                Wait(hidden);
            }
        }
    }

    private void Wait(HiddenFamily hidden)
    {
        Clash clash = hidden.Clash;
        hidden.Waiting = clash.Group is { IsRemoved: false } group ? group.Waiting ??= []
            : clash.Family is not null && _directory.TryGet(clash.Family, out FamilyInfo? info) ? info.Waiting ??= []
            : null;
        hidden.Waiting?.Add(hidden);
    }

    // Outside the lock: of what a push hides, only what was not hidden before is news.
    private void TellHidden(GroupingKey key, GroupSnapshot? old, List<HiddenFamily>? found)
    {
        if (found is null || Options.FamilyHidden is not { } tell)
        {
            return;
        }

        foreach (HiddenFamily hidden in found)
        {
            if (old is null || !old.TryGet(hidden.Name.Span, out FamilyEntry before) || (before.Traits & FamilyTraits.Hidden) == 0)
            {
                tell(key, hidden);
            }
        }
    }
}
