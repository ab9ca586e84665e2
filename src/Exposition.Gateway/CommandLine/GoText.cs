using System.Globalization;
using System.Text;

namespace Exposition.Gateway.CommandLine;

/// <summary>Text in Go's double quotes.</summary>
internal static class GoText
{
    /// <summary>Quotes as Go's strconv.Quote does.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 2);
        foreach (Rune rune in text.EnumerateRunes())
        {
            Append(quoted, rune);
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>The text with what does not show itself, line ends too, as it stands in Go's quotes.</summary>
    public static string Visible(string text)
    {
        var visible = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (IsPrintable(rune))
            {
                visible.Append(rune.ToString());
            }
            else
            {
                Append(visible, rune);
            }
        }

        return visible.ToString();
    }

    /// <summary>Whether Go prints the character as it is.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || (rune.Value != 0xFFFD && Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator));

    private static void Append(StringBuilder quoted, Rune rune)
    {
        string? named = rune.Value switch
        {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\a' => "\\a",
            '\b' => "\\b",
            '\f' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\v' => "\\v",
            _ => null,
        };
        if (named is not null)
        {
            quoted.Append(named);
        }
        else if (IsPrintable(rune))
        {
            quoted.Append(rune.ToString());
        }
        else
        {
            string form = rune.Value < 0x80 ? $"\\x{rune.Value:x2}" : rune.Value < 0x10000 ? $"\\u{rune.Value:x4}" : $"\\U{rune.Value:x8}";
            quoted.Append(form);
        }
    }
}
