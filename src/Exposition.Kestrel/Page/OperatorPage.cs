using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Formats;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Page;

// A store can be larger than any page should be: a list has at most 500 rows and a megabyte, a part of a group a thousand lines, and long
// texts are cut. So a page is made whole, at most some 2 MB, and then sent, compressed where the browser takes that.

/// <summary>The page for people.</summary>
internal sealed class OperatorPage(ExpositionEngine engine, ExpositionStatusOptions status)
{
    // What a list may have, and what a row has: so much, and its key in some forms, in base64 and escaped.
    private const long ListBytes = 1 << 20;
    private const int RowBytes = 1500;
    private const int KeysPerRow = 4;
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action "
            + "'self'; frame-ancestors 'none'";

    // Pieces of the shared pool: an array for the whole page would be a large object, which is collected late.
    private static readonly PipeOptions s_pieces =
        new(pauseWriterThreshold: 0, minimumSegmentSize: 16 << 10, useSynchronizationContext: false);

    private readonly PageFrame _frame = new(engine, status);
    private readonly GroupFinder _finder = new(engine.Store.State, engine.Store.Reads);

    /// <summary>The folder of the page; known when its routes are built.</summary>
    public string Folder { get; set; } = "";

    /// <summary>Serves the places of the folder.</summary>
    public Task ServeFolderAsync(HttpContext context) =>
        PageAddress.Redirect(context, withSlash: true) ?? ServeAsync(context, PlaceOf(context.Request.Query));

    /// <summary>Serves the status.</summary>
    public Task ServeFileAsync(HttpContext context) =>
        PageAddress.Redirect(context, withSlash: false) ?? ServeAsync(context, Place.Status);

    private bool IsLoading => engine.Options.CommitGate is { IsOpen: false };

    private static Place PlaceOf(IQueryCollection query) =>
        query.ContainsKey("group") ? Place.Group
        : query["by"] == "job" ? Place.Jobs
        : query["view"] == "refusals" ? Place.Refusals
        : Place.Groups;

    private async Task ServeAsync(HttpContext context, Place place)
    {
        using LongAnswer? answer = LongAnswer.TryStart(engine, context, Limit.PageReaders, engine.Options.MaxPageReaders);
        if (answer is null)
        {
            await Responses.WriteAsync(context, new Answer(503, "too many readers of the page at once"));
            return;
        }

        if (place == Place.Group && await GroupFile.TryServeAsync(engine, context, answer))
        {
            return;
        }

        var page = new Pipe(s_pieces);
        bool gzip = GzipWriter.IsTakenBy(context.Request);
        try
        {
            if (gzip)
            {
                using var compressed = new GzipWriter(page.Writer);
                await WriteAsync(new HtmlWriter(compressed), place, context);
            }
            else
            {
                await WriteAsync(new HtmlWriter(page.Writer), place, context);
            }

            await page.Writer.CompleteAsync();
            await SendAsync(context, answer, (await page.Reader.ReadAsync()).Buffer, gzip);
        }
        catch (SearchesBusyException)
        {
            answer.Dispose();
            await engine.RefuseAsync(context, engine.Searches.Refusal);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }
        finally
        {
            await page.Writer.CompleteAsync();
            await page.Reader.CompleteAsync();
        }
    }

    private async Task WriteAsync(HtmlWriter html, Place place, HttpContext context)
    {
        var clock = new PageClock(html, engine.Options.Time.GetUtcNow());
        IQueryCollection query = context.Request.Query;
        CancellationToken gone = context.RequestAborted;
        GroupLinks links = LinksFor(context);
        switch (place)
        {
            case Place.Group:
                _frame.Begin(html, clock, "Group", place, context.Request.Host);
                context.Response.StatusCode = Group(html, clock, links, query) ? StatusCodes.Status200OK
                    : IsLoading ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status404NotFound;
                break;
            case Place.Jobs:
                var jobs = ListAddress.Of(query);
                (IReadOnlyList<FoundJob> found, bool hasMore) = await SearchAsync(
                    () => _finder.FindJobsAsync(new GroupQuery(), jobs.After.Length > 0 ? jobs.After : null, JobsPlace.Limit, gone), gone);
                _frame.Begin(html, clock, "Jobs", place, context.Request.Host);
                new JobsPlace(html, clock).Write(found, hasMore, IsLoading);
                break;
            case Place.Refusals:
                _frame.Begin(html, clock, "Refused pushes", place, context.Request.Host);
                new RefusalsPlace(html, clock, engine).Write();
                break;
            case Place.Status:
                FoundGroups newest = await SearchAsync(() => _finder.FindAsync(
                    new GroupQuery { Sort = GroupSort.Pushed, Descending = true, Limit = StatusPlace.Newest }, gone), gone);
                _frame.Begin(html, clock, "Status", place, context.Request.Host);
                new StatusPlace(html, clock, engine, status).Write(newest, IsLoading);
                break;
            default:
                await GroupsAsync(html, clock, links, context);
                break;
        }

        PageFrame.End(html);
    }

    private async Task GroupsAsync(HtmlWriter html, PageClock clock, GroupLinks links, HttpContext context)
    {
        var list = ListAddress.Of(context.Request.Query);
        FoundGroups? found = list.ToQuery(out string? error) is { } query ? await FindAsync(list, query, context.RequestAborted) : null;
        _frame.Begin(html, clock, "Groups", Place.Groups, context.Request.Host);
        var place = new GroupsPlace(html, clock, links, list);
        place.Begin(GroupCounts.Of(engine.Store));
        if (found is null)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            html.Raw("<p class=\"banner\" role=\"alert\">That is no selector: "u8).Cut(error!).Raw("</p>\n"u8);
            return;
        }

        if (found.Total == 0 && IsLoading)
        {
            html.Raw("<p>Nothing is loaded yet.</p>\n"u8);
            return;
        }

        var missing = new MissingGroups(html, clock);
        if (found.Total == 0 && !list.IsFiltered)
        {
            missing.Write(found.Missing);
            FirstPush.Write(html, links, engine.Options.TelemetryPath);
            return;
        }

        // Trouble first: one that is awaited only stands behind what is there.
        bool isOverdue = found.Missing.Any(static expected => expected.IsOverdue);
        missing.Write(isOverdue ? found.Missing : []);
        place.List(found);
        missing.Write(isOverdue ? [] : found.Missing);
        new BulkDeletes(html, list, links.Deletes is not null, links.Deletes is null ? null : Admin()).Write(found.Total);

        // The first thing that anybody sees of it is what he has pushed.
        if (found is { Total: 1, Groups: [{ } only] })
        {
            html.Raw("<h2>Its families</h2>\n"u8);
            engine.Store.Reads.TryRead(only.Key, (html, clock, links), static (group, to) =>
            {
                new GroupPlace(to.html, to.clock, to.links).Families(group, 0);
                return true;
            }, out _);
        }
    }

    // Keys can be long: a list that would be too much for a page ends early, and the next page begins there.
    private async Task<FoundGroups> FindAsync(ListAddress list, GroupQuery query, CancellationToken gone)
    {
        FoundGroups found = await SearchAsync(() => _finder.FindAsync(query, gone), gone);
        long bytes = 0;
        for (int i = 0; i < found.Groups.Count; i++)
        {
            bytes += RowBytes + (KeysPerRow * found.Groups[i].Key.Bytes.Length);
            if (bytes > ListBytes && i > 0)
            {
                query = (list with { Limit = i }).ToQuery(out _)!;
                return await SearchAsync(() => _finder.FindAsync(query, gone), gone);
            }
        }

        return found;
    }

    private bool Group(HtmlWriter html, PageClock clock, GroupLinks links, IQueryCollection query)
    {
        _ = int.TryParse(query["from"], NumberStyles.None, CultureInfo.InvariantCulture, out int from);
        var place = new GroupPlace(html, clock, links);
        engine.Store.Reads.CountOverdue();
        bool isThere = GroupCursor.TryParseId(query["group"].ToString(), out GroupingKey? key)
            && engine.Store.Reads.TryRead(key, (place, engine.Store, _finder, from), static (group, to) =>
            {
                to.place.Write(
                    group, GroupExpiry.Of(to._finder, group, to.Store.ExpiryOf(group)), to._finder.ExpectedOf(group), to.from);
                return true;
            }, out _);
        if (!isThere)
        {
            place.WriteNone(IsLoading);
        }

        return isThere;
    }

    private string? Admin() => engine.Mapped.Admin is { } admin ? RelativePath.Of(Folder, admin) : null;

    // While the state is loaded a delete would be refused.
    private GroupLinks LinksFor(HttpContext context)
    {
        string? pushes = engine.Mapped.Pushes ? RelativePath.Of(Folder, engine.Paths.Served.Prefix) : null;
        var reached = ReachedAddress.Of(engine, status, context);
        return new GroupLinks(
            engine.Options.DisableDelete || IsLoading ? null : pushes,
            pushes,
            reached?.Url ?? "http://localhost/",
            reached is { IsTold: true },
            engine.Options.Names == NameScheme.Utf8);
    }

    private async Task<T> SearchAsync<T>(Func<ValueTask<T>> find, CancellationToken gone)
    {
        using IDisposable? seat = await engine.Searches.TryEnterAsync(gone);
        return seat is null ? throw new SearchesBusyException() : await find();
    }

    private static async Task SendAsync(HttpContext context, LongAnswer answer, ReadOnlySequence<byte> page, bool gzip)
    {
        HttpResponse response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XFrameOptions = "DENY";
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Accept-Encoding";
        response.Headers.ContentEncoding = gzip ? "gzip" : default(StringValues);
        await answer.SendAsync(page);
    }

    /// <summary>Too many look for something already.</summary>
    private sealed class SearchesBusyException : Exception;
}
