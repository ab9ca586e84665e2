using System.Runtime.CompilerServices;
using Exposition.Engine.Groups;
using Exposition.Formats;

namespace Exposition.Engine.Scraping;

/// <summary>
/// A family of a scrape: the entries of all groups that hold it, in order of their keys, the host's own first. Used again by later scrapes.
/// </summary>
internal sealed class ScrapeFamily : IScrapedFamily
{
    private const int FirstPieces = 4;
    private const int ManyPieces = 256;

    private ScrapePiece[] _pieces = [];
    private int _count;
    private FamilyHead? _last;

    /// <summary>That of the first entry.</summary>
    public FamilyHead Head { get; private set; } = null!;

    public ReadOnlyMemory<byte> Name => Head.Name;

    public MetricType Type { get; private set; }

    public bool HasHelp { get; private set; }

    public ReadOnlyMemory<byte> Help { get; private set; }

    /// <summary>The unit of the first entry that has one.</summary>
    public ReadOnlyMemory<byte> Unit { get; private set; }

    /// <summary>Bytes of all texts.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Memory of the table of pieces, in bytes.</summary>
    public long TableBytes => _pieces.Length * (long)Unsafe.SizeOf<ScrapePiece>();

    /// <summary>Whether a piece has names outside the legacy charset.</summary>
    public bool HasEscapedNames { get; private set; }

    public ReadOnlySpan<ScrapePiece> Pieces => _pieces.AsSpan(0, _count);

    /// <summary>The family that came behind this one in the group looked at last: a guess for the next group.</summary>
    public ScrapeFamily? Successor { get; set; }

    public void Begin(in FamilyEntry first) => (Head, Type) = (first.Head, first.Type);

    /// <summary>
    /// Takes a group's entry in, unless its values are of another kind than those of the host, or of the groups before it.
    /// </summary>
    public void Add(in FamilyEntry entry, int group, int index)
    {
        if (!ReferenceEquals(entry.Head, Head) && entry.Type != Type && FamilyHead.KindOf(entry.Type) != FamilyHead.KindOf(Type))
        {
            return;
        }

        Take(entry, group, index);
    }

    /// <summary>Takes an entry of the host in.</summary>
    public void AddOwn(in FamilyEntry entry, int index) => Take(entry, ScrapePiece.OwnGroup, index);

    /// <summary>Lets go of everything that was pushed.</summary>
    public void Reset()
    {
        if (_pieces.Length > ManyPieces && _count < _pieces.Length / 4)
        {
            _pieces = [];
        }

        _pieces.AsSpan(0, Math.Min(_count, _pieces.Length)).Clear();
        (_count, TextBytes, HasEscapedNames, _last) = (0, 0, false, null);
        (Head, HasHelp, Help, Unit, Successor) = (null!, false, default, default, null);
    }

    private void Take(in FamilyEntry entry, int group, int index)
    {
        if (!ReferenceEquals(entry.Head, _last))
        {
            _last = entry.Head;
            if (!HasHelp && entry.HasHelp)
            {
                (HasHelp, Help) = (true, entry.Help);
            }

            if (entry.UnitLength > 0 && Unit.IsEmpty)
            {
                Unit = entry.Unit;
            }
        }

        if (_count == _pieces.Length)
        {
            Array.Resize(ref _pieces, Math.Max(FirstPieces, _count * 2));
        }

        _pieces[_count++] = new ScrapePiece(entry, group, index);
        TextBytes += entry.TextLength;
        HasEscapedNames |= (entry.Traits & FamilyTraits.EscapedNames) != 0;
    }
}
