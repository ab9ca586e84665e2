using System.Buffers;
using System.Globalization;
using System.Text;

namespace Exposition.Kestrel.Paths;

/// <summary>Quotes bytes as the reference's error texts do (Go's <c>%q</c>).</summary>
internal static class GoQuote
{
    /// <summary>The quoted text.</summary>
    public static string Quote(ReadOnlySpan<byte> text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done)
            {
                quoted.Append("\\x").Append(text[0].ToString("x2", CultureInfo.InvariantCulture));
                text = text[1..];
                continue;
            }

            Append(quoted, rune);
            text = text[length..];
        }

        return quoted.Append('"').ToString();
    }

    private static void Append(StringBuilder quoted, Rune rune)
    {
        switch (rune.Value)
        {
            case '"' or '\\': quoted.Append('\\').Append((char)rune.Value); return;
            case '\a': quoted.Append("\\a"); return;
            case '\b': quoted.Append("\\b"); return;
            case '\f': quoted.Append("\\f"); return;
            case '\n': quoted.Append("\\n"); return;
            case '\r': quoted.Append("\\r"); return;
            case '\t': quoted.Append("\\t"); return;
            case '\v': quoted.Append("\\v"); return;
        }

        if (rune.Value == ' ' || IsPrintable(rune))
        {
            quoted.Append(rune.ToString());
        }
        else if (rune.Value is < ' ' or 0x7F)
        {
            quoted.Append("\\x").Append(rune.Value.ToString("x2", CultureInfo.InvariantCulture));
        }
        else if (rune.IsBmp)
        {
            quoted.Append("\\u").Append(rune.Value.ToString("x4", CultureInfo.InvariantCulture));
        }
        else
        {
            quoted.Append("\\U").Append(rune.Value.ToString("x8", CultureInfo.InvariantCulture));
        }
    }

    // Letters, marks, numbers, punctuation and symbols.
    internal static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.SpaceSeparator
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);
}
