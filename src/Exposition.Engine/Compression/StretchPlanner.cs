using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Overdue;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

/// <summary>A family of a stretch.</summary>
internal sealed class StretchFamily : ScrapedFamily<StretchFamily>
{
    public const int None = -1;

    /// <summary>The run that its lines are put into.</summary>
    public int Run { get; set; } = None;

    public override void Reset()
    {
        base.Reset();
        Run = None;
    }
}

/// <summary>Turns some groups around: runs of lines of one family each. Used again. Not safe for concurrent use.</summary>
internal sealed class StretchPlanner
{
    // A run that is long ends before a group that its key says is one where runs end, or, when it is very long, before any.
    private const int LongRun = 16 << 10;
    private const int LongestRun = 48 << 10;
    private const int BoundaryLevel = 2;

    private readonly FamilyTable<StretchFamily> _families = new();
    private readonly List<FamilyRun> _runs = [];

    /// <summary>The runs of some groups; good until the next call. The runs of a family are in order of the groups.</summary>
    public ReadOnlySpan<FamilyRun> Plan(ReadOnlySpan<GroupSnapshot> groups, OverdueScan? overdue)
    {
        const int Ahead = 4;
        const int MostLines = 32;
        Clear();
        for (int group = 0; group < groups.Length; group++)
        {
            if (group + Ahead < groups.Length)
            {
                Prefetch.Span(groups[group + Ahead].Families, MostLines);
            }

            Add(groups[group], group);
            if (overdue is not null && overdue.Look(groups[group]) != Standing.None)
            {
                Add(_families.GetOrAdd(BuiltInFamilies.OverdueHead), overdue.EntryOf(groups[group]), group, 0, groups[group].BoundaryLevel);
            }
        }

        return CollectionsMarshal.AsSpan(_runs);
    }

    /// <summary>Keeps nothing alive.</summary>
    public void Clear()
    {
        _families.Clear();
        _runs.Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Add(GroupSnapshot group, int index)
    {
        ReadOnlySpan<FamilyEntry> entries = group.Families;
        StretchFamily? last = null;
        for (int i = 0; i < entries.Length; i++)
        {
            ref readonly FamilyEntry entry = ref entries[i];
            if (entry.IsExposed)
            {
                last = _families.GetOrAddBehind(last, entry.Head);
                Add(last, entry, index, i, group.BoundaryLevel);
            }
        }
    }

    // A run is of one kind: what is unlike ends it, too.
    private void Add(StretchFamily family, in FamilyEntry entry, int group, int index, byte level)
    {
        if (family.Run == StretchFamily.None || EndsBefore(CollectionsMarshal.AsSpan(_runs)[family.Run], entry, level))
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

    private static bool EndsBefore(in FamilyRun run, in FamilyEntry entry, byte level) =>
        run.Bytes >= LongestRun || (run.Bytes >= LongRun && level >= BoundaryLevel)
        || (!ReferenceEquals(run.Head, entry.Head) && !run.Head.IsAlike(entry.Head));
}
