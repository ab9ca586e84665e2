using Exposition.Engine.Consistency;
using Exposition.Engine.Publishing;

namespace Exposition.Kestrel.Page;

/// <summary>The reason of a refusal: what the engine says of it in plain words, with links to the groups that it names.</summary>
internal static class Reason
{
    private const string Collected = "collected ";
    private const string Group = "group {";

    // A value may have a brace, too.
    private const string Behind = "} has ";
    private const int LongestSelector = 1000;

    private static readonly string s_general = Pushing.InconsistentError("");

    /// <summary>Writes it in one line, in plain words where there are some.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="isOfFamily">Whether the name of the family stands there already.</param>
    public static void WriteShort(HtmlWriter html, string reason, bool isOfFamily = false)
    {
        html.Raw("<bdi>"u8);
        if (!isOfFamily && RefusalWords.In(reason) is not null && Family(reason) is { } family)
        {
            html.Raw("<code>"u8).Cut(family).Raw("</code> "u8);
        }

        Linked(html, Plain(reason) ?? reason);
        html.Raw("</bdi>"u8);
    }

    /// <summary>Whether <see cref="WriteShort"/> leaves something out.</summary>
    public static bool IsLonger(string reason) => Plain(reason) is not null;

    // The engine's words where it has some, else what stands behind the Pushgateway's general ones.
    private static string? Plain(string reason) =>
        RefusalWords.In(reason) ?? (reason.StartsWith(s_general, StringComparison.Ordinal) ? reason[s_general.Length..] : null);

    // What the Pushgateway's sentence says first of all, in quotes.
    private static string? Family(string reason)
    {
        int start = reason.IndexOf(Collected, StringComparison.Ordinal);
        start = start < 0 ? -1 : reason.IndexOf('"', start);
        int end = start < 0 ? -1 : reason.IndexOf('"', start + 1);
        return end < 0 ? null : reason[(start + 1)..end];
    }

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
