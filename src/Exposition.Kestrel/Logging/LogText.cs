using System.Globalization;
using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Kestrel.Logging;

/// <summary>Text of strangers in a log: cut, and with everything escaped that does not show itself.</summary>
internal static class LogText
{
    /// <summary>The longest value in bytes.</summary>
    public const int ValueBytes = 1 << 10;

    /// <summary>What is left of a text must have room for more than this, the longest "... (2147483647 bytes)".</summary>
    public const int LeastCut = 22;

    private const int LongestEscape = 12;

    /// <summary>The text if it is short enough; else its beginning, with the length of the whole.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="most">Bytes that it may take when written, escapes included, as logfmt or JSON.</param>
    public static string Cut(string text, int most)
    {
        if (text.Length <= most / LongestEscape)
        {
            return text;
        }

        int bytes = 0;
        int at = 0;
        int cutAt = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += WrittenBytes(rune);
            if (bytes > most)
            {
                return string.Create(
                    CultureInfo.InvariantCulture, $"{text.AsSpan(0, cutAt)}... ({Encoding.UTF8.GetByteCount(text)} bytes)");
            }

            at += rune.Utf16SequenceLength;
            cutAt = bytes <= most - LeastCut ? at : cutAt;
        }

        return text;
    }

    /// <summary>The bytes that a text takes at most when it is written.</summary>
    public static int WrittenBytes(string text)
    {
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += WrittenBytes(rune);
        }

        return bytes;
    }

    private static int WrittenBytes(Rune rune) =>
        rune.Value is '"' or '\\' ? 2
        : GoQuote.IsPrintable(rune) ? rune.Utf8SequenceLength
        : rune.IsBmp ? 6 : LongestEscape;
}
