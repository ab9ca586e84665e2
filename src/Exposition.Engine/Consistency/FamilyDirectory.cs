using System.Diagnostics.CodeAnalysis;
using Exposition.Engine.Counting;
using Exposition.Engine.Groups;
using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Consistency;

// Kept by the writer alone, under the store's writer lock. Its size is that of the distinct family names and name sets in use: nothing is
// kept per series. Entries that are not exposed (without metrics, or hidden) do not count.

/// <summary>
/// The families over all groups: how many groups hold one, with which types and under which sets of grouping label names.
/// </summary>
internal sealed partial class FamilyDirectory
{
    private const int Tables = 64;

    // Many, as those of the groups (GroupTable).
    private readonly List<FamilyInfo> _reserved = [];
    private Dictionary<byte[], FamilyInfo>[] _families = NewTables();
    private PriorityQueue<HiddenFamily, long> _freed = new();

    private long _exposed;

    /// <summary>How many families are exposed. May be read at any time.</summary>
    public long Exposed => Volatile.Read(ref _exposed);

    /// <summary>Under how many name sets a family is at most, the store's own left out. May be read at any time.</summary>
    public NameSetMaximum MostNameSets { get; } = new();

    /// <summary>The sets of grouping label names in use.</summary>
    public NameSetTable NameSets { get; private set; } = new();

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

    /// <summary>Whether a family is stored under as many name sets as it may be, and not under this one.</summary>
    public bool IsFull(ReadOnlySpan<byte> family, NameSet? names, int most) =>
        TryGet(family, out FamilyInfo? info) && info.NameSets.Length >= most && (names is null || !info.Has(names));

    /// <summary>How many hidden families there are whose reason may have gone.</summary>
    public int Freed => _freed.Count;

    /// <summary>The hidden family that came first of those whose reason may have gone.</summary>
    public bool TryPeekFreed([NotNullWhen(true)] out HiddenFamily? hidden) => _freed.TryPeek(out hidden, out _);

    /// <summary>Takes that out.</summary>
    public void TakeFreed() => _freed.Dequeue();

    /// <summary>The reason of a hidden family may have gone.</summary>
    public void Free(HiddenFamily hidden) => _freed.Enqueue(hidden, hidden.Order);

    /// <summary>Names a family of the host, which counts whatever the groups have.</summary>
    public FamilyInfo Reserve(ReadOnlySpan<byte> name, MetricType type)
    {
        FamilyInfo info = GetOrAdd(name);
        if (info.Reserved is null)
        {
            _reserved.Add(info);
        }

        info.Reserved = type;
        return info;
    }

    /// <summary>Forgets all groups, in a time that does not depend on how many they are; the families of the host stay.</summary>
    public void Clear()
    {
        _families = NewTables();
        Volatile.Write(ref _exposed, 0);
        MostNameSets.Clear();
        _freed = new PriorityQueue<HiddenFamily, long>();
        NameSets = new NameSetTable();
        ForgetLeaving();
        FamilyInfo[] reserved = [.. _reserved];
        _reserved.Clear();
        Array.ForEach(reserved, info => Reserve(info.Name, info.Reserved!.Value));
    }

    /// <summary>Gives what is changed the heads that other groups have. Nobody else knows the entries yet.</summary>
    public void Share(GroupDraft draft)
    {
        ReadOnlySpan<FamilyEntry> old = draft.Old is null ? [] : draft.Old.Families;
        int count = draft.Changed?.Length ?? draft.Families.Length;
        for (int i = 0; i < count; i++)
        {
            // What the group has it keeps.
            int place = draft.PlaceOf(i);
            if (place >= old.Length || !ReferenceEquals(old[place].Head, draft.Families[place].Head))
            {
                Share(ref draft.Families[place]);
            }
        }
    }

    /// <summary>The same for one.</summary>
    public void Share(ref FamilyEntry entry)
    {
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

    /// <summary>Counts the families of a group in place of those that it had.</summary>
    /// <param name="draft">The group.</param>
    /// <param name="hidden">Those of its families that were found hidden since it was made, and count.</param>
    /// <param name="slot">Its slot.</param>
    public void Replace(GroupDraft draft, ReadOnlySpan<HiddenFamily> hidden, GroupSlot slot)
    {
        int added = draft.Added?.Count ?? draft.Families.Length;
        for (int i = 0; i < added; i++)
        {
            int place = draft.Added?[i] ?? i;
            if (draft.Families[place].IsExposed)
            {
                Add(draft.Families[place], draft.Families, slot);
            }
        }

        if (draft.Old is not { } old)
        {
            return;
        }

        Remove(old, draft.Removed, slot);
        foreach (HiddenFamily found in hidden)
        {
            if (draft.PlaceOfCounted(found.Name.Span) is >= 0 and var place)
            {
                Remove(old.Families[place], old.Families, slot);
            }
        }
    }

    /// <summary>How many families are closed.</summary>
    public int Closed { get; private set; }

    /// <summary>Closes a family to all pushes but the caller's.</summary>
    public FamilyInfo Close(ReadOnlySpan<byte> name)
    {
        FamilyInfo info = GetOrAdd(name);
        Closed += info.IsClosed ? 0 : 1;
        info.IsClosed = true;
        return info;
    }

    /// <summary>Opens a family again: series may have come meanwhile.</summary>
    public void Open(FamilyInfo info)
    {
        Closed -= info.IsClosed ? 1 : 0;
        info.IsClosed = false;
        info.Touch();
        if (info.HasMissed)
        {
            info.HasMissed = false;
            FreeWaiting(info);
        }

        ForgetUnused(info);
    }

    /// <summary>Counts a family of a group that was not exposed before.</summary>
    public void Add(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot) =>
        Count(GetOrAdd(entry.Name.Span), entry, families, slot, +1);

    /// <summary>The series of a group's families may have changed.</summary>
    public void Touch(GroupDraft draft)
    {
        int count = draft.Changed?.Length ?? draft.Families.Length;
        for (int i = 0; i < count; i++)
        {
            if (TryGet(draft.Families[draft.PlaceOf(i)].Name.Span, out FamilyInfo? info))
            {
                info.Touch();
            }
        }
    }

    private void RemoveIfExposed(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot)
    {
        if (entry.IsExposed)
        {
            Remove(entry, families, slot);
        }
    }

    /// <summary>Counts a family of a group no more.</summary>
    public void Remove(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot)
    {
        if (!TryGet(entry.Name.Span, out FamilyInfo? info))
        {
            return;
        }

        Count(info, entry, families, slot, -1);
        if (info.GroupsOf(entry.Type) == 0)
        {
            FreeWaiting(info);
        }

        ForgetUnused(info);
    }

    private void Count(FamilyInfo info, in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families, GroupSlot slot, int change)
    {
        int sets = info.NameSets.Length;
        info.Count(entry.Type, slot, change, hasOwnLabels: !BuiltInFamilies.IsPlain(entry, families));
        _exposed += info.Groups == Math.Max(0, change) ? change : 0;
        if (info.NameSets.Length != sets && !BuiltInFamilies.IsAny(info.Name))
        {
            MostNameSets.Change(sets, info.NameSets.Length);
        }
    }

    private void ForgetUnused(FamilyInfo info)
    {
        if (info.Groups == 0 && info.Reserved is null && !info.IsClosed)
        {
            TableOf(info.Name).Remove(info.Name);
        }
    }

    private static Dictionary<byte[], FamilyInfo>[] NewTables() =>
        [.. Enumerable.Range(0, Tables).Select(static _ => new Dictionary<byte[], FamilyInfo>(Utf8Key.Comparer))];

    private Dictionary<byte[], FamilyInfo> TableOf(ReadOnlySpan<byte> name) =>
        _families[GroupTable.PlaceOf(Utf8Key.Comparer.GetHashCode(name), Tables)];
}
