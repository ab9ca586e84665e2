using System.Text.Json;
using Exposition.Hosting;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Api;

/// <summary>The routes below <c>/api/v1/admin</c>.</summary>
internal sealed class AdminHandlers(ExpositionEngine engine, ISnapshotWriter? snapshots)
{
    private int _writing;

    private ICommitGate? Gate => engine.Options.CommitGate;

    /// <summary>Deletes all groups; with <c>?expect=N</c> only if there are so many.</summary>
    public async Task WipeAsync(HttpContext context)
    {
        var keys = new QueryKeys(context.Request.Query);
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

        engine.Log.Begin(LogLevel.Debug, "start wiping metric store", "wipe")?.Write();
        int groups;
        var answer = new Answer(202);
        if (engine.Options.Changes is { } changes)
        {
            // By what this host has now: what others change meanwhile goes with the wipe.
            groups = engine.Store.GroupCount;
            if (expected is not null && groups != expected)
            {
                await NotExpectedAsync(context, groups, expected);
                return;
            }

            ChangeResult result = await changes.WipeAsync();
            groups = result.Groups;
            answer = LaterChanges.Of(result, answer);
            if (answer.Status != 202)
            {
                await Responses.WriteAsync(context, answer);
                return;
            }
        }
        else
        {
            (groups, bool isDone) = engine.Store.WipeIf(expected);
            if (!isDone)
            {
                await NotExpectedAsync(context, groups, expected);
                return;
            }
        }

        engine.Log.Acted(context, "metric store wiped", values: ("groups", groups));
        if (Gate?.Confirm() is { } confirmation && await confirmation is { } failure)
        {
            await Responses.ErrorAsync(context, StatusCodes.Status503ServiceUnavailable, "wiped in memory, but not on disk: " + failure);
            return;
        }

        await Responses.WriteAsync(context, answer);
    }

    private Task NotExpectedAsync(HttpContext context, int groups, long? expected) => ApiErrors.ConflictAsync(
        engine, context, $"nothing was deleted: {groups} groups are stored, expected were {expected}");

    /// <summary>Writes a snapshot, where the host has a place for it.</summary>
    public async Task SnapshotAsync(HttpContext context)
    {
        if (snapshots is not { Unavailable: null })
        {
            await engine.RefuseAsync(context, new Answer(
                StatusCodes.Status409Conflict, snapshots?.Unavailable ?? "this host has no place for snapshots (AddSqlitePersistence)",
                Rejected: Rejection.Conflict));
            return;
        }

        if (Gate is { IsOpen: false })
        {
            await Responses.WriteAsync(context, Answer.Loading);
            return;
        }

        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            await Responses.WriteAsync(context, new Answer(503, "a snapshot is being written"));
            return;
        }

        try
        {
            if (await snapshots.WriteSnapshotAsync() is { } written)
            {
                engine.Log.Acted(context, "snapshot written", values: [("file", written.File), ("groups", written.Groups)]);
                await AnswerAsync(context, written.File, written.Groups);
            }
            else
            {
                await Responses.ErrorAsync(context, StatusCodes.Status500InternalServerError, "cannot write snapshot, see the log");
            }
        }
        finally
        {
            Volatile.Write(ref _writing, 0);
        }
    }

    private static async Task AnswerAsync(HttpContext context, string file, int groups)
    {
        context.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartObject("data"u8);
        writer.WriteString("file"u8, file);
        writer.WriteNumber("groups"u8, groups);
        writer.WriteEndObject();
        writer.WriteEndObject();
        context.Response.ContentLength = writer.BytesPending + writer.BytesCommitted;
        await writer.FlushAsync(context.RequestAborted);
    }
}
