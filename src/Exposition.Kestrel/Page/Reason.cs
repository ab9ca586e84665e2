using Exposition.Engine.Consistency;

namespace Exposition.Kestrel.Page;

/// <summary>The reason of a refusal: what the engine says of it in plain words, with links to the groups that it names.</summary>
internal static class Reason
{
    private const string Group = "group {";

    // A value may have a brace, too.
    private const string Behind = "} has ";
    private const int LongestSelector = 1000;

    /// <summary>Writes it in one line, in plain words where there are some.</summary>
    public static void WriteShort(HtmlWriter html, string reason)
    {
        html.Raw("<bdi>"u8);
        Linked(html, RefusalWords.In(reason) ?? reason);
        html.Raw("</bdi>"u8);
    }

    /// <summary>Whether <see cref="WriteShort"/> leaves something out.</summary>
    public static bool IsLonger(string reason) => RefusalWords.In(reason) is not null;

    // A group is found by its labels, as a selector: one that has gone since leads to an empty list.
    private static void Linked(HtmlWriter html, string text)
    {
        int at = text.IndexOf(Group, StringComparison.Ordinal);
        int end = at < 0 ? -1 : text.IndexOf(Behind, at, StringComparison.Ordinal);
        if (end < 0 || end - at > LongestSelector)
        {
            html.Cut(text);
            return;
        }

        int start = at + Group.Length - 1;
        string selector = text[start..(end + 1)];
        html.Cut(text[..start]).Raw("<a href=\"./?match="u8).Text(Uri.EscapeDataString(selector)).Raw("\">"u8).Cut(selector)
            .Raw("</a>"u8).Cut(text[(end + 1)..]);
    }
}
