using System.Text;
using Exposition.Engine;

namespace Exposition.Kestrel.Page;

// A value of a stranger can be long, empty, or full of characters that turn the direction of the text or show nothing: each stands in an
// element that keeps its direction to itself, control characters are shown as pictures, and what is cut has its beginning in the title.

/// <summary>Writes the labels of groups.</summary>
internal sealed class LabelList(HtmlWriter html)
{
    /// <summary>The most labels that are shown of one thing.</summary>
    public const int Most = 30;

    /// <summary>The most characters of a value in a list of groups.</summary>
    private const int MostInRow = 40;

    /// <summary>Writes the labels of a group: the job first, then the others by name.</summary>
    public void Write(GroupingKey key)
    {
        int labels = 0;
        foreach (bool job in (ReadOnlySpan<bool>)[true, false])
        {
            foreach (GroupingLabel label in key.Labels)
            {
                if (label.Name.SequenceEqual("job"u8) == job && ++labels <= Most)
                {
                    Write(label.Name, label.Value, job);
                }
            }
        }

        html.Rest(labels, Most);
    }

    /// <summary>Writes one label.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="isJob">Whether it is the job of a group.</param>
    /// <param name="most">The most characters of the value.</param>
    public void Write(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, bool isJob = false, int most = MostInRow)
    {
        string text = Encoding.UTF8.GetString(value);
        string shown = Cut(text, most);
        html.Raw(isJob ? "<bdi class=\"l job\""u8 : "<bdi class=\"l\""u8);
        if (shown.Length < text.Length && most == MostInRow)
        {
            html.Raw(" title=\""u8).Cut(value).Raw("\""u8);
        }

        // Without markup inside, so that it can be searched for and copied as it is written elsewhere.
        html.Raw(">"u8).Cut(name).Raw("=\""u8).Text(shown).Raw(shown.Length < text.Length ? "\u2026\"</bdi> "u8 : "\"</bdi> "u8);
    }

    private static string Cut(string text, int most) =>
        text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
