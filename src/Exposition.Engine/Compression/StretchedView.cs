using System.Runtime.CompilerServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Overdue;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

// Stretches are neighbouring groups, about 32. A stretch may end before a group whose key says so (its boundary level, one of 16); it has
// at least 16 groups and at most 64. What it holds of each family, a run of lines, is kept for later scrapes (StretchCache), so a scrape
// looks no further than at the version of each group's snapshot where nothing has changed.

/// <summary>A view as stretches, and its families as runs in them. Used again by later scrapes.</summary>
internal sealed class StretchedView
{
    /// <summary>The level of the groups that a stretch may end before.</summary>
    public const int BoundaryLevel = 4;

    /// <summary>The place of a family's header, and the host's own entry, before its runs.</summary>
    public const int Header = -1;

    private const int LeastGroups = 16;
    private const int MostGroups = 64;
    private const int GroupsAhead = 24;

    private readonly List<Stretch> _stretches = [];
    private readonly List<int> _starts = [];
    private readonly FamilyTable<BundleFamily> _families = new();
    private StoreView _view = null!;
    private ReadOnlyMemory<FamilyEntry> _own;
    private TextPieces _text = null!;
    private StretchCache _cache = null!;
    private long _scrape;
    private int _group;
    private FamilyEntry _missing;

    /// <summary>The families in order of their names, when all stretches are in.</summary>
    public ReadOnlySpan<BundleFamily> Families => _families.All;

    public long TableBytes => _families.TableBytes + (_stretches.Count * (long)(IntPtr.Size + sizeof(int)));

    public void Begin(StoreView view, ReadOnlyMemory<FamilyEntry> own, TextPieces text, StretchCache cache, long scrape)
    {
        (_view, _own, _text, _cache, _scrape, _group) = (view, own, text, cache, scrape, 0);
        for (int i = 0; i < own.Length; i++)
        {
            _families.GetOrAdd(own.Span[i].Head).AddOwn(i, own.Span[i].TextLength);
        }
    }

    /// <summary>Takes in the next stretch.</summary>
    /// <returns>False if all are in; then the families are in order.</returns>
    public bool TryAddNext()
    {
        if (_group < _view.Count)
        {
            AddNext(_view.FirstGroups(Math.Min(_group + MostGroups + GroupsAhead, _view.Count)));
            return true;
        }

        if (_view.Overdue is { } overdue && overdue.TryGetMissing(null, out _missing))
        {
            _families.GetOrAdd(BuiltInFamilies.OverdueHead).AddOwn(BundleFamily.Missing, _missing.TextLength);
        }

        _cache.Planner.Clear();
        _families.Sort();
        return false;
    }

    /// <summary>HELP and TYPE of a family, valid until the next call.</summary>
    public ReadOnlySpan<byte> HeaderOf(BundleFamily family) => _text.HeaderOf(family).Span;

    public ref readonly FamilyEntry OwnOf(BundleFamily family) =>
        ref family.Own == BundleFamily.Missing ? ref _missing : ref _own.Span[family.Own];

    public ref readonly FamilyRun RunAt(RunPlace place) => ref _stretches[place.Stretch].Runs[place.Run];

    /// <summary>The boundary level of the first group of a run's stretch.</summary>
    public int LevelOf(RunPlace place) => _view.Groups[_starts[place.Stretch]].BoundaryLevel;

    /// <summary>Writes what lies between a place in a family and a place in another or the same.</summary>
    public void WriteRaw(in BundleRange range, ref BundleCompressor.RawBytes output)
    {
        (int family, int piece) = (range.Family, range.Piece);
        for (; family < range.EndFamily || (family == range.EndFamily && piece < range.EndPiece); family++, piece = Header)
        {
            BundleFamily from = _families.All[family];
            if (piece == Header)
            {
                output.Write(HeaderOf(from));
                if (from.Own != BundleFamily.NoOwn)
                {
                    Write(OwnOf(from), ref output);
                }

                piece = 0;
            }

            int end = family == range.EndFamily ? range.EndPiece : from.Parts.Length;
            for (; piece < end; piece++)
            {
                Write(from.Parts[piece], ref output);
            }
        }
    }

    /// <summary>Lets go of everything, and keeps the tables.</summary>
    public void Clear()
    {
        foreach (Stretch stretch in _stretches)
        {
            _cache.Release(stretch);
        }

        _stretches.Clear();
        _starts.Clear();
        _families.Clear();
        (_view, _own, _text, _cache, _missing) = (null!, default, null!, null!, default);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddNext(ReadOnlySpan<GroupSnapshot> groups)
    {
        int start = _group;
        OverdueScan? overdue = _view.Overdue;
        BundleIdentity identity = BundleIdentity.Empty;
        int end = start;
        for (; end < groups.Length; end++)
        {
            GroupSnapshot group = groups[end];
            int count = end - start;
            if (count >= LeastGroups && (count >= MostGroups || group.BoundaryLevel >= BoundaryLevel))
            {
                break;
            }

            if (end + GroupsAhead < groups.Length)
            {
                Prefetch.Snapshot(groups[end + GroupsAhead]);
            }

            identity.Add(group.Group);
            identity.Add(group.Version);
            if (overdue is not null)
            {
                identity.Add((long)overdue.Look(group));
            }
        }

        Stretch stretch = _cache.Find(identity.Value, _scrape) ?? _cache.Add(identity.Value, groups[start..end], overdue, _scrape);
        ReadOnlySpan<FamilyRun> runs = stretch.Runs;
        BundleFamily? last = null;
        for (int i = 0; i < runs.Length; i++)
        {
            last = _families.GetOrAddBehind(last, runs[i].Head);
            last.Add(runs[i], new RunPlace(_stretches.Count, i));
        }

        _stretches.Add(stretch);
        _starts.Add(start);
        _group = end;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(RunPlace place, ref BundleCompressor.RawBytes output)
    {
        const int Ahead = 4;
        const int MostLines = 4;
        ref readonly FamilyRun run = ref RunAt(place);
        ReadOnlySpan<GroupSnapshot> groups = _view.Groups.Slice(_starts[place.Stretch], run.End);
        if (ReferenceEquals(run.Head, BuiltInFamilies.OverdueHead))
        {
            WriteOverdue(groups[run.First..], ref output);
            return;
        }

        int at = run.Entry;
        for (int group = run.First; group < groups.Length; group++)
        {
            if (group + Ahead < groups.Length && groups[group + Ahead].Families is var ahead && at < ahead.Length)
            {
                Prefetch.Span(ahead[at].TextSpan, MostLines);
            }

            ReadOnlySpan<FamilyEntry> entries = groups[group].Families;
            if (at >= entries.Length || !run.Head.IsNamed(entries[at].Head))
            {
                int found = GroupSnapshot.IndexOf(entries, run.Head.Name.Span);
                if (found < 0)
                {
                    continue;
                }

                at = found;
            }

            ref readonly FamilyEntry entry = ref entries[at];
            if (entry.IsExposed && (ReferenceEquals(entry.Head, run.Head) || run.Head.IsAlike(entry.Head)))
            {
                Write(entry, ref output);
            }
        }
    }

    private void WriteOverdue(ReadOnlySpan<GroupSnapshot> groups, ref BundleCompressor.RawBytes output)
    {
        OverdueScan overdue = _view.Overdue!;
        foreach (GroupSnapshot group in groups)
        {
            if (overdue.Look(group) != Standing.None)
            {
                Write(overdue.EntryOf(group), ref output);
            }
        }
    }

    private void Write(in FamilyEntry entry, ref BundleCompressor.RawBytes output) =>
        output.Write(_text.IsRendered((entry.Traits & FamilyTraits.EscapedNames) != 0) ? _text.Rendered(entry).Span : entry.TextSpan);
}
