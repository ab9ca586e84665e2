using Exposition.Engine.Memory;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

// Pieces are copied as they lie; only those with names outside the legacy charset are rendered, one at a time, under an escaping scheme.

/// <summary>A scrape in text.</summary>
internal sealed class TextPieces(ScrapePlan plan) : PieceSource
{
    private const int Header = -1;

    private readonly BlockWriter _header = new();
    private readonly BlockWriter _rendered = new();
    private readonly FamilySet _set = new();
    private EscapingScheme _escaping;
    private int _family;
    private int _piece;

    public EscapingScheme Escaping => _escaping;

    /// <summary>Goes to the start.</summary>
    public void Begin(EscapingScheme escaping) => (_escaping, _family, _piece) = (escaping, 0, Header);

    /// <summary>Number of bytes, if nothing must be rendered for it.</summary>
    public long? Length()
    {
        long length = 0;
        foreach (ScrapeFamily family in plan.Families)
        {
            if (IsRendered(family.HasEscapedNames))
            {
                return null;
            }

            length += HeaderOf(family).Length + family.TextBytes;
        }

        return length;
    }

    /// <summary>HELP and TYPE of a family, valid until the next call.</summary>
    public ReadOnlyMemory<byte> HeaderOf<TFamily, TPart>(FamilyOfParts<TFamily, TPart> family)
        where TFamily : FamilyOfParts<TFamily, TPart>
        where TPart : struct
    {
        _header.Clear();
        TextFormat.WriteHeader(family.Name, family.Type, family.HasHelp, family.Help, _escaping, _header);
        return _header.WrittenMemory;
    }

    /// <summary>Whether an entry is not copied as it lies.</summary>
    public bool IsRendered(bool hasEscapedNames) => hasEscapedNames && _escaping != EscapingScheme.AllowUtf8;

    /// <summary>The lines of an entry that is not copied, valid until the next call.</summary>
    public ReadOnlyMemory<byte> Rendered(in FamilyEntry entry)
    {
        entry.Read(_set);
        _rendered.Clear();
        TextFormat.WriteSamples(_set, 0, _escaping, _rendered);
        return _rendered.WrittenMemory;
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        base.Reset();
        _set.Reset();
        _header.Clear();
        _rendered.Clear();
    }

    private ReadOnlyMemory<byte> LinesOf(in ScrapePiece piece) =>
        IsRendered(piece.HasEscapedNames) ? Rendered(plan.EntryOf(piece)) : piece.Text;

    // Brings the piece into the cache that comes some places behind one.
    private static void LookAhead(ReadOnlySpan<ScrapePiece> pieces, int at)
    {
        const int Ahead = 12;
        if (at + Ahead < pieces.Length)
        {
            pieces[at + Ahead].Load();
        }
    }

    // Whole pieces that fit, without a detour over the one that is pending.
    protected override int CopyWhole(Span<byte> into)
    {
        if (_piece < 0 || _family == plan.Families.Length)
        {
            return 0;
        }

        int written = 0;
        ReadOnlySpan<ScrapePiece> pieces = plan.Families[_family].Parts;
        for (; _piece < pieces.Length; _piece++)
        {
            ref readonly ScrapePiece piece = ref pieces[_piece];
            LookAhead(pieces, _piece);
            ReadOnlySpan<byte> text = piece.TextSpan;
            if (text.Length > into.Length - written || IsRendered(piece.HasEscapedNames))
            {
                break;
            }

            text.CopyTo(into[written..]);
            written += text.Length;
        }

        return written;
    }

    protected override bool TryNext(out ReadOnlyMemory<byte> piece)
    {
        while (_family < plan.Families.Length)
        {
            ScrapeFamily family = plan.Families[_family];
            ReadOnlySpan<ScrapePiece> pieces = family.Parts;
            if (_piece < pieces.Length)
            {
                piece = _piece == Header ? HeaderOf(family) : LinesOf(pieces[_piece]);
                _piece++;
                return true;
            }

            _family++;
            _piece = Header;
        }

        piece = default;
        return false;
    }
}
