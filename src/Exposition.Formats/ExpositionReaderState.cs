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
    /// <summary>Makes a state for texts of one kind.</summary>
    /// <param name="options">Which names are valid and how strict to be.</param>
    public ExpositionReaderState(TextReadOptions options = default) => Options = options;

    /// <summary>Which names are valid and how strict to be.</summary>
    public TextReadOptions Options { get; }

    /// <summary>Lines read so far, blank ones and comments included.</summary>
    public int Lines { get; internal set; }

    internal ScanWindow Window { get; } = new();

    // Labels of the line at hand, by offset into the text.
    internal RowList<LabelRow> Labels;

    // A line that is not canonical: its bytes, and what the byte-wise reader made of it.
    internal RowList<byte> LineBytes;

    internal FamilySet Line { get; } = new();

    /// <summary>Begins a new text: the next line is line 1.</summary>
    public void Reset() => Lines = 0;
}
