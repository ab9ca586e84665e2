using System.Runtime.InteropServices;

namespace Exposition.Formats.Scanning;

// A window is a stretch of text with its three maps. Its limit is the last LF in it: every search that starts at or before the limit ends
// there at the latest, because LF is in every set. So inside a window no position needs to be checked against the end of the text, and no
// search runs beyond what was classified. The maps have one word more than blocks: a search reads the word after the one it starts in.
// A line that is not whole in a window of its own length (4 KiB) has no limit and is read by the byte-wise reader.

/// <summary>The maps of a few kilobytes of text. Reused from text to text; not safe for concurrent use.</summary>
internal sealed class ScanWindow(ByteClassifier classifier)
{
    /// <summary>Bytes of text in a window: its maps stay in the first-level cache.</summary>
    public const int Size = 4096;

    /// <summary>Words per map.</summary>
    public const int Words = (Size / ByteClassifier.BlockBytes) + 1;

    private readonly ulong[] _maps = new ulong[3 * Words];

    public ScanWindow()
        : this(ByteClassifier.Best)
    {
    }

    /// <summary>The first word of the three maps, which follow one another in the order of <see cref="ByteClassifier.Classify"/>.</summary>
    public ref ulong Maps => ref MemoryMarshal.GetArrayDataReference(_maps);

    /// <summary>Classifies a window's worth of text.</summary>
    /// <param name="text">The text from the window's first byte on.</param>
    /// <returns>The offset of the last LF in the window, or -1.</returns>
    public int Fill(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, Size)];
        int limit = text.LastIndexOf((byte)'\n');
        if (limit < 0)
        {
            return limit;
        }

        Span<ulong> maps = _maps;
        int whole = text.Length & -ByteClassifier.BlockBytes;
        classifier.Classify(text[..whole], maps[..Words], maps.Slice(Words, Words), maps[(2 * Words)..]);
        if (whole < text.Length)
        {
            Span<byte> last = stackalloc byte[ByteClassifier.BlockBytes];
            last.Clear();
            text[whole..].CopyTo(last);
            int block = whole / ByteClassifier.BlockBytes;
            classifier.Classify(last, maps.Slice(block, 1), maps.Slice(Words + block, 1), maps.Slice((2 * Words) + block, 1));
        }

        return limit;
    }
}
