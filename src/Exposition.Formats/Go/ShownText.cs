using System.Globalization;
using System.Text;

namespace Exposition.Formats.Go;

// A name, value or word that a client has sent may be as long as a body; what an error says of it is not.

/// <summary>How much of a client's text an error shows.</summary>
internal static class ShownText
{
    /// <summary>The most bytes of one piece.</summary>
    public const int MostBytes = 1024;

    /// <summary>Cuts a text before a character, if it is too long to be shown.</summary>
    /// <returns>What to say behind it: how long it was; empty where it was not cut.</returns>
    public static string Cut(ref ReadOnlySpan<byte> text)
    {
        int length = text.Length;
        if (length <= MostBytes)
        {
            return "";
        }

        int end = MostBytes;
        while (end > MostBytes - 4 && (text[end] & 0xC0) == 0x80)
        {
            end--;
        }

        text = text[..end];
        return string.Create(CultureInfo.InvariantCulture, $"... ({length} bytes)");
    }

    /// <summary>A text as it is, cut if it is too long.</summary>
    public static string Of(ReadOnlySpan<byte> text)
    {
        string rest = Cut(ref text);
        return Encoding.UTF8.GetString(text) + rest;
    }
}
