using Exposition.Engine.Groups;

namespace Exposition.Engine.Consistency;

// The families of a group that goes are many, perhaps. They count on until there is time for each, which harms nobody but who contradicts
// one of them: he comes again when none is left.

internal sealed partial class FamilyDirectory
{
    private Queue<LeavingGroup> _leaving = [];
    private Queue<(IReadOnlyList<HiddenFamily> Families, bool AreGone)> _changed = [];
    private Queue<WaitingFamilies> _waitNoMore = [];
    private int _leavingFrom;
    private int _changedFrom;
    private int _changedLeft;

    /// <summary>Up to so many families count no more at once: that takes a fraction of a millisecond.</summary>
    public int AtOnce { get; set; } = 500;

    /// <summary>
    /// How many families count that have gone: until <see cref="RemoveSome"/> has come to them what contradicts something may contradict
    /// nothing.
    /// </summary>
    public int Leaving { get; private set; }

    /// <summary>Counts families of a group no more: the first of many, and the others by and by (<see cref="RemoveSome"/>).</summary>
    /// <param name="old">The group.</param>
    /// <param name="places">Their places; null for all.</param>
    /// <param name="slot">Its slot.</param>
    public void Remove(GroupSnapshot old, List<int>? places, GroupSlot slot)
    {
        int count = places?.Count ?? old.Families.Length;
        if (count <= AtOnce)
        {
            for (int i = 0; i < count; i++)
            {
                RemoveIfExposed(old.Families[places?[i] ?? i], old.Families, slot);
            }

            return;
        }

        // The text of the store's own is looked at (BuiltInFamilies.IsPlain): its memory may be in use again later.
        foreach (byte[] own in BuiltInFamilies.All)
        {
            int place = GroupSnapshot.IndexOf(old.Families, own);
            if (place >= 0 && (places is null || places.BinarySearch(place) >= 0))
            {
                RemoveIfExposed(old.Families[place], old.Families, slot);
            }
        }

        Leave(old.FamilyArray, places, count, slot);
    }

    /// <summary>Families that are not the store's own count no more by and by.</summary>
    /// <param name="families">Some families.</param>
    /// <param name="places">The places of those among them; null for the first.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="slot">The slot of their group.</param>
    public void Leave(FamilyEntry[] families, List<int>? places, int count, GroupSlot slot)
    {
        if (count > 0)
        {
            Leaving += count;
            _leaving.Enqueue(new LeavingGroup(families, places, count, slot));
        }
    }

    /// <summary>Goes on with what <see cref="Remove(GroupSnapshot, List{int}?, GroupSlot)"/> has begun.</summary>
    public void RemoveSome()
    {
        if (!_leaving.TryPeek(out LeavingGroup next))
        {
            return;
        }

        int count = next.Count;
        int until = Math.Min(count, _leavingFrom + AtOnce);
        for (; _leavingFrom < until; _leavingFrom++, Leaving--)
        {
            ref readonly FamilyEntry entry = ref next.Families[next.Places?[_leavingFrom] ?? _leavingFrom];
            if (!BuiltInFamilies.IsAny(entry.Name.Span))
            {
                RemoveIfExposed(entry, next.Families, next.Slot);
            }
        }

        if (_leavingFrom == count)
        {
            _leaving.Dequeue();
            _leavingFrom = 0;
        }
    }

    /// <summary>How many hidden families there are that have come or gone, and are not seen to yet.</summary>
    public int ChangedHidden => _changedLeft + (_waitNoMore.Count == 0 ? 0 : _waitNoMore.Sum(static waiting => waiting.Count));

    /// <summary>What hidden families wait for has changed. Many are freed by and by (<see cref="SeeToHidden"/>).</summary>
    public void FreeWaiting(GroupSlot group)
    {
        FreeAll(group.Waiting);
        group.Waiting = null;
    }

    /// <inheritdoc cref="FreeWaiting(GroupSlot)"/>
    public void FreeWaiting(FamilyInfo family)
    {
        FreeAll(family.Waiting);
        family.Waiting = null;
    }

    private void FreeAll(WaitingFamilies? waiting)
    {
        if (waiting?.Count > 2 * AtOnce)
        {
            _waitNoMore.Enqueue(waiting);
            return;
        }

        FreeSome(waiting, 2 * AtOnce);
    }

    private void FreeSome(WaitingFamilies? waiting, int most)
    {
        for (int i = 0; i < most && waiting is not null && waiting.TryTake(out HiddenFamily? hidden); i++)
        {
            Free(hidden);
        }
    }

    /// <summary>Many hidden families have gone, or have come: they are seen to by and by (<see cref="SeeToHidden"/>).</summary>
    public void ChangeLater(IReadOnlyList<HiddenFamily> changed, bool areGone)
    {
        if (changed.Count > 0)
        {
            _changedLeft += changed.Count;
            _changed.Enqueue((changed, areGone));
        }
    }

    /// <summary>Goes on with these: what has gone waits for nothing any more, and all others are looked at again.</summary>
    public void SeeToHidden()
    {
        if (!_changed.TryPeek(out (IReadOnlyList<HiddenFamily> Families, bool AreGone) next))
        {
            FreeSomeWaiting();
            return;
        }

        int until = Math.Min(next.Families.Count, _changedFrom + AtOnce);
        for (; _changedFrom < until; _changedFrom++, _changedLeft--)
        {
            HiddenFamily hidden = next.Families[_changedFrom];
            if (next.AreGone)
            {
                hidden.Leave();
            }
            else if (hidden.Slot is not null)
            {
                Free(hidden);
            }
        }

        if (_changedFrom == next.Families.Count)
        {
            _changed.Dequeue();
            _changedFrom = 0;
        }
    }

    private void FreeSomeWaiting()
    {
        if (_waitNoMore.TryPeek(out WaitingFamilies? waiting))
        {
            FreeSome(waiting, AtOnce);
            if (waiting.Count == 0)
            {
                _waitNoMore.Dequeue();
            }
        }
    }

    private void ForgetLeaving()
    {
        (_leaving, _changed, _waitNoMore) = ([], [], []);
        (Leaving, _leavingFrom, _changedLeft, _changedFrom) = (0, 0, 0, 0);
    }

    // Families of a group that have gone, and count still.
    private readonly record struct LeavingGroup(FamilyEntry[] Families, List<int>? Places, int Count, GroupSlot Slot);
}
