using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Exposition.Formats;

namespace Exposition.Store.Internal;

/// <summary>The label names of a grouping key: groups with one and the same set can never hold the same series.</summary>
internal sealed class NameSet(byte[][] names)
{
    public byte[][] Names { get; } = names;
}

/// <summary>What the store knows of a family over all groups.</summary>
internal sealed class FamilyInfo(byte[] name)
{
    private readonly int[] _groupsByType = new int[6];
    private readonly GroupSlot?[] _holders = new GroupSlot?[6];
    private readonly List<(NameSet Set, int Groups)> _nameSets = [];

    /// <summary>Hidden families that wait for this one to go.</summary>
    public HashSet<HiddenFamily>? Waiting { get; set; }

    /// <summary>The name, shared by all entries of the family.</summary>
    public byte[] Name { get; } = name;

    /// <summary>The type of the host's own family of this name.</summary>
    public MetricType? Reserved { get; set; }

    /// <summary>What the last group said of it that was not what the one before said: shared by those who say the same.</summary>
    public FamilyHead? Head { get; set; }

    public int Groups { get; private set; }

    public ReadOnlySpan<(NameSet Set, int Groups)> NameSets => CollectionsMarshal.AsSpan(_nameSets);

    public int GroupsOf(MetricType type) => _groupsByType[(int)type];

    /// <summary>A group that holds the family with a type, if one is known.</summary>
    public GroupSlot? HolderOf(MetricType type) => _holders[(int)type];

    public void SetHolder(MetricType type, GroupSlot? slot) => _holders[(int)type] = slot;

    /// <summary>A group holds the family (<paramref name="change"/> 1), or does so no longer (-1).</summary>
    public void Count(MetricType type, GroupSlot slot, int change)
    {
        NameSet names = slot.Names;
        Groups += change;
        _groupsByType[(int)type] += change;
        if (change > 0)
        {
            _holders[(int)type] = slot;
        }
        else if (ReferenceEquals(_holders[(int)type], slot))
        {
            _holders[(int)type] = null;
        }

        for (int i = 0; i < _nameSets.Count; i++)
        {
            (NameSet set, int groups) = _nameSets[i];
            if (ReferenceEquals(set, names))
            {
                if (groups + change == 0)
                {
                    _nameSets.RemoveAt(i);
                }
                else
                {
                    _nameSets[i] = (set, groups + change);
                }

                return;
            }
        }

        _nameSets.Add((names, change));
    }
}

// Kept by the writer alone, under the store's writer lock. Its size is that of the distinct family names and name sets in use: nothing is
// kept per series. Entries that are not exposed (without metrics, or hidden) do not count.

/// <summary>The families over all groups: how many groups hold one, with which types and under which sets of grouping label names.</summary>
internal sealed class FamilyDirectory
{
    private readonly Dictionary<byte[], FamilyInfo> _families = new(Utf8Key.Comparer);
    private readonly Dictionary<byte[], (NameSet Set, int Groups)> _nameSets = new(Utf8Key.Comparer);

    private byte[] _joined = new byte[256];

    private Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> NameSets => _nameSets.GetAlternateLookup<ReadOnlySpan<byte>>();

    public bool TryGet(ReadOnlySpan<byte> name, [NotNullWhen(true)] out FamilyInfo? info) =>
        _families.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out info);

    /// <summary>Finds a family or makes room for it.</summary>
    public FamilyInfo GetOrAdd(ReadOnlySpan<byte> name)
    {
        if (!TryGet(name, out FamilyInfo? info))
        {
            info = new FamilyInfo(name.ToArray());
            _families.Add(info.Name, info);
        }

        return info;
    }

    /// <summary>The name set of a key, counted once more.</summary>
    public NameSet Acquire(GroupingKey key)
    {
        ReadOnlySpan<byte> joined = Join(key);
        Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> sets = NameSets;
        (NameSet Set, int Groups) known = sets.TryGetValue(joined, out known) ? known : (new NameSet(NamesOf(key)), 0);
        sets[joined] = (known.Set, known.Groups + 1);
        return known.Set;
    }

    /// <summary>How many name sets groups have.</summary>
    public int NameSetCount => _nameSets.Count;

    /// <summary>The name set of a key if some group has it.</summary>
    public NameSet? Find(GroupingKey key) => NameSets.TryGetValue(Join(key), out (NameSet Set, int Groups) known) ? known.Set : null;

    public void Release(GroupingKey key)
    {
        ReadOnlySpan<byte> joined = Join(key);
        Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> sets = NameSets;
        (NameSet set, int groups) = sets[joined];
        if (groups == 1)
        {
            sets.Remove(joined);
        }
        else
        {
            sets[joined] = (set, groups - 1);
        }
    }

    /// <summary>Hidden families whose reason may have gone. The store takes them from here.</summary>
    public Stack<HiddenFamily> Freed { get; } = [];

    /// <summary>Whether an entry is exposed.</summary>
    public static bool Counts(in FamilyEntry entry) => entry.TextLength > 0 && (entry.Traits & FamilyTraits.Suspect) == 0;

    /// <summary>Moves hidden families to <see cref="Freed"/>.</summary>
    public void Free(HashSet<HiddenFamily>? waiting)
    {
        foreach (HiddenFamily hidden in waiting ?? [])
        {
            Freed.Push(hidden);
        }
    }

    /// <summary>Forgets all groups; the families of the host stay.</summary>
    public void Clear()
    {
        FamilyInfo[] reserved = [.. _families.Values.Where(static info => info.Reserved is not null)];
        _families.Clear();
        _nameSets.Clear();
        Freed.Clear();
        foreach (FamilyInfo info in reserved)
        {
            GetOrAdd(info.Name).Reserved = info.Reserved;
        }
    }

    /// <summary>Gives entries the heads that other groups have. Nobody else knows the entries yet.</summary>
    /// <param name="old">Those of the group so far: what it has it keeps.</param>
    /// <param name="current">The entries.</param>
    public void Share(ReadOnlySpan<FamilyEntry> old, Span<FamilyEntry> current)
    {
        for (int i = 0; i < current.Length; i++)
        {
            FamilyHead head = current[i].Head;
            if (i < old.Length && ReferenceEquals(old[i].Head, head))
            {
                continue;
            }

            if (TryGet(head.Name.Span, out FamilyInfo? info) && !ReferenceEquals(info.Head, head))
            {
                if (info.Head is { } last && last.SaysTheSame(head))
                {
                    current[i] = current[i] with { Head = last };
                }
                else
                {
                    info.Head = head;
                }
            }
        }
    }

    /// <summary>Counts the families of a group in place of those that it had.</summary>
    public void Replace(ReadOnlySpan<FamilyEntry> old, ReadOnlySpan<FamilyEntry> current, GroupSlot slot)
    {
        if (SameFamilies(old, current))
        {
            return;
        }

        foreach (ref readonly FamilyEntry entry in current)
        {
            if (Counts(entry))
            {
                GetOrAdd(entry.Name.Span).Count(entry.Type, slot, +1);
            }
        }

        foreach (ref readonly FamilyEntry entry in old)
        {
            if (Counts(entry) && TryGet(entry.Name.Span, out FamilyInfo? info))
            {
                info.Count(entry.Type, slot, -1);
                if (info.GroupsOf(entry.Type) == 0)
                {
                    Free(info.Waiting);
                }

                if (info.Groups == 0 && info.Reserved is null)
                {
                    _families.Remove(info.Name);
                }
            }
        }
    }

    // The usual push: the families that were there, under names that the entries share.
    private static bool SameFamilies(ReadOnlySpan<FamilyEntry> old, ReadOnlySpan<FamilyEntry> current)
    {
        if (old.Length != current.Length)
        {
            return false;
        }

        for (int i = 0; i < old.Length; i++)
        {
            if ((!ReferenceEquals(old[i].Head, current[i].Head) && (!old[i].Name.Equals(current[i].Name) || old[i].Type != current[i].Type)) || Counts(old[i]) != Counts(current[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static byte[][] NamesOf(GroupingKey key)
    {
        var names = new List<byte[]>();
        foreach (GroupingLabel label in key.Labels)
        {
            names.Add(label.Name.ToArray());
        }

        return [.. names];
    }

    // Good until the next call. Names without their values are never longer than the key.
    private ReadOnlySpan<byte> Join(GroupingKey key)
    {
        if (_joined.Length < key.Bytes.Length + 1)
        {
            _joined = new byte[(key.Bytes.Length + 1) * 2];
        }

        int length = 0;
        foreach (GroupingLabel label in key.Labels)
        {
            label.Name.CopyTo(_joined.AsSpan(length));
            length += label.Name.Length;
            _joined[length++] = GroupingKey.Separator;
        }

        return _joined.AsSpan(0, length);
    }
}
