using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Exposition.Store.Internal.Bundles;

// A scrape in text is a sequence of headers and pieces, cut into bundles that never depend on what lies far away, so that a change of one group makes one
// bundle per family anew:
//
//   large families (from 24 KiB) have bundles of their own. A bundle may end before a group whose key says so (its cut level, one of p groups), p so
//   chosen that p pieces of the family's average size are 24 to 48 KiB; it has at least p/2 pieces and at most 3p.
//   small families are put together with their neighbours, up to about 48 KiB; such a bundle may end before a family whose name says so (one of 16).
//
// A bundle is identified by the serials of its headers and pieces.

/// <summary>The bundles of a scrape. Used again by later scrapes.</summary>
internal sealed class BundleList
{
    private const int Kept = 4;
    private const int TargetBytes = 16 << 10;
    private const int MostBytes = 64 << 10;
    private const int SmallCutMask = 15;
    private const int Header = -1;

    private static readonly ConcurrentBag<BundleList> s_pool = [];

    private readonly List<BundleRange> _ranges = [];
    private ScrapePlan _plan = null!;
    private TextPieces _text = null!;
    private BundleIdentity _identity;
    private BundleRange _open;
    private long _openBytes;
    private int _next;
    private bool _ignoresSerials;

    /// <summary>The bundles in their order, when all is cut.</summary>
    public Span<BundleRange> Ranges => CollectionsMarshal.AsSpan(_ranges);

    /// <summary>Room for the trailer of the member that they make up.</summary>
    public byte[] Trailer { get; } = new byte[GzipParts.TrailerBytes];

    /// <summary>About how many raw bytes there are.</summary>
    public long RawBytes { get; private set; }

    public static BundleList Rent() => s_pool.TryTake(out BundleList? list) ? list : new BundleList();

    /// <summary>Begins to cut.</summary>
    /// <param name="plan">What there is; needed until all raw bytes that are wanted have been written.</param>
    /// <param name="text">Its language; the same.</param>
    /// <param name="ignoresSerials">See <see cref="BundleCache.IgnoresSerials"/>.</param>
    public void Begin(ScrapePlan plan, TextPieces text, bool ignoresSerials)
    {
        (_plan, _text) = (plan, text);
        (_next, _openBytes, RawBytes, _ignoresSerials) = (0, 0, 0, ignoresSerials);
        Open(0, Header);
    }

    /// <summary>Cuts the next family.</summary>
    /// <returns>False when all is cut.</returns>
    public bool Continue(BundleCache cache, long scrape)
    {
        if (_next == _plan.Families.Length)
        {
            Close(_next, Header);
            return false;
        }

        ScrapeFamily family = _plan.Families[_next];
        ReadOnlySpan<byte> header = _text.HeaderOf(family).Span;
        bool isLarge = header.Length + family.TextBytes >= TargetBytes;
        if (isLarge || _openBytes >= MostBytes || (_openBytes >= TargetBytes && (Utf8Key.Comparer.GetHashCode(family.Name.Span) & SmallCutMask) == 0))
        {
            Close(_next, Header);
        }

        Add(cache.SerialOfHeader(header, scrape), header.Length);
        if (isLarge)
        {
            CutLarge(family);
            Close(_next + 1, Header);
        }
        else
        {
            AddPieces(family.Pieces);
        }

        _next++;
        return true;
    }

    /// <summary>Writes the raw bytes of a bundle.</summary>
    public void WriteRaw(int index, ref BundleCompressor.RawBytes output)
    {
        (int family, int piece) = (_ranges[index].Family, _ranges[index].Piece);
        (int lastFamily, int lastPiece) = (_ranges[index].EndFamily, _ranges[index].EndPiece);
        for (; family < lastFamily || (family == lastFamily && piece < lastPiece); family++, piece = Header)
        {
            ScrapeFamily from = _plan.Families[family];
            if (piece == Header)
            {
                output.Write(_text.HeaderOf(from).Span);
                piece = 0;
            }

            ReadOnlySpan<ScrapePiece> pieces = from.Pieces;
            int end = family == lastFamily ? lastPiece : pieces.Length;
            for (; piece < end; piece++)
            {
                ref readonly ScrapePiece lines = ref pieces[piece];
                TextPieces.LookAhead(pieces, piece);
                output.Write(_text.IsRendered(lines) ? _text.LinesOf(lines).Span : lines.TextSpan);
            }
        }
    }

    /// <summary>Puts one bundle in the place of all.</summary>
    public void ReplaceAll(Bundle all, BundleCache cache)
    {
        Clear(cache);
        _ranges.Add(new BundleRange { Bundle = all });
    }

    /// <summary>Lets go of all bundles and gives the list back.</summary>
    public void Return(BundleCache cache)
    {
        Clear(cache);
        (_plan, _text) = (null!, null!);
        if (s_pool.Count < Kept)
        {
            s_pool.Add(this);
        }
    }

    private void Clear(BundleCache cache)
    {
        foreach (ref BundleRange range in Ranges)
        {
            if (range.Bundle is { } bundle)
            {
                cache.Unpin(bundle);
            }
        }

        _ranges.Clear();
    }

    private void CutLarge(ScrapeFamily family)
    {
        ReadOnlySpan<ScrapePiece> pieces = family.Pieces;
        ReadOnlySpan<byte> levels = _plan.CutLevels;
        uint perBundle = BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, TargetBytes * (long)pieces.Length / Math.Max(1, family.TextBytes)));
        (long least, long most) = (Math.Max(1, perBundle / 2), Math.Max(1, 3L * perBundle));
        int level = BitOperations.Log2(perBundle);
        int inBundle = 0;
        for (int i = 0; i < pieces.Length; i++)
        {
            ref readonly ScrapePiece piece = ref pieces[i];
            if (inBundle >= least && (inBundle >= most || (piece.Group >= 0 && levels[piece.Group] >= level)))
            {
                Close(_next, i);
                inBundle = 0;
            }

            Add(piece);
            inBundle++;
        }
    }

    private void AddPieces(ReadOnlySpan<ScrapePiece> pieces)
    {
        foreach (ref readonly ScrapePiece piece in pieces)
        {
            Add(piece);
        }
    }

    private void Add(in ScrapePiece piece)
    {
        Add(piece.Serial == 0 ? EntrySerial.Next() : piece.Serial, piece.TextLength);
        if (_text.IsRendered(piece))
        {
            // What becomes of it depends on the scheme. Serials are positive.
            _identity.Add(-1 - (int)_text.Escaping);
        }
    }

    private void Add(long serial, int bytes)
    {
        _identity.Add(_ignoresSerials ? _next : serial);
        _openBytes += bytes;
        RawBytes += bytes;
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
}

/// <summary>A bundle of a scrape: from a header (piece -1) or piece up to another, which is not in it.</summary>
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
