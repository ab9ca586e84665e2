using System.Text.Json;
using Exposition.Engine;
using Exposition.Engine.Expiry;
using Exposition.Engine.Finding;
using Exposition.Engine.Publishing;
using Exposition.Hosting;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

// What deletes much must be meant: a key that is misspelled, or given twice, is an error, and so is a selector that chooses everything,
// for which there is another route.

/// <summary>Deletes the groups that selectors choose, in one step.</summary>
internal sealed class BulkDelete(ExpositionEngine engine)
{
    private const int MostShown = 100;

    private readonly GroupFinder _finder = new(engine.Store.State, engine.Store.Reads);

    private ICommitGate? Gate => engine.Options.CommitGate;

    /// <summary>Deletes them, or says which they are.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        var keys = new QueryKeys(context.Request.Query);
        keys.Only("match[]", "older-than", "dry-run", "expect");
        IReadOnlyList<GroupSelector> selectors = Chosen(keys);
        var query = new GroupQuery
        {
            Selectors = selectors,
            OlderThan = keys.Time("older-than"),
            Limit = MostShown,
        };
        bool isDryRun = keys.Switch("dry-run");
        long? expected = keys.Count("expect");
        if (keys.Fault is { } fault)
        {
            await ApiErrors.BadDataAsync(engine, context, fault);
            return;
        }

        if (Gate is { IsOpen: false })
        {
            await Responses.WriteAsync(context, Answer.Loading);
            return;
        }

        using IDisposable? seat = await engine.Searches.TryEnterAsync(context.RequestAborted);
        if (seat is null)
        {
            await engine.RefuseAsync(context, engine.Searches.Refusal);
        }
        else if (isDryRun)
        {
            await ShowAsync(context, query, expected);
        }
        else
        {
            await DeleteAsync(context, query, expected);
        }
    }

    private static IReadOnlyList<GroupSelector> Chosen(QueryKeys keys)
    {
        IReadOnlyList<GroupSelector> selectors = keys.Selectors();
        if (selectors.Count == 0)
        {
            keys.Fail("match[] is missing: which groups are to be deleted? Such as match[]={job=\"nightly\"}");
        }
        else if (selectors.Any(static selector => selector.Count == 0))
        {
            keys.Fail("match[]={} chooses all groups: use wipe (PUT /api/v1/admin/wipe) for that");
        }

        return selectors;
    }

    private async Task DeleteAsync(HttpContext context, GroupQuery query, long? expected)
    {
        DeletedTogether deleted;
        var answer = new Answer(200);
        if (engine.Options.Changes is { } changes)
        {
            Dictionary<GroupingKey, long> chosen = Choose(query);
            deleted = new DeletedTogether(chosen.Count, 0, IsDone: expected is null || expected == chosen.Count);
            if (deleted.IsDone)
            {
                ChangeResult result = await changes.DeleteAsync(chosen.Keys);
                answer = LaterChanges.Of(result, answer);
                if (answer.Status is not (200 or 202))
                {
                    await Responses.WriteAsync(context, answer);
                    return;
                }

                deleted = new DeletedTogether(result.Groups, result.Keys.Sum(key => chosen[key]), IsDone: true);
            }
        }
        else
        {
            deleted = engine.Store.Deletes.Together.Delete(query.Chooses, query.OlderThan, expected);
        }

        if (!deleted.IsDone)
        {
            await ApiErrors.ConflictAsync(engine, context, Unexpected(deleted.Groups, expected));
            return;
        }

        engine.Readers.BoundHeldBytes();
        engine.Log.Acted(context, "groups deleted", values:
        [
            ("groups", deleted.Groups), ("series", deleted.Series), ("selector", string.Join(" or ", query.Selectors)),
            ("older_than", query.OlderThan?.ToString("c")),
        ]);
        if (Gate?.Confirm() is { } confirmation && await confirmation is { } failure)
        {
            await Responses.ErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "deleted in memory, but not on disk: " + failure);
            return;
        }

        if (answer.IsAlone)
        {
            context.Response.StatusCode = answer.Status;
            Responses.SayAlone(context);
        }

        await AnswerAsync(context, deleted.Groups, deleted.Series, found: null);
    }

    // With the series of each. As they are now: what is pushed to meanwhile stays.
    private Dictionary<GroupingKey, long> Choose(GroupQuery query)
    {
        Dictionary<GroupingKey, long> chosen = [];
        Moment now = engine.Store.State.Clock.Read();
        using StoreView view = engine.Store.OpenView();
        foreach (GroupSnapshot group in view.Groups)
        {
            if (query.Chooses(group.Key) && GroupAge.IsOver(group, query.OlderThan, now))
            {
                chosen.Add(group.Key, group.SampleCount);
            }
        }

        return chosen;
    }

    private async Task ShowAsync(HttpContext context, GroupQuery query, long? expected)
    {
        FoundGroups found = await _finder.FindAsync(query, context.RequestAborted);
        await (expected is { } count && count != found.Total
            ? ApiErrors.ConflictAsync(engine, context, Unexpected(found.Total, expected))
            : AnswerAsync(context, found.Total, found.Series, found));
    }

    private static string Unexpected(long found, long? expected) =>
        string.Create(null, $"nothing was deleted: {found} groups are chosen, expected were {expected}");

    private async Task AnswerAsync(HttpContext context, long groups, long series, FoundGroups? found)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, JsonAnswer.Options);
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartObject("data"u8);
        writer.WriteNumber("groups"u8, groups);
        writer.WriteNumber("series"u8, series);
        if (found is not null)
        {
            var rows = new FoundJson(writer, engine.Options.Time.LocalTimeZone);
            writer.WriteStartArray("first"u8);
            foreach (FoundGroup group in found.Groups)
            {
                rows.Group(group);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        context.Response.ContentLength = writer.BytesPending + writer.BytesCommitted;
        await writer.FlushAsync(context.RequestAborted);
    }
}
