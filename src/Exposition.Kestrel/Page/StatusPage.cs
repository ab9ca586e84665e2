using System.Globalization;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

// A store can be larger than any page should be. A page has at most PageLines lines of series and families, over at most PageGroups groups,
// and begins none of them beyond PageBytes; long texts are cut. ?page=N goes on group-wise, and a group that does not fit links to
// ?group=ID&from=N, which shows it alone, part by part.

/// <summary>The page for people: groups, then status.</summary>
internal sealed class StatusPage(ExpositionEngine engine, ExpositionStatusOptions status)
{
    /// <summary>The most series and families on one page.</summary>
    internal const int PageLines = 1000;

    /// <summary>The most groups on one page.</summary>
    internal const int PageGroups = 100;

    private const int PageBytes = 1 << 20;
    private const int FlushBytes = 32 << 10;
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action "
            + "'none'; frame-ancestors 'none'";

    private readonly string _static = (status.ExternalPath.Length > 0 ? status.ExternalPath : ".") + "/static/";

    private TimeZoneInfo Zone => engine.Options.Time.LocalTimeZone;

    /// <summary>The folder of the page; known when its routes are built.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Serves the page as the folder's.</summary>
    public Task ServeFolderAsync(HttpContext context) => PageAddress.Redirect(context, withSlash: true) ?? ServeAsync(context);

    /// <summary>Serves the page as a file of the folder.</summary>
    public Task ServeFileAsync(HttpContext context) => PageAddress.Redirect(context, withSlash: false) ?? ServeAsync(context);

    private async Task ServeAsync(HttpContext context)
    {
        using LongAnswer? answer = LongAnswer.TryStart(engine, context, Limit.PageReaders, engine.Options.MaxPageReaders);
        if (answer is null)
        {
            await Responses.WriteAsync(context, new Answer(503, "too many readers of the page at once"));
            return;
        }

        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy = Policy;
        context.Response.Headers.XFrameOptions = "DENY";
        try
        {
            await WriteAsync(answer, context.Request.Query);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }
    }

    private async Task WriteAsync(LongAnswer answer, IQueryCollection query)
    {
        var html = new HtmlWriter(answer);
        string? deletes = engine.Mapped.Pushes && !engine.Options.DisableDelete ? RelativePath.Of(Folder, engine.Paths.Served.Prefix) : null;
        var card = new GroupCard(html, Zone, engine.Options.Names == NameScheme.Utf8, deletes);
        Head(html, answer.View.Groups.Length);
        if (query.TryGetValue("group", out Microsoft.Extensions.Primitives.StringValues id))
        {
            OneGroup(html, card, answer.View, id.ToString(), Number(query, "from"));
        }
        else
        {
            await GroupsAsync(answer, html, card, Math.Max(Number(query, "page"), 1));
        }

        Status(html);
        html.Raw("</main></body></html>\n"u8);
        await answer.FinishAsync();
    }

    private static int Number(IQueryCollection query, string name) =>
        int.TryParse(query[name], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    private static string Invariant(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static async Task GroupsAsync(LongAnswer answer, HtmlWriter html, GroupCard card, int page)
    {
        int groups = answer.View.Groups.Length;
        int first = (int)Math.Min((long)(page - 1) * PageGroups, groups);
        int last = Math.Min(first + PageGroups, groups);
        if (groups == 0)
        {
            html.Raw("<p class=\"note\">No metrics have been pushed.</p>\n"u8);
        }

        int budget = PageLines;
        for (int i = first; i < last; i++)
        {
            // Groups behind an exhausted budget still show their labels.
            GroupSnapshot group = answer.View.Groups[i];
            budget -= card.Write(group, answer.View.ExpiryOf(group), open: groups == 1, 0, Math.Max(budget, 0), PageBytes).Lines;
            if (answer.Pending > FlushBytes)
            {
                await answer.FlushAsync();
            }
        }

        Pages(html, page, first, last, groups);
    }

    private static void Pages(HtmlWriter html, int page, int first, int last, int groups)
    {
        if (groups <= PageGroups)
        {
            return;
        }

        html.Raw("<nav class=\"pages\" aria-label=\"Pages of groups\">Groups "u8)
            .Text($"{Math.Min(first + 1, groups)} to {last} of {groups}");
        if (page > 1)
        {
            html.Raw(" <a rel=\"prev\" href=\"?page="u8).Text(Invariant(page - 1)).Raw("\">previous</a>"u8);
        }

        if (last < groups)
        {
            html.Raw(" <a rel=\"next\" href=\"?page="u8).Text(Invariant(page + 1)).Raw("\">next</a>"u8);
        }

        html.Raw("</nav>\n"u8);
    }

    private static void OneGroup(HtmlWriter html, GroupCard card, StoreView view, string id, int from)
    {
        html.Raw("<p><a href=\"?\">All groups</a></p>\n"u8);
        GroupSnapshot? found = null;
        if (GroupCard.TryParseId(id, out GroupingKey? key))
        {
            int at = Find(view.Groups, key!);
            found = at < 0 ? null : view.Groups[at];
        }

        if (found is null)
        {
            html.Raw("<p class=\"note\">There is no such group any more.</p>\n"u8);
            return;
        }

        card.Write(found, view.ExpiryOf(found), open: true, from, PageLines, PageBytes);
    }

    private static int Find(ReadOnlySpan<GroupSnapshot> groups, GroupingKey key)
    {
        int low = 0;
        int high = groups.Length - 1;
        while (low <= high)
        {
            int middle = low + ((high - low) / 2);
            int order = groups[middle].Key.CompareTo(key);
            if (order == 0)
            {
                return middle;
            }

            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private void Head(HtmlWriter html, int groups)
    {
        html.Raw("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Prometheus Pushgateway</title>"u8)
            .Raw("<meta name=\"robots\" content=\"noindex,nofollow\"><meta name=\"viewport\" content=\"width=device-width, "u8
                + "initial-scale=1\">"u8);
        html.Raw("<link rel=\"stylesheet\" href=\""u8).Text(_static).Raw("style.css?v="u8).Text(Assets.All.Version).Raw("\">"u8)
            .Raw("<script defer src=\""u8).Text(_static).Raw("functions.js?v="u8).Text(Assets.All.Version).Raw("\"></script>"u8)
            .Raw("<link rel=\"icon\" type=\"image/svg+xml\" href=\""u8).Text(_static).Raw("favicon.svg\"></head>\n<body>"u8);
        html.Raw("<header><h1>Pushgateway</h1><nav><a href=\"#metrics\">Metrics</a> <a "u8
            + "href=\"#status\">Status</a></nav></header>\n<main><h2 id=\"metrics\">Metrics</h2>\n"u8);
        html.Raw("<p id=\"message\" role=\"status\" aria-live=\"polite\"></p>\n"u8);
        if (engine.Mapped.Admin is { } admin && !engine.Options.DisableDelete)
        {
            html.Raw("<p><button type=\"button\" class=\"danger\" data-wipe=\""u8).Text(RelativePath.Of(Folder, admin))
                .Raw("api/v1/admin/wipe\""u8).Raw(groups == 0 ? " disabled"u8 : ""u8)
                .Raw(">Delete All <span id=\"count\">"u8).Text(Invariant(groups)).Raw("</span> Groups</button></p>\n"u8);
        }
    }

    private void Status(HtmlWriter html)
    {
        html.Raw("<h2 id=\"status\">Status</h2>\n<p>Started: "u8).Text(GoTime.Nano(engine.StartedAt, Zone))
            .Raw("</p>\n<h3>Build information</h3>\n"u8);
        Table(html, status.Build);
        if (status.Flags.Count > 0)
        {
            html.Raw("<h3>Startup flags</h3>\n"u8);
            Table(html, status.Flags);
        }
    }

    private static void Table(HtmlWriter html, IEnumerable<KeyValuePair<string, string>> rows)
    {
        html.Raw("<table><tbody>"u8);
        foreach ((string name, string value) in rows)
        {
            html.Raw("<tr><th scope=\"row\">"u8).Text(name).Raw("</th><td>"u8).Text(value).Raw("</td></tr>"u8);
        }

        html.Raw("</tbody></table>\n"u8);
    }
}
