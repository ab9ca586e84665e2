namespace Exposition.Kestrel.Page;

/// <summary>Says in a word or two how a group is.</summary>
internal static class GroupState
{
    /// <summary>Writes it: all that is wrong, or that nothing is.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="failed">Whether its last push was refused.</param>
    /// <param name="expired">Whether its metrics have expired.</param>
    /// <param name="overdue">Whether it should have been pushed to by now.</param>
    /// <param name="hidden">How many of its families are left out of scrapes.</param>
    public static void Write(HtmlWriter html, bool failed, bool expired, bool overdue, int hidden)
    {
        if (failed)
        {
            // In the words of the Pushgateway, for those who look for them.
            html.Raw("<span class=\"s bad\">Last push failed!</span> "u8);
        }

        if (expired)
        {
            html.Raw("<span class=\"s warn\">expired</span> "u8);
        }

        if (overdue)
        {
            html.Raw("<span class=\"s warn\">overdue</span> "u8);
        }

        if (hidden > 0)
        {
            html.Raw("<span class=\"s warn\">"u8).Text(Words.Count(hidden, "family hidden", "families hidden")).Raw("</span> "u8);
        }

        if (!failed && !expired && !overdue && hidden == 0)
        {
            html.Raw("<span class=\"s\">ok</span> "u8);
        }
    }
}
