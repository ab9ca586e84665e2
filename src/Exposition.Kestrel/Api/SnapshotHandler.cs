using System.Text.Json;
using Exposition.Hosting;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>Writes a snapshot at <c>PUT /api/v1/admin/snapshot</c>.</summary>
internal sealed class SnapshotHandler(ExpositionEngine engine, ISnapshotWriter? snapshots)
{
    private int _writing;

    public async Task Serve(HttpContext context, string path)
    {
        if (snapshots is not { Unavailable: null })
        {
            await Responses.ErrorAsync(context, StatusCodes.Status409Conflict,
                snapshots?.Unavailable ?? "this host has no place for snapshots (AddSqlitePersistence)");
            return;
        }

        if (engine.Options.CommitGate is { IsOpen: false })
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
