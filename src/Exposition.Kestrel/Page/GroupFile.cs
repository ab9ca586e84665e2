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
    private const int FlushBytes = 64 << 10;

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
        context.Response.ContentLength = file.WrittenCount;
        try
        {
            for (int at = 0; at < file.WrittenCount; at += FlushBytes)
            {
                answer.Write(file.WrittenSpan[at..Math.Min(at + FlushBytes, file.WrittenCount)]);
                await answer.FlushAsync();
            }

            await answer.FinishAsync();
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
        using var writer = new Utf8JsonWriter(into, new JsonWriterOptions { Encoder = GoJsonEncoder.Instance, SkipValidation = true });
        var json = new MetricsJson(writer, engine.Options.Time.LocalTimeZone, withFailures: true);
        json.BeginGroup();
        long expiry = engine.Store.ExpiryOf(group);
        for (int f = 0; f <= group.Families.Length; f++)
        {
            ReadOnlyMemory<byte>? name = f < group.Families.Length ? group.Families[f].Name : default(ReadOnlyMemory<byte>?);
            json.FixedKeys(
                group.Key, group.LastPushSuccessful, f > 0 ? group.Families[f - 1].Name.Span : default, name, group, expiry);
            if (name is null)
            {
                continue;
            }

            for (int metric = json.BeginFamily(group.Families[f]); metric >= 0;)
            {
                metric = json.Metric(metric);
            }

            json.EndFamily();
        }

        json.EndGroup();
        writer.Flush();
    }
}
