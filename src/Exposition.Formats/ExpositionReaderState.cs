using Exposition.Formats.Rows;
using Exposition.Formats.Scanning;

namespace Exposition.Formats;

/// <summary>
/// What an <see cref="ExpositionReader"/> keeps from one stretch of text to the next, and the memory it works in. Make one, use it for any
/// number of texts one after the other: memory grows with the longest line and is kept. Not safe for concurrent use, and serves one reader
/// at a time.
/// </summary>
public sealed class ExpositionReaderState
{
    /// <summary>The least that <see cref="MaxLineBytes"/> may be, 4096 bytes.</summary>
    public const int LeastLineBytes = ScanWindow.Size;

    /// <summary>The most that it may be, 1 GiB, and what it is if nothing is said.</summary>
    public const int MostLineBytes = 1 << 30;

    // What one long line has left is given back with the next text.
    private const int BytesKept = 1 << 20;

    /// <summary>Makes a state for texts of one kind.</summary>
    /// <param name="options">Which names are valid and how strict to be.</param>
    /// <param name="maxLineBytes">The longest line in bytes, its end not counted; a longer one is an error.</param>
    /// <exception cref="ArgumentOutOfRangeException">The longest line is not between <see cref="LeastLineBytes"/> and
    /// <see cref="MostLineBytes"/>.</exception>
    public ExpositionReaderState(TextReadOptions options = default, int maxLineBytes = MostLineBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLineBytes, LeastLineBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxLineBytes, MostLineBytes);
        Options = options;
        MaxLineBytes = maxLineBytes;
    }

    /// <summary>Which names are valid and how strict to be.</summary>
    public TextReadOptions Options { get; internal set; }

    /// <summary>The longest line in bytes, its end not counted.</summary>
    public int MaxLineBytes { get; internal set; }

    /// <summary>Lines read so far, blank ones and comments included.</summary>
    public int Lines { get; internal set; }

    internal ScanWindow Window { get; } = new();

    // Labels of the line at hand, by offset into the text.
    internal RowList<LabelRow> Labels;

    // A line that is not canonical: its bytes, and what the byte-wise reader made of it.
    internal RowList<byte> LineBytes;

    internal FamilySet Line { get; } = new();

    // A line that lies in several segments.
    internal RowList<byte> Carried;

    /// <summary>Begins a new text: the next line is line 1. Memory beyond a mebibyte that a long line took is given up.</summary>
    public void Reset()
    {
        Lines = 0;
        Carried.Clear(BytesKept);
        LineBytes.Clear(BytesKept);
    }
}
