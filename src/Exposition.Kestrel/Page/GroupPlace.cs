using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Engine.Overdue;
using Exposition.Engine.Reading;

namespace Exposition.Kestrel.Page;

/// <summary>One group: what is wrong with it, what it has, and what can be done with it.</summary>
/// <param name="html">Where to.</param>
/// <param name="clock">The time of the page.</param>
/// <param name="links">Where pushes and deletes of groups go.</param>
internal sealed class GroupPlace(HtmlWriter html, PageClock clock, GroupLinks links)
{
    /// <summary>The most lines of series and families in one part of a group.</summary>
    public const int PartLines = 1000;

    private const int PartBytes = 1 << 20;
    private const int MostHidden = 20;
    private const int LongestSelector = 1500;

    private readonly LabelList _labels = new(html);

    /// <summary>Writes a group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="expiry">When it expires, or has, and by which rule.</param>
    /// <param name="expected">How often it is to be pushed to; null where no rule says so.</param>
    /// <param name="from">Lines of it to leave out at the start.</param>
    public void Write(GroupSnapshot group, in GroupExpiry expiry, Expected? expected, int from)
    {
        html.Raw("<p><a href=\"./\">All groups</a>"u8);
        OfSameJob(group.Key);
        html.Raw("</p>\n<h1>"u8);
        _labels.Write(group.Key);
        GroupState.Write(html, group.Slot.IsFailing, group.IsExpired, expected is { IsOverdue: true }, group.Hidden.Length);
        html.Raw("</h1>\n"u8);
        Failure(group);
        Hidden(group);
        Facts(group, in expiry, expected);
        html.Raw("<h2>Families</h2>\n"u8);
        Families(group, from);
        Do(group);
    }

    /// <summary>Says that there is no group of that name.</summary>
    /// <param name="isLoading">Whether it may be there in a moment.</param>
    public void WriteNone(bool isLoading) => html.Raw("<p><a href=\"./\">All groups</a></p>\n"u8)
        .Raw(isLoading ? "<h1>This group is not loaded yet</h1>\n"u8
            : "<h1>There is no such group</h1>\n<p>It was deleted, or nothing was ever stored in it: "u8)
        .Raw(isLoading ? default : "<a href=\"./?view=refusals\">Refused pushes</a> shows what was refused lately.</p>\n"u8);

    /// <summary>Writes what the group has been pushed.</summary>
    /// <param name="group">The group.</param>
    /// <param name="from">Lines of it to leave out at the start.</param>
    public void Families(GroupSnapshot group, int from)
    {
        new FamilyList(html, clock).Write(group, from, PartLines, html.Written + PartBytes, out int next);
        if (next > 0)
        {
            html.Raw("<p class=\"pages\">More of this group: <a rel=\"next\" href=\"./?group="u8).Text(GroupCursor.IdOf(group.Key))
                .Raw("&amp;from="u8).Text(next.ToString(CultureInfo.InvariantCulture)).Raw("\">next part</a></p>\n"u8);
        }
    }

    private void OfSameJob(GroupingKey key)
    {
        if (key.Job.Length <= LongestSelector)
        {
            string selector = GroupingKey.Create(("job", Encoding.UTF8.GetString(key.Job))).ToString();
            html.Raw(" · <a href=\"./?match="u8).Text(Uri.EscapeDataString(selector)).Raw("\">all of this job</a>"u8);
        }
    }

    private void Failure(GroupSnapshot group)
    {
        if (group.LastFailure is not { } failure)
        {
            return;
        }

        html.Raw(group.Slot.IsFailing
            ? "<p class=\"banner\">The last push was refused "u8
            : "<p class=\"banner warn\">A push was refused "u8);
        clock.Write(failure.Time);
        html.Raw(", from "u8).Text(failure.Sender ?? "an unknown address").Raw(": "u8);
        Reason.WriteShort(html, failure.Reason);
        html.Raw("</p>\n"u8);
        if (Reason.IsLonger(failure.Reason))
        {
            html.Raw("<details><summary>answer as sent</summary><pre>"u8).Text(failure.Reason).Raw("</pre></details>\n"u8);
        }
    }

    private void Hidden(GroupSnapshot group)
    {
        if (group.Hidden.IsEmpty)
        {
            return;
        }

        html.Raw("<div class=\"banner warn\">Left out of scrapes, as they contradict what was there before:<ul>"u8);
        foreach (HiddenFamily hidden in group.Hidden[..Math.Min(group.Hidden.Length, MostHidden)])
        {
            html.Raw("<li><code>"u8).Cut(hidden.Name.Span).Raw("</code>: "u8);
            Reason.WriteShort(html, hidden.Reason, isOfFamily: true);
            html.Raw("</li>"u8);
        }

        html.Raw("</ul>"u8).Rest(group.Hidden.Length, MostHidden).Raw("</div>\n"u8);
    }

    private void Facts(GroupSnapshot group, in GroupExpiry expiry, Expected? expected)
    {
        html.Raw("<table><tbody><tr><th scope=\"row\">last good push</th><td>"u8);
        if (group.PushTime is { } pushed)
        {
            clock.Write(pushed);
        }
        else
        {
            html.Raw("never"u8);
        }

        if (expected is not null)
        {
            html.Raw("</td></tr><tr><th scope=\"row\">"u8).Raw(expected.IsOverdue ? "overdue since"u8 : "next push until"u8)
                .Raw("</th><td>"u8);
            clock.Write(GroupCopies.MomentOf(expected.DueAt));
            html.Raw(" · rule <code><bdi>"u8).Cut(expected.Rule).Raw("</bdi></code>"u8);
        }

        html.Raw("</td></tr><tr><th scope=\"row\">"u8).Raw(group.IsExpired ? "expired"u8 : "expires"u8).Raw("</th><td>"u8);
        clock.Write(expiry.At);
        html.Raw(" · "u8);
        expiry.Describe(html);
        html.Raw("</td></tr><tr><th scope=\"row\">series</th><td>"u8).Text(Words.Count(group.SampleCount, "line", "lines")).Raw(" in "u8)
            .Text(Words.Count(group.Families.Length, "family", "families")).Raw(", "u8).Text(Words.Size(group.Size))
            .Raw("</td></tr>"u8);
        GroupMemoryRows.Write(html, clock, MemoryView.Of(group));
        html.Raw("</tbody></table>\n"u8);
    }

    private void Do(GroupSnapshot group)
    {
        string id = GroupCursor.IdOf(group.Key);
        html.Raw("<h2>This group</h2>\n<p class=\"do\"><a href=\"./?group="u8).Text(id)
            .Raw("&amp;as=text\">as text</a> <a href=\"./?group="u8).Text(id)
            .Raw("&amp;as=json\">as JSON</a> <a href=\"./?group="u8).Text(id).Raw("\">link to it</a>"u8);
        if (links.DeleteOf(group.Key) is { } address)
        {
            html.Raw(" <button type=\"button\" class=\"js danger\" data-do=\"one\" data-home=\"./\" data-address=\""u8).Text(address)
                .Raw("\" data-group=\""u8).Cut(group.Key.ToString()).Raw("\">Delete this group\u2026</button>"u8);
        }

        html.Raw("</p>\n"u8);
        if (links.UrlOf(group.Key) is { } url)
        {
            Command("Push to it, replacing all that it has:", $"curl -X PUT --data-binary @metrics.txt {url}", links);
            if (links.DeleteOf(group.Key) is not null)
            {
                Command("Delete it:", $"curl -X DELETE {url}", links);
            }
        }

        if (group.Key.Bytes.Length <= LongestSelector)
        {
            html.Raw("<h2>PromQL</h2>\n"u8);
            Command("All its series:", GroupPromQl.SelectorOfAll(group));
            Command("The age of its last push, in seconds:", $"time() - push_time_seconds{GroupPromQl.Selector(group.Key)}");
        }
    }

    private void Command(string what, string text, GroupLinks? withUrl = null)
    {
        html.Raw("<p>"u8).Text(what).Raw("</p>"u8);
        CopiedText.Write(html, text, withUrl);
    }
}
