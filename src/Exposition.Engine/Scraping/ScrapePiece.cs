using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Scraping;

/// <summary>
/// A group's entry of a family, as far as a scrape that copies text needs it: where it lies, and where the rest is found.
/// </summary>
internal readonly struct ScrapePiece
{
    /// <summary>The group of what the host itself exposes.</summary>
    public const int OwnGroup = -1;

    /// <summary>
    /// The entry that says whether the group is overdue, which is none of its families; of no group, those that are missing.
    /// </summary>
    public const int OverdueEntry = int.MaxValue;

    private const int EscapedBit = 1 << 31;

    private readonly byte[] _block;
    private readonly int _start;
    private readonly int _length;
    private readonly int _entry;

    public ScrapePiece(in FamilyEntry entry, int group, int index)
    {
        (_block, _start, _length) = (entry.TextBlock!, entry.TextStart, entry.TextLength);
        Group = group;
        _entry = (entry.Traits & FamilyTraits.EscapedNames) != 0 ? index | EscapedBit : index;
    }

    public ReadOnlyMemory<byte> Text => new(_block, _start, _length);

    /// <summary>
    /// The text. The bounds were checked when it was made; to check them again would read the start of the block, which may be far from the
    /// text.
    /// </summary>
    public ReadOnlySpan<byte> TextSpan =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_block), _start), _length);

    /// <summary>Index of the group in the view, or <see cref="OwnGroup"/>.</summary>
    public int Group { get; }

    /// <summary>Index of the entry among the group's families.</summary>
    public int Entry => _entry & ~EscapedBit;

    /// <summary>Brings its first lines into the cache.</summary>
    public void Load()
    {
        Prefetch.Bytes(_block, _start);
        if (_length > 64)
        {
            Prefetch.Bytes(_block, _start + 64);
            if (_length > 128)
            {
                Prefetch.Bytes(_block, _start + 128);
            }
        }
    }

    /// <summary>Whether it has names outside the legacy charset.</summary>
    public bool HasEscapedNames => _entry < 0;
}
