using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Memory;
using Exposition.Engine.Scraping;

namespace Exposition.Engine.Compression;

// A scrape in text is a sequence of headers and lines, cut into bundles that never depend on what lies far away, so that a change of one
// group makes one bundle per family anew. It is cut in two steps, so that a scrape looks no further than at the number of each group's
// snapshot where nothing has changed:
//
//   stretches  of neighbouring groups, about 32. A stretch may end before a group whose key says so (its cut level, one of 16); it has at
//              least 16 groups and
//              at most 64. What it holds of each family, a run of lines, is kept for later scrapes (StretchCache).
//   bundles    Large families (from 16 KiB) have bundles of their own: a run each, or, where they are short, so many that they make 4 to 8
//              KiB; such a bundle may
//              end before a stretch whose first group's key says so. Smaller bundles would be larger compressed, larger ones dirtied by
//              more groups. Small families are put together with their neighbours, up to about 48 KiB; such a bundle may end before a
//              family whose name says so (one of 16).
//
// A bundle is identified by the serials of its headers and lines.

/// <summary>The bundles of a scrape. Used again by later scrapes.</summary>
internal sealed class BundleList
{
    private const int LeastGroups = 16;
    private const int GroupsAhead = 24;
    private const int MostGroups = 64;
    private const int StretchBoundaryLevel = 4;
    private const int LargeFamily = 16 << 10;
    private const int MostBytes = 64 << 10;
    private const int RunsTogether = 8 << 10;
    private const int SmallCutMask = 15;
    private const int Header = -1;

    private readonly List<BundleRange> _ranges = [];
    private readonly List<long> _missing = [];
    private readonly List<Stretch> _stretches = [];
    private readonly List<int> _starts = [];
    private readonly BundleFamilies _families = new();
    private BundleCache _cache = null!;
    private StoreView _view = null!;
    private ReadOnlyMemory<FamilyEntry> _own;
    private TextPieces _text = null!;
    private long _scrape;
    private BundleIdentity _identity;
    private BundleRange _open;
    private long _openBytes;
    private int _group;
    private int _next;

    /// <summary>The bundles in their order, when all is cut.</summary>
    public Span<BundleRange> Ranges => CollectionsMarshal.AsSpan(_ranges);

    /// <summary>Room for the trailer of the member that they make up.</summary>
    public byte[] Trailer { get; } = new byte[GzipParts.TrailerBytes];

    /// <summary>About how many raw bytes there are.</summary>
    public long RawBytes { get; private set; }

    /// <summary>Memory of its tables, in bytes.</summary>
    public long TableBytes => _families.TableBytes + (_stretches.Count * (long)(IntPtr.Size + sizeof(int)));

    /// <summary>Begins to cut. The caller has the cache to itself (<see cref="BundleCache.Preparing"/>) until all is cut.</summary>
    /// <param name="view">What there is; needed until all raw bytes that are wanted have been written.</param>
    /// <param name="own">The host's own families; the same.</param>
    /// <param name="text">The language; the same.</param>
    /// <param name="cache">Where stretches and bundles are found.</param>
    /// <param name="scrape">The number of the scrape.</param>
    public void Begin(StoreView view, ReadOnlyMemory<FamilyEntry> own, TextPieces text, BundleCache cache, long scrape)
    {
        (_view, _own, _text, _cache, _scrape) = (view, own, text, cache, scrape);
        (_group, _next, RawBytes) = (0, Header, 0);
        for (int i = 0; i < own.Length; i++)
        {
            _families.AddOwn(own.Span[i], i);
        }
    }

    /// <summary>Takes in the next stretch, or cuts the next family.</summary>
    /// <returns>False when all is cut.</returns>
    public bool Continue()
    {
        if (_group < _view.Count)
        {
            AddStretch(_view.FirstGroups(Math.Min(_group + MostGroups + GroupsAhead, _view.Count)));
        }
        else if (_next == Header)
        {
            _cache.Stretches.Planner.Clear();
            _families.Sort();
            Open(0, Header);
            _next = 0;
        }
        else if (_next < _families.All.Length)
        {
            Cut(_families.All[_next]);
            _next++;
        }
        else
        {
            Close(_next, Header);
            return false;
        }

        return true;
    }

    /// <summary>
    /// Finds the bundles that are not at hand, in the order in which they are made best: one stretch after the other, while its tables are
    /// in the cache.
    /// </summary>
    /// <returns>How many.</returns>
    public int FindMissing()
    {
        _missing.Clear();
        for (int i = 0; i < _ranges.Count; i++)
        {
            if (_ranges[i].Bundle is null)
            {
                _missing.Add(((long)StretchOf(i) << 32) | (uint)i);
            }
        }

        _missing.Sort();
        return _missing.Count;
    }

    /// <summary>The index of one of them.</summary>
    public int MissingAt(int n) => (int)_missing[n];

    /// <summary>Writes the raw bytes of a bundle.</summary>
    public void WriteRaw(int index, ref BundleCompressor.RawBytes output)
    {
        (int family, int piece) = (_ranges[index].Family, _ranges[index].Piece);
        (int lastFamily, int lastPiece) = (_ranges[index].EndFamily, _ranges[index].EndPiece);
        for (; family < lastFamily || (family == lastFamily && piece < lastPiece); family++, piece = Header)
        {
            BundleFamily from = _families.All[family];
            if (piece == Header)
            {
                output.Write(HeaderOf(from).Span);
                if (from.Own != BundleFamily.NoOwn)
                {
                    Write(_own.Span[from.Own], ref output);
                }

                piece = 0;
            }

            int end = family == lastFamily ? lastPiece : from.Runs.Length;
            for (; piece < end; piece++)
            {
                Write(from.Runs[piece], ref output);
            }
        }
    }

    /// <summary>Puts one bundle in the place of all.</summary>
    public void ReplaceAll(Bundle all)
    {
        UnpinAll();
        _ranges.Add(new BundleRange { Bundle = all });
    }

    /// <summary>Lets go of the groups: no raw bytes are wanted any more.</summary>
    public void ForgetGroups()
    {
        foreach (Stretch stretch in _stretches)
        {
            _cache.Stretches.Release(stretch);
        }

        _stretches.Clear();
        _starts.Clear();
        _families.Clear();
        (_view, _own, _text) = (null!, default, null!);
    }

    /// <summary>Lets go of all bundles, and keeps its tables.</summary>
    public void Clear()
    {
        if (_cache is not null)
        {
            ForgetGroups();
            UnpinAll();
            _cache = null!;
        }
    }

    private void UnpinAll()
    {
        _cache.Unpin(Ranges);
        _ranges.Clear();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddStretch(ReadOnlySpan<GroupSnapshot> groups)
    {
        int start = _group;
        BundleIdentity identity = BundleIdentity.Empty;
        int end = start;
        for (; end < groups.Length; end++)
        {
            GroupSnapshot group = groups[end];
            int count = end - start;
            if (count >= LeastGroups && (count >= MostGroups || group.BoundaryLevel >= StretchBoundaryLevel))
            {
                break;
            }

            if (end + GroupsAhead < groups.Length)
            {
                Prefetch.Snapshot(groups[end + GroupsAhead]);
            }

            identity.Add(group.Group);
            identity.Add(group.Number);
        }

        Stretch stretch = _cache.Stretches.Find(identity.Value, _scrape)
            ?? _cache.Stretches.Add(identity.Value, groups[start..end], _scrape);
        _families.Add(stretch.Runs, _stretches.Count);
        _stretches.Add(stretch);
        _starts.Add(start);
        _group = end;
    }

    private ReadOnlyMemory<byte> HeaderOf(BundleFamily family) =>
        _text.HeaderOf(family.Head.Name.Span, family.Type, family.Helpful.HasHelp, family.Helpful.Help.Span);

    private ref readonly FamilyRun RunAt(RunPlace place) => ref _stretches[place.Stretch].Runs[place.Run];

    private void Cut(BundleFamily family)
    {
        ReadOnlySpan<byte> header = HeaderOf(family).Span;
        bool isLarge = header.Length + family.Bytes >= LargeFamily;
        if (isLarge || _openBytes >= MostBytes
            || (_openBytes >= LargeFamily && (Utf8Key.Comparer.GetHashCode(family.Head.Name.Span) & SmallCutMask) == 0))
        {
            Close(_next, Header);
        }

        Add(_cache.SerialOfHeader(header, _scrape), header.Length);
        if (family.Own != BundleFamily.NoOwn)
        {
            ref readonly FamilyEntry own = ref _own.Span[family.Own];
            Add(own.Serial == 0 ? EntrySerial.Next() : own.Serial, own.TextLength);
            AddScheme((own.Traits & FamilyTraits.EscapedNames) != 0);
        }

        if (isLarge)
        {
            if (family.Own != BundleFamily.NoOwn)
            {
                // It changes always, the others not.
                Close(_next, 0);
            }

            CutLarge(family);
            Close(_next + 1, Header);
        }
        else
        {
            foreach (RunPlace place in family.Runs)
            {
                Add(RunAt(place));
            }
        }
    }

    private void CutLarge(BundleFamily family)
    {
        ReadOnlySpan<RunPlace> runs = family.Runs;
        int perBundle = (int)Math.Min(
            1 << 20, BitOperations.RoundUpToPowerOf2((uint)((RunsTogether * (long)runs.Length / (family.Bytes + 1)) + 1)) / 2);
        (int least, int most) = (Math.Max(1, perBundle / 2), Math.Max(1, perBundle * 3));
        int level = StretchBoundaryLevel + BitOperations.Log2((uint)Math.Max(1, perBundle));
        ReadOnlySpan<GroupSnapshot> groups = _view.Groups;
        int inBundle = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            if (inBundle >= least && (inBundle >= most || perBundle <= 1 || groups[_starts[runs[i].Stretch]].BoundaryLevel >= level))
            {
                Close(_next, i);
                inBundle = 0;
            }

            Add(RunAt(runs[i]));
            inBundle++;
        }
    }

    private void Add(in FamilyRun run)
    {
        if (!_cache.IgnoresSerials)
        {
            _identity.Add(run.Identity);
        }

        _openBytes += run.Bytes;
        RawBytes += run.Bytes;
        AddScheme(run.HasEscapedNames);
    }

    private void Add(long serial, int bytes)
    {
        _identity.Add(_cache.IgnoresSerials ? _next : serial);
        _openBytes += bytes;
        RawBytes += bytes;
    }

    // What becomes of escaped names depends on the scheme. Serials are positive.
    private void AddScheme(bool hasEscapedNames)
    {
        if (hasEscapedNames)
        {
            _identity.Add(-1 - (int)_text.Escaping);
        }
    }

    private void Open(int family, int piece)
    {
        _open = new BundleRange { Family = family, Piece = piece };
        _identity = BundleIdentity.Empty;
        _openBytes = 0;
    }

    // An empty one vanishes.
    private void Close(int endFamily, int endPiece)
    {
        if (_openBytes > 0)
        {
            (_open.EndFamily, _open.EndPiece, _open.Identity) = (endFamily, endPiece, _identity.Value);
            _ranges.Add(_open);
        }

        Open(endFamily, endPiece);
    }

    // The first stretch that a bundle has to do with.
    private int StretchOf(int index)
    {
        ReadOnlySpan<RunPlace> runs = _families.All[_ranges[index].Family].Runs;
        int piece = Math.Max(0, _ranges[index].Piece);
        return piece < runs.Length ? runs[piece].Stretch : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Write(RunPlace place, ref BundleCompressor.RawBytes output)
    {
        const int Ahead = 4;
        const int MostLines = 4;
        ref readonly FamilyRun run = ref RunAt(place);
        ReadOnlySpan<GroupSnapshot> groups = _view.Groups.Slice(_starts[place.Stretch], run.End);
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

    private void Write(in FamilyEntry entry, ref BundleCompressor.RawBytes output) =>
        output.Write(_text.IsRendered(entry.Traits) ? _text.Rendered(entry).Span : entry.TextSpan);
}

/// <summary>A bundle of a scrape: from a header (piece -1) or run up to another, which is not in it.</summary>
internal struct BundleRange
{
    public int Family;
    public int Piece;
    public int EndFamily;
    public int EndPiece;
    public UInt128 Identity;

    /// <summary>Pinned, if it is at hand.</summary>
    public Bundle? Bundle;
}
