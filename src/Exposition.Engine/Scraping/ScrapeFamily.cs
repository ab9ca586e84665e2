using Exposition.Engine.Groups;

namespace Exposition.Engine.Scraping;

/// <summary>A family of a plain scrape; its parts are the entries of the groups.</summary>
internal sealed class ScrapeFamily : FamilyOfParts<ScrapeFamily, ScrapePiece>
{
    private FamilyHead? _last;

    /// <summary>The unit of the first entry that has one.</summary>
    public ReadOnlyMemory<byte> Unit { get; private set; }

    /// <summary>Bytes of all texts.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Whether a piece has names outside the legacy charset.</summary>
    public bool HasEscapedNames { get; private set; }

    /// <summary>Takes an entry of a group in, if it is alike.</summary>
    public void Add(in FamilyEntry entry, int group, int index)
    {
        if (!IsUnlike(entry.Head))
        {
            Take(entry, group, index);
        }
    }

    /// <summary>Takes an entry of the host in.</summary>
    public void AddOwn(in FamilyEntry entry, int index) => Take(entry, ScrapePiece.OwnGroup, index);

    /// <summary>The same, when entries of groups are in already.</summary>
    public void AddOwnFirst(in FamilyEntry entry, int index)
    {
        AddOwn(entry, index);
        MoveLastToFirst();
    }

    public override void Reset()
    {
        base.Reset();
        (TextBytes, HasEscapedNames, Unit, _last) = (0, false, default, null);
    }

    private void Take(in FamilyEntry entry, int group, int index)
    {
        if (!ReferenceEquals(entry.Head, _last))
        {
            _last = entry.Head;
            TakeHelp(entry.Head);
            if (entry.UnitLength > 0 && Unit.IsEmpty)
            {
                Unit = entry.Unit;
            }
        }

        Add(new ScrapePiece(entry, group, index));
        TextBytes += entry.TextLength;
        HasEscapedNames |= (entry.Traits & FamilyTraits.EscapedNames) != 0;
    }
}
