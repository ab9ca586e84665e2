using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Consistency;

// What a large push has in common with other groups is looked for before the writer lock is taken, so that nobody waits for that. Under the
// lock a finding holds if no series has come to its family since; and, where one was found, if its group has the same series still. The
// store's own families, in which something changes all the time, are looked for under the lock.

/// <summary>What was found of a push in other groups before the writer lock was taken.</summary>
/// <param name="find">Finds a group by its key.</param>
internal sealed class EarlyCheck(Func<ReadOnlyMemory<byte>, GroupSlot?> find)
{
    private readonly HashSet<GroupSlot> _pinned = [];
    private readonly Dictionary<int, Finding> _findings = [];

    // One of each group, for many are of the same.
    private readonly Dictionary<(GroupSlot? Group, long Since), Clash> _clashOfEach = [];

    /// <summary>What was found, by index of the family.</summary>
    public List<(int Family, Clash Clash)> Clashes { get; } = [];

    /// <summary>A family is to be looked for. Under the writer lock.</summary>
    /// <param name="family">Its index.</param>
    /// <param name="info">What is known of it; null for nothing.</param>
    /// <param name="own">The name set of the group.</param>
    public void Note(int family, FamilyInfo? info, NameSet? own)
    {
        bool isElsewhere = info is not null && info.IsBeside(own);
        _findings[family] = new Finding(info, info?.Additions ?? 0, isElsewhere ? info!.NameSets.ToArray() : []);
    }

    /// <summary>Looks. Outside of the writer lock.</summary>
    public void Look(FamilySet set, GroupSlot? self, NameSet? own)
    {
        var repeats = new RepeatedSeries(FindPinned);
        try
        {
            foreach ((int family, Finding finding) in _findings)
            {
                finding.Clash = finding.NameSets.Length == 0 ? null : repeats.Find(set, family, self, finding.NameSets, own);
                if (finding.Clash is { } clash)
                {
                    Clashes.Add((family, clash));
                    _clashOfEach.TryAdd((clash.Group, clash.Since), clash);
                }
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
    public bool Holds(FamilySet set, FamilyDirectory directory)
    {
        foreach ((int family, Finding finding) in _findings)
        {
            // A family that nobody has had meanwhile is another one.
            _ = directory.TryGet(set.Text(set.Families[family].Name), out FamilyInfo? info);
            if (!ReferenceEquals(info, finding.Info) || finding.HasChanged)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The same where all families are closed: no series have come.</summary>
    public bool HoldsOfClosed() => _clashOfEach.Values.All(static clash => clash.IsThere);

    /// <summary>Whether a family was looked for.</summary>
    public bool Knows(int family) => _findings.ContainsKey(family);

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

    private sealed class Finding(FamilyInfo? info, long additions, (NameSet Set, int Groups)[] nameSets)
    {
        public FamilyInfo? Info => info;

        public (NameSet Set, int Groups)[] NameSets => nameSets;

        public Clash? Clash { get; set; }

        public bool HasChanged => (info is not null && info.Additions != additions) || Clash is { IsThere: false };
    }
}
