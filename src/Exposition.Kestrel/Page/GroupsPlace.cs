using Exposition.Engine.Finding;
using Exposition.Engine.Reading;

namespace Exposition.Kestrel.Page;

/// <summary>Groups, one row each: how many there are, a search, a part of the list.</summary>
internal sealed class GroupsPlace(HtmlWriter html, PageClock clock, GroupLinks links, ListAddress list)
{
    private static readonly (GroupSort Sort, string Column, string Named, bool IsNumber)[] s_columns =
    [
        (GroupSort.Job, "group", "job", false), (GroupSort.Trouble, "state", "trouble first", false),
        (GroupSort.Series, "series", "series", true), (GroupSort.Size, "size", "size", true),
        (GroupSort.Pushed, "last push", "last push", false), (GroupSort.Expires, "expires", "expires", false),
    ];

    private readonly LabelList _labels = new(html);

    /// <summary>Writes what stands above the list.</summary>
    /// <param name="counts">Of the whole store.</param>
    public void Begin(in GroupCounts counts)
    {
        html.Raw("<h1>Groups</h1>\n"u8);
        if (counts.Failed > 0)
        {
            Banner("banner"u8, "failed",
                Words.Count(counts.Failed, "group was refused at its last push", "groups were refused at their last push"));
        }

        if (counts.Overdue > 0)
        {
            Banner("banner warn"u8, "overdue", Words.Count(counts.Overdue.Value,
                "group was not pushed to as expected", "groups were not pushed to as expected"));
        }

        if (counts.HiddenFamilies > 0)
        {
            Banner("banner warn"u8, "hidden",
                Words.Count(counts.HiddenFamilies, "family is left out of scrapes", "families are left out of scrapes")
                + ", as they contradict others");
        }

        html.Raw("<ul class=\"sum\">"u8);
        Chip(""u8, "", counts.Groups, counts.Groups == 1 ? "group" : "groups");
        Chip(counts.Failed > 0 ? "bad"u8 : ""u8, "failed", counts.Failed, "failed");
        Chip(counts.Expired > 0 ? "warn"u8 : ""u8, "expired", counts.Expired, "expired");
        if (counts.Overdue is { } overdue)
        {
            Chip(overdue > 0 ? "warn"u8 : ""u8, "overdue", overdue, "overdue");
        }

        Chip(""u8, "expiring", null, "expire within 15 min");
        Chip(counts.HiddenFamilies > 0 ? "warn"u8 : ""u8, "hidden", counts.HiddenFamilies, "families hidden");
        Chip(""u8, "stale", null, "older than a day");
        html.Raw("<li><a href=\"./?by=job\"><b>"u8).Text(Words.Count(counts.Jobs)).Raw(counts.Jobs == 1 ? "</b> job"u8 : "</b> jobs"u8)
            .Raw("</a></li></ul>\n"u8);
        Find();
    }

    /// <summary>Writes the list.</summary>
    public void List(FoundGroups found)
    {
        if (found.Groups.Count == 0)
        {
            html.Raw(list.IsFiltered || list.After.Length > 0
                ? "<p>No group matches. <a href=\"./\">All groups</a> · <a href=\"./?view=refusals\">Refused pushes</a></p>\n"u8
                : default);
            return;
        }

        html.Raw("<table class=\"rows groups\"><caption hidden>Groups</caption><thead><tr>"u8);
        if (links.Deletes is not null)
        {
            html.Raw("<th class=\"js\"><input type=\"checkbox\" id=\"every\" aria-label=\"Select all of this page\"></th>"u8);
        }

        foreach ((GroupSort sort, string column, _, bool isNumber) in s_columns)
        {
            Column(sort, column, isNumber);
        }

        html.Raw("</tr></thead><tbody>\n"u8);
        foreach (FoundGroup group in found.Groups)
        {
            Row(group);
        }

        html.Raw("</tbody></table>\n<nav class=\"pages\" aria-label=\"Pages\"><span>"u8).Text(Words.Count(found.Groups.Count)).Raw(" of "u8)
            .Text(Words.Count(found.Total)).Raw("</span>"u8);
        if (list.After.Length > 0)
        {
            Link(list with { After = "" }, "first page");
        }

        if (found.Next is { } next)
        {
            Link(list with { After = next.ToString() }, $"next {list.Limit}");
        }

        Link(list with { Limit = list.Limit == 500 ? ListAddress.DefaultLimit : 500, After = "" },
            list.Limit == 500 ? "50 a page" : "500 a page");
        html.Raw("</nav>\n"u8);
    }

    private void Banner(ReadOnlySpan<byte> kind, string state, string text) =>
        html.Raw("<p class=\""u8).Raw(kind).Raw("\"><b>"u8).Text(text).Raw("</b>. <a href=\"./?state="u8).Text(state)
            .Raw("\">Show them</a></p>\n"u8);

    private void Chip(ReadOnlySpan<byte> kind, string state, long? count, string text)
    {
        html.Raw("<li class=\""u8).Raw(kind).Raw("\"><a href=\"./"u8).Text(state.Length == 0 ? "" : "?state=" + state)
            .Raw(state == list.StateName && list.Match.Length == 0 ? "\" aria-current=\"true\">"u8 : "\">"u8);
        if (count is { } number)
        {
            html.Raw("<b>"u8).Text(Words.Count(number)).Raw("</b> "u8);
        }

        html.Text(text).Raw("</a></li>"u8);
    }

    private void Find()
    {
        html.Raw("<form class=\"find\" method=\"get\" action=\"./\" role=\"search\"><input type=\"search\" name=\"match\" value=\""u8)
            .Text(list.Match).Raw("\" maxlength=\"4096\" placeholder=\"{job=&#34;nightly_backup&#34;, instance=~&#34;db.*&#34;}  or any "u8)
            .Raw("text\" aria-label=\"Find groups by label matchers or text\">"u8);
        if (list.State is not null)
        {
            html.Raw("<input type=\"hidden\" name=\"state\" value=\""u8).Text(list.StateName).Raw("\">"u8);
        }

        html.Raw("<label>Sort <select name=\"sort\">"u8);
        foreach ((GroupSort sort, _, string named, _) in (ReadOnlySpan<(GroupSort, string, string, bool)>)
            [s_columns[1], s_columns[0], s_columns[4], s_columns[5], s_columns[2], s_columns[3]])
        {
            html.Raw("<option value=\""u8).Text(FindingNames.Of(sort)).Raw(sort == list.Sort ? "\" selected>"u8 : "\">"u8).Text(named)
                .Raw("</option>"u8);
        }

        html.Raw("</select></label><button>Find</button><label class=\"js\"><input type=\"checkbox\" id=\"live\" autocomplete=\"off\"> "u8)
            .Raw("live</label></form>\n"u8);
    }

    private void Column(GroupSort sort, string name, bool isNumber)
    {
        bool isSorted = sort == list.Sort;
        html.Raw(isNumber ? "<th scope=\"col\" class=\"n\""u8 : "<th scope=\"col\""u8);
        if (isSorted)
        {
            html.Raw(list.Descending ? " aria-sort=\"descending\""u8 : " aria-sort=\"ascending\""u8);
        }

        bool descending = isSorted ? !list.Descending : SortValue.IsDescending(sort);
        html.Raw("><a href=\""u8).Text((list with { Sort = sort, Descending = descending, After = "" }).ToString()).Raw("\">"u8).Text(name)
            .Raw(!isSorted ? ""u8 : list.Descending ? " \u2193"u8 : " \u2191"u8).Raw("</a></th>"u8);
    }

    private void Row(FoundGroup group)
    {
        html.Raw("<tr"u8);
        if (links.DeleteOf(group.Key) is { } address)
        {
            html.Raw(" data-address=\""u8).Text(address)
                .Raw("\"><td class=\"js\"><input type=\"checkbox\" name=\"g\" aria-label=\"Select "u8)
                .Cut(group.Key.ToString()).Raw("\"></td>"u8);
        }
        else
        {
            html.Raw(">"u8);
        }

        html.Raw("<td><a class=\"to\" href=\"./?group="u8).Text(GroupCursor.IdOf(group.Key)).Raw("\">"u8);
        _labels.Write(group.Key);
        html.Raw("</a>"u8);
        Why(group);
        html.Raw("</td><td>"u8);
        GroupState.Write(html, (group.States & GroupStates.Failed) != 0, (group.States & GroupStates.Expired) != 0,
            (group.States & GroupStates.Overdue) != 0, group.HiddenCount);
        html.Raw("</td><td class=\"n\" data-h=\"series\">"u8).Text(Words.Count(group.Series)).Raw("</td><td class=\"n\" data-h=\"size\">"u8)
            .Text(Words.Size(group.Bytes)).Raw("</td><td class=\"t\" data-h=\"last push\">"u8);
        clock.Write(group.PushedAt);
        html.Raw("</td><td class=\"t\" data-h=\"expires\">"u8);
        clock.Write(GroupCopies.MomentOf(group.ExpiresAt));
        html.Raw("</td></tr>\n"u8);
    }

    // One line of what is wrong.
    private void Why(FoundGroup group)
    {
        if (group.LastFailure is { } failure && (group.States & GroupStates.Failed) != 0)
        {
            html.Raw("<span class=\"why\">"u8);
            Reason.WriteShort(html, failure.Reason);
            html.Raw(" · "u8);
            clock.Write(failure.Time);
            html.Raw(" · from "u8).Text(failure.Sender ?? "an unknown address").Raw("</span>"u8);
        }

        if (group.Expected is { IsOverdue: true } expected)
        {
            html.Raw("<span class=\"why\">overdue since "u8);
            clock.Write(GroupCopies.MomentOf(expected.DueAt));
            html.Raw(" by <code><bdi>"u8).Cut(expected.Rule).Raw("</bdi></code></span>"u8);
        }

        if (group.Hidden is [var (name, reason), ..])
        {
            html.Raw("<span class=\"why\">left out of scrapes: <code>"u8).Cut(name).Raw("</code>: "u8);
            Reason.WriteShort(html, reason, isOfFamily: true);
            html.Raw("</span>"u8);
        }
    }

    private void Link(ListAddress to, string text) => html.Raw(" <a href=\""u8).Text(to.ToString()).Raw("\">"u8).Text(text).Raw("</a>"u8);
}
