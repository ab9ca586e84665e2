using Exposition.Engine.Finding;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>Lists of groups and jobs, without their metrics. No page of another origin is invited to read them.</summary>
internal sealed class FindHandlers(ExpositionEngine engine)
{
    private const int UsualLimit = 100;
    private const int MostRows = 1000;

    private readonly GroupFinder _finder = new(engine.Store.State, engine.Store.Reads);

    private TimeZoneInfo Zone => engine.Options.Time.LocalTimeZone;

    /// <summary>Groups.</summary>
    public Task GroupsAsync(HttpContext context)
    {
        var keys = new QueryKeys(context.Request.Query);
        keys.Only("match[]", "text", "state", "sort", "dir", "limit", "after");
        (GroupSort sort, bool descending) = keys.Order();
        var query = new GroupQuery
        {
            Selectors = keys.Selectors(),
            Text = keys.Text(),
            State = keys.State(),
            Sort = sort,
            Descending = descending,
            Limit = keys.Limit(UsualLimit, MostRows),
            After = keys.After(sort),
        };
        return keys.Fault is { } fault ? ApiErrors.BadDataAsync(engine, context, fault)
            : SearchAsync(context, gone => _finder.FindAsync(query, gone), WriteAsync);
    }

    /// <summary>Jobs.</summary>
    public Task JobsAsync(HttpContext context)
    {
        var keys = new QueryKeys(context.Request.Query);
        keys.Only("match[]", "text", "limit", "after");
        var query = new GroupQuery { Selectors = keys.Selectors(), Text = keys.Text() };
        string? after = keys.One("after");
        int limit = keys.Limit(UsualLimit, MostRows);
        return keys.Fault is { } fault ? ApiErrors.BadDataAsync(engine, context, fault)
            : SearchAsync(context, gone => _finder.FindJobsAsync(query, after, limit, gone), WriteAsync);
    }

    private Task SearchAsync<T>(
        HttpContext context, Func<CancellationToken, ValueTask<T>> find, Func<JsonAnswer, T, Task> write)
        where T : notnull => SearchAnswer.ServeAsync(engine, context, find, async (answer, found) =>
        {
            await using var json = JsonAnswer.Begin(context, answer);
            await write(json, found);
        });

    private async Task WriteAsync(JsonAnswer answer, FoundGroups found)
    {
        var rows = new FoundJson(answer.Json, Zone);
        Begin(answer, "groups");
        foreach (FoundGroup group in found.Groups)
        {
            rows.Group(group);
            await answer.FlushAsync();
        }

        answer.Json.WriteEndArray();
        rows.Missing(found.Missing);
        if (found.Next is { } next)
        {
            answer.Json.WriteString("next"u8, next.ToString());
        }

        answer.Json.WriteNumber("total"u8, found.Total);
        await EndAsync(answer);
    }

    private async Task WriteAsync(JsonAnswer answer, (IReadOnlyList<FoundJob> Jobs, bool HasMore) found)
    {
        var rows = new FoundJson(answer.Json, Zone);
        Begin(answer, "jobs");
        foreach (FoundJob job in found.Jobs)
        {
            rows.Job(job);
            await answer.FlushAsync();
        }

        answer.Json.WriteEndArray();
        if (found.HasMore)
        {
            answer.Json.WriteString("next"u8, found.Jobs[^1].Job);
        }

        await EndAsync(answer);
    }

    private static void Begin(JsonAnswer answer, string list)
    {
        answer.Json.WriteStartObject();
        answer.Json.WriteString("status"u8, "success"u8);
        answer.Json.WriteStartObject("data"u8);
        answer.Json.WriteStartArray(list);
    }

    private static async Task EndAsync(JsonAnswer answer)
    {
        answer.Json.WriteEndObject();
        answer.Json.WriteEndObject();
        await answer.FinishAsync();
    }
}
