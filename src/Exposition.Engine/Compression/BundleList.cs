using System.Numerics;
using System.Runtime.InteropServices;
using Exposition.Engine.Groups;
using Exposition.Engine.Scraping;
using Exposition.Formats;

namespace Exposition.Engine.Compression;

// A scrape in text is a sequence of headers and lines, cut into bundles. Where a bundle ends depends only on keys and names close to that
// place (content-defined chunking), so a change of one group invalidates one bundle per family. A large family (from 16 KiB) has bundles of
// its own: one for each run, or for several short runs that make 4 to 8 KiB together; such a bundle may end before a stretch whose first
// group has a high boundary level. Smaller bundles compress worse; larger ones are invalidated by more groups. Small families share bundles
// with their neighbours, up to about 48 KiB; such a bundle may end before one family in 16, by the hash of its name. A bundle is identified
// by the serials of its headers and lines.

/// <summary>The bundles of a scrape. Used again by later scrapes.</summary>
internal sealed class BundleList
{
    private const int LargeFamily = 16 << 10;
    private const int MostBytes = 64 << 10;
    private const int RunsTogether = 8 << 10;
    private const int SmallCutMask = 15;
    private const int NotBegun = -1;

    private readonly List<BundleRange> _ranges = [];
    private readonly List<long> _missing = [];
    private readonly StretchedView _content = new();
    private BundleCache? _cache;
    private EscapingScheme _escaping;
    private long _scrape;
    private BundleIdentity _identity;
    private BundleRange _open;
    private long _openBytes;
    private int _next;

    /// <summary>The bundles in their order, when all is cut.</summary>
    public Span<BundleRange> Ranges => CollectionsMarshal.AsSpan(_ranges);

    /// <summary>About how many raw bytes there are.</summary>
    public long RawBytes { get; private set; }

    public long TableBytes => _content.TableBytes;

    /// <summary>
    /// Begins to cut. What is given is needed until all raw bytes that are wanted have been written. The caller has the cache to itself
    /// (<see cref="BundleCache.Preparing"/>) until all is cut.
    /// </summary>
    public void Begin(StoreView view, ReadOnlyMemory<FamilyEntry> own, TextPieces text, BundleCache cache, long scrape)
    {
        (_cache, _escaping, _scrape, _next, RawBytes) = (cache, text.Escaping, scrape, NotBegun, 0);
        _content.Begin(view, own, text, cache.Stretches, scrape);
    }

    /// <summary>Takes in the next stretch, or cuts the next family.</summary>
    /// <returns>False when all is cut.</returns>
    public bool Continue()
    {
        if (_next == NotBegun)
        {
            if (!_content.TryAddNext())
            {
                _next = 0;
                Open(0, StretchedView.Header);
            }

            return true;
        }

        if (_next < _content.Families.Length)
        {
            Cut(_content.Families[_next]);
            _next++;
            return true;
        }

        Close(_next, StretchedView.Header);
        return false;
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
                _missing.Add(((long)StretchOf(_ranges[i]) << 32) | (uint)i);
            }
        }

        _missing.Sort();
        return _missing.Count;
    }

    /// <summary>The index of one of them.</summary>
    public int MissingAt(int n) => (int)_missing[n];

    /// <summary>Writes the raw bytes of a bundle.</summary>
    public void WriteRaw(int index, ref BundleCompressor.RawBytes output) => _content.WriteRaw(in Ranges[index], ref output);

    /// <summary>Puts one bundle in the place of all.</summary>
    public void ReplaceAll(Bundle all)
    {
        UnpinAll();
        _ranges.Add(new BundleRange { Bundle = all });
    }

    /// <summary>Lets go of the groups: no raw bytes are wanted any more.</summary>
    public void ForgetGroups() => _content.Clear();

    /// <summary>Lets go of all bundles, and keeps its tables.</summary>
    public void Clear()
    {
        if (_cache is not null)
        {
            _content.Clear();
            UnpinAll();
            _cache = null;
        }
    }

    private void UnpinAll()
    {
        _cache!.Unpin(Ranges);
        _ranges.Clear();
    }

    private void Cut(BundleFamily family)
    {
        ReadOnlySpan<byte> header = _content.HeaderOf(family);
        bool isLarge = header.Length + family.Bytes >= LargeFamily;
        if (isLarge || _openBytes >= MostBytes
            || (_openBytes >= LargeFamily && (Utf8Key.Comparer.GetHashCode(family.Name) & SmallCutMask) == 0))
        {
            Close(_next, StretchedView.Header);
        }

        Add(_cache!.SerialOfHeader(header, _scrape), header.Length);
        if (family.Own != BundleFamily.NoOwn)
        {
            ref readonly FamilyEntry own = ref _content.OwnOf(family);
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
            Close(_next + 1, StretchedView.Header);
        }
        else
        {
            foreach (RunPlace place in family.Parts)
            {
                Add(_content.RunAt(place));
            }
        }
    }

    private void CutLarge(BundleFamily family)
    {
        ReadOnlySpan<RunPlace> runs = family.Parts;
        int perBundle = (int)Math.Min(
            1 << 20, BitOperations.RoundUpToPowerOf2((uint)((RunsTogether * (long)runs.Length / (family.Bytes + 1)) + 1)) / 2);
        (int least, int most) = (Math.Max(1, perBundle / 2), Math.Max(1, perBundle * 3));
        int level = StretchedView.BoundaryLevel + BitOperations.Log2((uint)Math.Max(1, perBundle));
        int inBundle = 0;
        for (int i = 0; i < runs.Length; i++)
        {
            if (inBundle >= least && (inBundle >= most || perBundle <= 1 || _content.LevelOf(runs[i]) >= level))
            {
                Close(_next, i);
                inBundle = 0;
            }

            Add(_content.RunAt(runs[i]));
            inBundle++;
        }
    }

    private void Add(in FamilyRun run)
    {
        if (!_cache!.IgnoresSerials)
        {
            _identity.Add(run.Identity);
        }

        _openBytes += run.Bytes;
        RawBytes += run.Bytes;
        AddScheme(run.HasEscapedNames);
    }

    private void Add(long serial, int bytes)
    {
        _identity.Add(_cache!.IgnoresSerials ? _next : serial);
        _openBytes += bytes;
        RawBytes += bytes;
    }

    // What becomes of escaped names depends on the scheme. Serials are positive.
    private void AddScheme(bool hasEscapedNames)
    {
        if (hasEscapedNames)
        {
            _identity.Add(-1 - (int)_escaping);
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
    private int StretchOf(in BundleRange range)
    {
        ReadOnlySpan<RunPlace> runs = _content.Families[range.Family].Parts;
        int piece = Math.Max(0, range.Piece);
        return piece < runs.Length ? runs[piece].Stretch : 0;
    }
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
