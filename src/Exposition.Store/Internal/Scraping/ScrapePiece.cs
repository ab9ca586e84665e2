namespace Exposition.Store.Internal;

/// <summary>A group's entry of a family, as far as a scrape that copies text needs it: where it lies, and where the rest is found.</summary>
internal readonly struct ScrapePiece
{
    /// <summary>The group of what the host itself exposes.</summary>
    public const int OwnGroup = -1;

    private const int EscapedBit = 1 << 31;

    private readonly int _entry;

    public ScrapePiece(in FamilyEntry entry, int group, int index)
    {
        Text = entry.Text;
        Serial = entry.Serial;
        Group = group;
        _entry = (entry.Traits & FamilyTraits.EscapedNames) != 0 ? index | EscapedBit : index;
    }

    public ReadOnlyMemory<byte> Text { get; }

    /// <inheritdoc cref="FamilyEntry.Serial"/>
    public long Serial { get; }

    /// <summary>Index of the group in the view, or <see cref="OwnGroup"/>.</summary>
    public int Group { get; }

    /// <summary>Index of the entry among the group's families.</summary>
    public int Entry => _entry & ~EscapedBit;

    /// <summary>Whether it has names outside the legacy charset.</summary>
    public bool HasEscapedNames => _entry < 0;
}
