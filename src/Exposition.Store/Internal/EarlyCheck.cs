using Exposition.Formats;

namespace Exposition.Store.Internal;

// What a large push has in common with other groups is looked for before the writer lock is taken, so that nobody waits for that. Under the
// lock a finding holds if its family is what it was: the directory counts its versions while somebody looks.

/// <summary>What was found of a push in other groups before the writer lock was taken.</summary>
/// <param name="find">Finds a group by its key.</param>
internal sealed class EarlyCheck(Func<ReadOnlyMemory<byte>, GroupSlot?> find)
{
    private readonly HashSet<GroupSlot> _pinned = [];
    private readonly Dictionary<int, Finding> _findings = [];
    private NameSet? _own;

    /// <summary>Notes which families to look for, under which name sets. Under the writer lock.</summary>
    /// <returns>Whether one is stored under a name set other than that of the group.</returns>
    public bool Begin(PendingPush push, FamilyDirectory directory, NameSet? own)
    {
        _own = own;
        bool hasOthers = false;
        foreach ((int family, _) in push.Rendered)
        {
            if (directory.TryGet(push.NameOf(family), out FamilyInfo? info))
            {
                (NameSet Set, int Groups)[] nameSets = info.NameSets.ToArray();
                _findings.Add(family, new Finding(info, info.Version, nameSets));
                hasOthers |= nameSets.Length > 1 || (nameSets.Length == 1 && !ReferenceEquals(nameSets[0].Set, own));
            }
        }

        return hasOthers;
    }

    /// <summary>Looks. Outside of the writer lock.</summary>
    public void Look(FamilySet set, GroupSlot? self)
    {
        var repeats = new RepeatedSeries(FindPinned);
        try
        {
            foreach ((int family, Finding finding) in _findings)
            {
                finding.Clash = repeats.Find(set, family, self, finding.NameSets, _own);
            }
        }
        finally
        {
            foreach (GroupSlot slot in _pinned)
            {
                slot.Unpin();
            }

            _pinned.Clear();
        }
    }

    /// <summary>Whether what was found is still so. Under the writer lock.</summary>
    public bool Holds(PendingPush push, FamilyDirectory directory)
    {
        foreach ((int family, _) in push.Rendered)
        {
            bool isKnown = directory.TryGet(push.NameOf(family), out FamilyInfo? info);
            bool wasKnown = _findings.TryGetValue(family, out Finding? finding);
            if (isKnown != wasKnown || (isKnown && (finding!.Info != info || finding.Version != info!.Version)))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>What the series of a family repeat.</summary>
    public Clash? ClashOf(int family) => _findings.TryGetValue(family, out Finding? finding) ? finding.Clash : null;

    private GroupSlot? FindPinned(ReadOnlyMemory<byte> key)
    {
        GroupSlot? slot = find(key);
        if (slot is not null && _pinned.Add(slot))
        {
            slot.Pin();
        }

        return slot;
    }

    private sealed class Finding(FamilyInfo info, long version, (NameSet Set, int Groups)[] nameSets)
    {
        public FamilyInfo Info => info;

        public long Version => version;

        public (NameSet Set, int Groups)[] NameSets => nameSets;

        public Clash? Clash { get; set; }
    }
}
