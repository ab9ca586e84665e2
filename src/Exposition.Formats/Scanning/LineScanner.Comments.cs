using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exposition.Formats.Scanning;

// comment = "# HELP " name " " text LF / "# TYPE " name " " type LF
// text    = not beginning with a blank, not ending in CR, without "\"    type = counter / gauge / summary / untyped / histogram

internal ref partial struct LineScanner
{
    /// <summary>Takes the line that begins at <paramref name="at"/> if it is a canonical comment.</summary>
    public bool TryTakeComment(int at, out ScannedComment comment)
    {
        comment = default;
        if (!IsInWindow(at))
        {
            return false;
        }

        // "# HELP " and "# TYPE " differ in four letters. A line that short has no name.
        ReadOnlySpan<byte> line = _text[at..];
        const int wordLength = 7;
        if (line.Length < wordLength || !(comment.IsHelp = line.StartsWith("# HELP "u8)) && !line.StartsWith("# TYPE "u8))
        {
            return false;
        }

        ref byte text = ref Unsafe.Add(ref MemoryMarshal.GetReference(_text), _base);
        int start = at - _base + wordLength;
        int nameEnd = FindNameEnd(ref text, start);
        if (nameEnd < 0 || Unsafe.Add(ref text, nameEnd) != ' ')
        {
            return false;
        }

        int restStart = nameEnd + 1;
        int end = restStart;
        while (Unsafe.Add(ref text, end = Next(QuotedStop, end)) == '"')
        {
            end++;
        }

        if (Unsafe.Add(ref text, end) != '\n' || Unsafe.Add(ref text, end - 1) == '\r'
            || Unsafe.Add(ref text, restStart) is (byte)' ' or (byte)'\t' or (byte)'\n')
        {
            return false;
        }

        comment.Name = new TextRef(_base + start, nameEnd - start);
        comment.Help = new TextRef(_base + restStart, end - restStart);
        comment.End = _base + end + 1;
        return comment.IsHelp || TryGetType(_text.Slice(_base + restStart, end - restStart), out comment.Type);
    }

    private static bool TryGetType(ReadOnlySpan<byte> word, out MetricType type)
    {
        type = word.Length == 5 ? MetricType.Gauge
            : word.Length == 9 ? MetricType.Histogram
            : word.Length == 7 && word[0] == 'c' ? MetricType.Counter
            : word.Length == 7 && word[0] == 's' ? MetricType.Summary
            : MetricType.Untyped;
        return word.SequenceEqual(type switch
        {
            MetricType.Gauge => "gauge"u8,
            MetricType.Histogram => "histogram"u8,
            MetricType.Counter => "counter"u8,
            MetricType.Summary => "summary"u8,
            _ => "untyped"u8,
        });
    }
}

/// <summary>A canonical HELP or TYPE line.</summary>
internal struct ScannedComment
{
    /// <summary>Whether it is HELP; else it is TYPE.</summary>
    public bool IsHelp;
    public MetricType Type;
    public TextRef Name;
    public TextRef Help;

    /// <summary>Offset of the next line in the text.</summary>
    public int End;
}
