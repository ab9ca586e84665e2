using System.Diagnostics.CodeAnalysis;

namespace Exposition.Store.Internal;

// Kept by the writer alone, under the store's writer lock. Its size is that of the distinct family names and name sets in use: nothing is
// kept per series. Entries that are not exposed (without metrics, or hidden) do not count.

/// <summary>
/// The families over all groups: how many groups hold one, with which types and under which sets of grouping label names.
/// </summary>
internal sealed class FamilyDirectory
{
    private const int Tables = 64;

    // Up to here it takes a fraction of a millisecond.
    private const int AtOnce = 1000;

    // Many, as those of the groups (GroupTable).
    private readonly Dictionary<byte[], FamilyInfo>[] _families =
        [.. Enumerable.Range(0, Tables).Select(static _ => new Dictionary<byte[], FamilyInfo>(Utf8Key.Comparer))];

    private readonly Dictionary<byte[], (NameSet Set, int Groups)> _nameSets = new(Utf8Key.Comparer);

    private readonly PriorityQueue<HiddenFamily, long> _freed = new();
    private readonly Queue<LeavingGroup> _leaving = [];
    private int _leavingFrom;

    private byte[] _joined = new byte[256];

    private Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> NameSets => _nameSets.GetAlternateLookup<ReadOnlySpan<byte>>();

    public bool TryGet(ReadOnlySpan<byte> name, [NotNullWhen(true)] out FamilyInfo? info) =>
        TableOf(name).GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out info);

    /// <summary>Finds a family or makes room for it.</summary>
    public FamilyInfo GetOrAdd(ReadOnlySpan<byte> name)
    {
        if (!TryGet(name, out FamilyInfo? info))
        {
            info = new FamilyInfo(name.ToArray());
            TableOf(name).Add(info.Name, info);
        }

        return info;
    }

    /// <summary>The name set of a key, counted once more.</summary>
    public NameSet Acquire(GroupingKey key)
    {
        ReadOnlySpan<byte> joined = Join(key);
        Dictionary<byte[], (NameSet Set, int Groups)>.AlternateLookup<ReadOnlySpan<byte>> sets = NameSets;
        (NameSet Set, int Groups) known = sets.TryGetValue(joined, out known) ? known : (new NameSet(NamesOf(key)), 0);
        EmptyInstances += key.HasEmptyInstance ? 1 : 0;
        sets[joined] = (known.Set, known.Groups + 1);
        return known.Set;
    }

    /// <summary>Whether a family is stored under as many name sets as it may be, and not under this one.</summary>
    public bool IsFull(ReadOnlySpan<byte> family, NameSet? names, int most) =>
        TryGet(family, out FamilyInfo? info) && info.NameSets.Length >= most && (names is null || !info.Has(names));

    /// <summary>The name set of a key if some group has it.</summary>
    public NameSet? Find(GroupingKey key) => NameSets.TryGetValue(Join(key), out (NameSet Set, int Groups) known) ? known.Set : null;

    /// <summary>How many groups have an empty instance: they may have the store's own series in common with one that has none.</summary>
    public int EmptyInstances { get; private set; }

    public void Release(GroupingKey key)
    {
        EmptyInstances -= key.HasEmptyInstance ? 1 : 0;
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

    /// <summary>How many hidden families there are whose reason may have gone.</summary>
    public int Freed => _freed.Count;

    /// <summary>
    /// How many families count that have gone: until <see cref="RemoveSome"/> has come to them what contradicts something may contradict
    /// nothing.
    /// </summary>
    public int Leaving { get; private set; }

    /// <summary>The hidden family that came first of those whose reason may have gone.</summary>
    public bool TryPeekFreed([NotNullWhen(true)] out HiddenFamily? hidden) => _freed.TryPeek(out hidden, out _);

    /// <summary>Takes that out.</summary>
    public void TakeFreed() => _freed.Dequeue();

    /// <summary>Whether an entry is exposed.</summary>
    public static bool Counts(in FamilyEntry entry) => entry.TextLength > 0 && (entry.Traits & FamilyTraits.Suspect) == 0;

    /// <summary>The reason of hidden families may have gone.</summary>
    public void Free(IEnumerable<HiddenFamily>? waiting)
    {
        foreach (HiddenFamily hidden in waiting ?? [])
        {
            _freed.Enqueue(hidden, hidden.Order);
        }
    }

    /// <summary>Forgets all groups; the families of the host stay.</summary>
    public void Clear()
    {
        FamilyInfo[] reserved = [.. _families.SelectMany(static table => table.Values).Where(static info => info.Reserved is not null)];
        Array.ForEach(_families, static table => table.Clear());
        _nameSets.Clear();
        _freed.Clear();
        _leaving.Clear();
        (Leaving, _leavingFrom) = (0, 0);
        EmptyInstances = 0;
        foreach (FamilyInfo info in reserved)
        {
            GetOrAdd(info.Name).Reserved = info.Reserved;
        }
    }

    /// <summary>Gives what is changed the heads that other groups have. Nobody else knows the entries yet.</summary>
    public void Share(GroupDraft draft)
    {
        FamilyEntry[] families = draft.Families;
        int count = draft.Changed?.Length ?? families.Length;
        for (int i = 0; i < count; i++)
        {
            ref FamilyEntry entry = ref families[draft.Changed is { } changed ? changed[i] : i];
            FamilyHead head = entry.Head;
            if (TryGet(head.Name.Span, out FamilyInfo? info) && !ReferenceEquals(info.Head, head))
            {
                if (info.Head is { } last && last.SaysTheSame(head))
                {
                    entry = entry with { Head = last };
                }
                else
                {
                    info.Head = head;
                }
            }
        }
    }

    /// <summary>Counts the families of a group in place of those that it had.</summary>
    /// <param name="draft">The group.</param>
    /// <param name="hidden">Those of its families that were found hidden since it was made.</param>
    /// <param name="slot">Its slot.</param>
    public void Replace(GroupDraft draft, List<HiddenFamily>? hidden, GroupSlot slot)
    {
        int added = draft.Added?.Count ?? draft.Families.Length;
        for (int i = 0; i < added; i++)
        {
            int place = draft.Added?[i] ?? i;
            if (Counts(draft.Families[place]))
            {
                Add(draft.Families[place], draft.Families, slot);
            }
        }

        if (draft.Old is not { } old)
        {
            return;
        }

        Remove(old, draft.Removed, slot);
        foreach (HiddenFamily found in hidden ?? [])
        {
            int place = GroupSnapshot.IndexOf(old.Families, found.Name.Span);
            if (place >= 0 && Counts(old.Families[place]) && draft.Removed is { } removed && removed.BinarySearch(place) < 0)
            {
                Remove(old.Families[place], old.Families, slot);
            }
        }
    }

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
                RemoveIfCounts(old.Families[places?[i] ?? i], old.Families, slot);
            }

            return;
        }

        // The text of the store's own is looked at (OwnNames.IsPlain): its memory may be in use again later.
        foreach (byte[] own in OwnNames.All)
        {
            int place = GroupSnapshot.IndexOf(old.Families, own);
            if (place >= 0 && (places is null || places.BinarySearch(place) >= 0))
            {
                RemoveIfCounts(old.Families[place], old.Families, slot);
            }
        }

        Leaving += count;
        _leaving.Enqueue(new LeavingGroup(old, places, slot));
    }

    /// <summary>Goes on with what <see cref="Remove(GroupSnapshot, List{int}?, GroupSlot)"/> has begun.</summary>
    public void RemoveSome()
    {
        if (!_leaving.TryPeek(out LeavingGroup next))
        {
            return;
        }

        int count = next.Places?.Count ?? next.Old.Families.Length;
        int until = Math.Min(count, _leavingFrom + AtOnce);
        for (; _leavingFrom < until; _leavingFrom++, Leaving--)
        {
            ref readonly FamilyEntry entry = ref next.Old.Families[next.Places?[_leavingFrom] ?? _leavingFrom];
            if (!OwnNames.IsAny(entry.Name.Span))
            {
                RemoveIfCounts(entry, next.Old.Families, next.Slot);
            }
        }

        if (_leavingFrom == count)
        {
            _leaving.Dequeue();
            _leavingFrom = 0;
        }
    }

    /// <summary>Counts a family of a group that was not exposed before.</summary>
    public void Add(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot) =>
        GetOrAdd(entry.Name.Span).Count(entry.Type, slot, +1, hasOwnLabels: !OwnNames.IsPlain(entry, families));

    /// <summary>The series of a group's families may have changed.</summary>
    public void Touch(GroupDraft draft)
    {
        int count = draft.Changed?.Length ?? draft.Families.Length;
        for (int i = 0; i < count; i++)
        {
            if (TryGet(draft.Families[draft.Changed is { } changed ? changed[i] : i].Name.Span, out FamilyInfo? info))
            {
                info.Touch();
            }
        }
    }

    /// <summary>
    /// Whether others in order of their names, from a place on, have one that counts alike. Nearly always it is the one at that place, with
    /// the same head.
    /// </summary>
    public static bool IsAmong(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, ReadOnlySpan<FamilyEntry> others, ref int at)
    {
        while (at < others.Length && !ReferenceEquals(others[at].Head, entry.Head)
            && others[at].Name.Span.SequenceCompareTo(entry.Name.Span) < 0)
        {
            at++;
        }

        return at < others.Length && others[at].Head.IsNamed(entry.Head) && others[at].Type == entry.Type && Counts(others[at])
            && OwnNames.IsPlain(others[at], others) == OwnNames.IsPlain(entry, families);
    }

    private void RemoveIfCounts(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot)
    {
        if (Counts(entry))
        {
            Remove(entry, families, slot);
        }
    }

    private void Remove(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot)
    {
        if (!TryGet(entry.Name.Span, out FamilyInfo? info))
        {
            return;
        }

        info.Count(entry.Type, slot, -1, hasOwnLabels: !OwnNames.IsPlain(entry, families));
        if (info.GroupsOf(entry.Type) == 0)
        {
            Free(info.Waiting);
        }

        if (info.Groups == 0 && info.Reserved is null)
        {
            TableOf(info.Name).Remove(info.Name);
        }
    }

    private Dictionary<byte[], FamilyInfo> TableOf(ReadOnlySpan<byte> name) =>
        _families[GroupTable.PlaceOf(Utf8Key.Comparer.GetHashCode(name), Tables)];

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

    // Families of a group that have gone, and count still.
    private readonly record struct LeavingGroup(GroupSnapshot Old, List<int>? Places, GroupSlot Slot);
}
