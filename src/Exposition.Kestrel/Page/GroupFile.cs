using System.Buffers;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Formats;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

/// <summary>A group as text, in the format of scrapes, or as JSON, as the API has it.</summary>
internal static class GroupFile
{
    /// <summary>Serves it, if that is asked for and the group is there.</summary>
    public static async Task<bool> TryServeAsync(ExpositionEngine engine, HttpContext context, LongAnswer answer)
    {
        bool isText = context.Request.Query["as"] == "text";
        if ((!isText && context.Request.Query["as"] != "json")
            || !GroupCursor.TryParseId(context.Request.Query["group"].ToString(), out GroupingKey? key))
        {
            return false;
        }

        // Written while the group stays what it is, and sent then.
        var file = new ArrayBufferWriter<byte>();
        if (!engine.Store.Reads.TryRead(key, (engine, file, isText), static (group, to) =>
            {
                if (to.isText)
                {
                    WriteText(group, to.file);
                }
                else
                {
                    WriteJson(to.engine, group, to.file);
                }

                return true;
            }, out _))
        {
            return false;
        }

        context.Response.ContentType = isText ? "text/plain; charset=utf-8" : "application/json";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentDisposition = "inline";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await answer.SendAsync(file.WrittenMemory);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }

        return true;
    }

    private static void WriteText(GroupSnapshot group, IBufferWriter<byte> into)
    {
        foreach (ref readonly FamilyEntry family in group.Families)
        {
            TextFormat.WriteHeader(
                family.Name.Span, family.Type, family.HasHelp, family.Help.Span, EscapingScheme.AllowUtf8, into);
            into.Write(family.Text.Span);
        }
    }

    private static void WriteJson(ExpositionEngine engine, GroupSnapshot group, IBufferWriter<byte> into)
    {
        using var writer = new Utf8JsonWriter(into, JsonAnswer.Options);
        var json = new MetricsJson(writer, engine.Options.Time.LocalTimeZone, withFailures: true);
        foreach (int _ in json.Write(group, isOwn: true, engine.Store.ExpiryOf(group)))
        {
        }

        writer.Flush();
    }
}
