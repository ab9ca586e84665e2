using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Compression;

// Neighbouring groups mostly hold the same families in the same order, so of each entry the family is tried first that came next in the
// group before.

/// <summary>Turns some groups around: runs of lines of one family each. Used again. Not safe for concurrent use.</summary>
internal sealed class StretchPlanner
{
    // A run that is long ends before a group that its key says is one where runs end, or, when it is very long, before any.
    private const int LongRun = 16 << 10;
    private const int LongestRun = 48 << 10;
    private const int BoundaryLevel = 2;

    private const int None = -1;

    private readonly Dictionary<ReadOnlyMemory<byte>, int> _byName = new(MemoryComparer.Instance);
    private readonly List<OpenFamily> _families = [];
    private readonly List<FamilyRun> _runs = [];
    private int _first;

    /// <summary>The runs of some groups; good until the next call. The runs of a family are in order of the groups.</summary>
    public ReadOnlySpan<FamilyRun> Plan(ReadOnlySpan<GroupSnapshot> groups)
    {
        Clear();
        for (int group = 0; group < groups.Length; group++)
        {
            LookAhead(groups, group);
            Add(groups[group], group);
        }

        return CollectionsMarshal.AsSpan(_runs);
    }

    /// <summary>Keeps nothing alive.</summary>
    public void Clear()
    {
        _byName.Clear();
        _families.Clear();
        _runs.Clear();
        _first = None;
    }

    /// <summary>Brings the tables of groups that come some places behind one into the cache.</summary>
    public static void LookAhead(ReadOnlySpan<GroupSnapshot> groups, int at)
    {
        const int Ahead = 4;
        const int MostLines = 32;
        if (at + Ahead < groups.Length)
        {
            Prefetch.Span(groups[at + Ahead].Families, MostLines);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(GroupSnapshot group, int index)
    {
        ReadOnlySpan<FamilyEntry> entries = group.Families;
        int last = None;
        Span<OpenFamily> families = CollectionsMarshal.AsSpan(_families);
        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly FamilyEntry entry = ref entries[i];
            if (!entry.IsExposed)
            {
                continue;
            }

            int family = last == None ? _first : families[last].Next;
            if (family == None || !families[family].Holds(entry))
            {
                family = GetOrAdd(entry);
                families = CollectionsMarshal.AsSpan(_families);
                if (last == None)
                {
                    _first = family;
                }
                else
                {
                    families[last].Next = family;
                }
            }

            Add(ref families[family], entry, index, i, group.BoundaryLevel);
            last = family;
        }
    }

    private void Add(ref OpenFamily family, in FamilyEntry entry, int group, int index, byte level)
    {
        long before = family.Run == None ? LongestRun : CollectionsMarshal.AsSpan(_runs)[family.Run].Bytes;
        if (before >= LongestRun || (before >= LongRun && level >= BoundaryLevel))
        {
            family.Run = _runs.Count;
            _runs.Add(new FamilyRun
            {
                Head = entry.Head,
                Helpful = entry.Head,
                First = group,
                Entry = index,
                Identity = BundleIdentity.Empty,
            });
        }

        ref FamilyRun run = ref CollectionsMarshal.AsSpan(_runs)[family.Run];
        run.Identity.Add(entry.Serial == 0 ? EntrySerial.Next() : entry.Serial);
        run.Bytes += entry.TextLength;
        run.End = group + 1;
        run.HasEscapedNames |= (entry.Traits & FamilyTraits.EscapedNames) != 0;
        if (!ReferenceEquals(entry.Head, run.Helpful) && entry.HasHelp && !run.Helpful.HasHelp)
        {
            run.Helpful = entry.Head;
        }
    }

    private int GetOrAdd(in FamilyEntry entry)
    {
        ref int first = ref CollectionsMarshal.GetValueRefOrAddDefault(_byName, entry.Name, out bool known);
        int at = known ? first : None;
        while (at != None && !_families[at].Holds(entry))
        {
            at = _families[at].OfOtherKind;
        }

        if (at == None)
        {
            at = _families.Count;
            _families.Add(new OpenFamily { Head = entry.Head, Run = None, Next = None, OfOtherKind = known ? first : None });
            first = at;
        }

        return at;
    }

    private struct OpenFamily
    {
        public FamilyHead Head;
        public int Run;
        public int Next;
        public int OfOtherKind;

        public readonly bool Holds(in FamilyEntry entry) =>
            ReferenceEquals(Head, entry.Head) || (Head.IsNamed(entry.Head) && Head.IsAlike(entry.Head));
    }
}
