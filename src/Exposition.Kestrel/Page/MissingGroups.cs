using Exposition.Engine.Overdue;
using Exposition.Engine.Reading;

namespace Exposition.Kestrel.Page;

/// <summary>Groups that rules name and that are not there, one row each.</summary>
internal sealed class MissingGroups(HtmlWriter html, PageClock clock)
{
    private const int Most = 100;

    private readonly LabelList _labels = new(html);

    /// <summary>Writes them, if there are any.</summary>
    public void Write(IReadOnlyList<Expected> missing)
    {
        if (missing.Count == 0)
        {
            return;
        }

        html.Raw("<h2>Expected, not there</h2>\n<table class=\"rows\"><caption hidden>Expected groups that are not "u8)
            .Raw("there</caption><thead><tr><th scope=\"col\">group</th><th scope=\"col\">state</th><th scope=\"col\">due</th>"u8)
            .Raw("<th scope=\"col\">last push</th><th scope=\"col\">rule</th></tr></thead><tbody>\n"u8);
        foreach (Expected expected in missing.Take(Most))
        {
            Row(expected);
        }

        html.Raw("</tbody></table>\n"u8).Rest(missing.Count, Most);
    }

    private void Row(Expected expected)
    {
        html.Raw("<tr><td>"u8);
        _labels.Write(expected.Key);
        html.Raw(expected.IsOverdue ? "</td><td><span class=\"s warn\">overdue</span> "u8 : "</td><td>"u8)
            .Raw(expected.PushedAt == 0 ? "expected, never pushed"u8 : "expected, gone"u8).Raw("</td><td class=\"t\" data-h=\"due\">"u8);
        clock.Write(GroupCopies.MomentOf(expected.DueAt));
        html.Raw("</td><td class=\"t\" data-h=\"last push\">"u8);
        clock.Write(GroupCopies.MomentOf(expected.PushedAt));
        html.Raw("</td><td data-h=\"rule\"><code><bdi>"u8).Cut(expected.Rule).Raw("</bdi></code></td></tr>\n"u8);
    }
}
