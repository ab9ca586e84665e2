using System.Buffers;
using System.Globalization;
using System.Text;

namespace Exposition.Formats.Go;

// Go's strconv.Quote and QuoteRune: printable is what Unicode calls a letter, mark, number, punctuation or symbol, plus the ASCII space.
// Everything else is escaped, bytes that are not UTF-8 as \xNN.

/// <summary>
/// Quotes bytes for error messages as Go's <c>%q</c> does, so that a client reads the words it knows from the Pushgateway.
/// </summary>
internal static class GoQuote
{
    /// <summary><c>%q</c> of a string, of which no more is shown than <see cref="ShownText.MostBytes"/>.</summary>
    public static string Text(ReadOnlySpan<byte> text)
    {
        string rest = ShownText.Cut(ref text);
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out Rune rune, out int consumed) == OperationStatus.Done)
            {
                AppendRune(quoted, rune, '"');
                text = text[consumed..];
            }
            else
            {
                // Go steps over one byte of an invalid sequence, the framework over its longest valid beginning.
                AppendHex(quoted, "\\x", text[0], 2);
                text = text[1..];
            }
        }

        return quoted.Append('"').Append(rest).ToString();
    }

    /// <summary>The same of all of a text.</summary>
    public static string Text(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (Rune rune in text.EnumerateRunes())
        {
            AppendOfString(quoted, rune);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>A text on one line: what does not show itself is escaped, quotes and backslashes are as they are.</summary>
    public static string Visible(string text)
    {
        var visible = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsClear(rune))
            {
                visible.Append(rune.ToString());
            }
            else
            {
                AppendOfString(visible, rune);
            }
        }

        return visible.ToString();
    }

    /// <summary>Whether it stands in a quoted string as it is. U+FFFD does not: it is what is left of bytes that were not UTF-8.</summary>
    public static bool IsClear(Rune rune) => rune != Rune.ReplacementChar && IsPrintable(rune);

    /// <summary>Whether it stands in a quoted text as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator);

    /// <summary><c>%q</c> of a byte: the Pushgateway prints it as the character of that number.</summary>
    public static string Byte(byte value)
    {
        var quoted = new StringBuilder(10).Append('\'');
        AppendRune(quoted, new Rune((uint)value), '\'');
        return quoted.Append('\'').ToString();
    }

    private static void AppendOfString(StringBuilder output, Rune rune)
    {
        if (rune == Rune.ReplacementChar)
        {
            AppendHex(output, "\\u", rune.Value, 4);
        }
        else
        {
            AppendRune(output, rune, '"');
        }
    }

    private static void AppendRune(StringBuilder output, Rune rune, char quote)
    {
        int value = rune.Value;
        if (value == quote || value == '\\')
        {
            output.Append('\\').Append((char)value);
            return;
        }

        if (IsPrintable(rune))
        {
            Span<char> characters = stackalloc char[2];
            output.Append(characters[..rune.EncodeToUtf16(characters)]);
            return;
        }

        switch (value)
        {
            case '\a': output.Append("\\a"); break;
            case '\b': output.Append("\\b"); break;
            case '\f': output.Append("\\f"); break;
            case '\n': output.Append("\\n"); break;
            case '\r': output.Append("\\r"); break;
            case '\t': output.Append("\\t"); break;
            case '\v': output.Append("\\v"); break;
            case < ' ' or 0x7F: AppendHex(output, "\\x", value, 2); break;
            case < 0x10000: AppendHex(output, "\\u", value, 4); break;
            default: AppendHex(output, "\\U", value, 8); break;
        }
    }

    private static void AppendHex(StringBuilder output, string prefix, int value, int digits) =>
        output.Append(prefix).Append(value.ToString("x" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));
}
