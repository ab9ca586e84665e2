using System.Globalization;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Hosting;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Persistence;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Api;

// The place is beside the persistence file, never one that the client chooses. Names carry the time.

/// <summary>Writes a snapshot at <c>PUT /api/v1/admin/snapshot</c>.</summary>
internal sealed class SnapshotHandler(Flags flags, MetricStore store, ICommitGate? gate, TimeProvider time, ILogger<SnapshotHandler> logger)
{
    private int _writing;

    public async Task Serve(HttpContext context, string path)
    {
        if (flags.PersistenceFile.Length == 0)
        {
            await Responses.ErrorAsync(context, StatusCodes.Status409Conflict,
                "snapshots are written beside the persistence file, and --persistence.file is not given");
            return;
        }

        if (gate is { IsOpen: false })
        {
            await Responses.WriteAsync(context, Answer.Loading);
            return;
        }

        string file = string.Create(CultureInfo.InvariantCulture,
            $"{Path.GetFullPath(flags.PersistenceFile)}.snapshot-{time.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss.fff'Z'}");
        if (Interlocked.Exchange(ref _writing, 1) != 0)
        {
            await Responses.WriteAsync(context, new Answer(503, "a snapshot is being written"));
            return;
        }

        try
        {
            int groups = await Task.Factory.StartNew(
                () => DurableSnapshot.Write(file, store), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            logger.SnapshotWritten(file, groups);
            await AnswerAsync(context, file, groups);
        }
        catch (DurableStoreException e)
        {
            logger.SnapshotFailed(file, e.Message);
            await Responses.ErrorAsync(context, StatusCodes.Status500InternalServerError, "cannot write snapshot, see the log");
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
