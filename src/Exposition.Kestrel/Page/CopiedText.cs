namespace Exposition.Kestrel.Page;

// Where neither an option nor a trusted proxy says how the page was reached, a proxy that strips a path or speaks TLS is not seen here. The
// browser knows: its script puts its own address in the place of the one that the request had.

/// <summary>Text to be copied: commands for a shell, PromQL.</summary>
internal static class CopiedText
{
    /// <summary>Writes it with its button.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="text">The text.</param>
    /// <param name="links">Whose URL it has; null if it has none.</param>
    public static void Write(HtmlWriter html, string text, GroupLinks? links = null)
    {
        html.Raw("<pre tabindex=\"0\""u8);
        if (links is { IsReachedTold: false, Pushes: { } pushes })
        {
            html.Raw(" data-root=\""u8).Text(links.Reached).Raw("\" data-to=\"./"u8).Text(pushes).Raw("\""u8);
        }

        html.Raw(">"u8).Text(text).Raw("</pre><button type=\"button\" class=\"js\" data-copy>Copy</button>\n"u8);
    }
}
