using System.Text;

namespace Exposition.Formats.Meters;

/// <summary>Names of families and labels from those of instruments and tags, by OpenTelemetry's rules for Prometheus.</summary>
internal static class InstrumentNames
{
    private const string Total = "_total";

    /// <summary>The name of an instrument's family: words, its unit, and <c>_total</c> for a counter, none of them twice.</summary>
    /// <param name="name">The instrument's name.</param>
    /// <param name="unit">The unit in words, or empty.</param>
    /// <param name="isCounter">Whether it only goes up.</param>
    public static string OfFamily(string name, string unit, bool isCounter)
    {
        string words = Underscored(name, allowColon: true);
        if (isCounter && words.EndsWith(Total, StringComparison.Ordinal) && words.Length > Total.Length)
        {
            words = words[..^Total.Length];
        }

        if (unit.Length > 0 && !EndsInWord(words, unit))
        {
            words = words.EndsWith('_') ? words + unit : $"{words}_{unit}";
        }

        return isCounter ? (words.EndsWith('_') ? words + Total[1..] : words + Total) : words;
    }

    /// <summary>The name of a tag's label.</summary>
    public static string OfLabel(string tag) => Underscored(tag, allowColon: false);

    /// <summary>A piece of a name, without underscores around it.</summary>
    public static string Words(string text)
    {
        string words = Underscored(text, allowColon: false).Trim('_');
        return words;
    }

    private static bool EndsInWord(string words, string unit) =>
        words.EndsWith(unit, StringComparison.Ordinal) && (words.Length == unit.Length || words[^(unit.Length + 1)] == '_');

    // Runs of underscores, be they of the name or in the place of something else, become one: so no name starts with the two that are
    // reserved.
    private static string Underscored(string text, bool allowColon)
    {
        var name = new StringBuilder(text.Length + 1);
        if (text.Length == 0 || char.IsAsciiDigit(text[0]))
        {
            name.Append('_');
        }

        foreach (char c in text)
        {
            if (char.IsAsciiLetterOrDigit(c) || (allowColon && c == ':'))
            {
                name.Append(c);
            }
            else if (name.Length == 0 || name[^1] != '_')
            {
                name.Append('_');
            }
        }

        return name.ToString();
    }
}
