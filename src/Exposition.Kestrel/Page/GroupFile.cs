using System.Buffers;
using Exposition.Engine;
using Exposition.Engine.Finding;
using Exposition.Engine.Groups;
using Exposition.Formats;
using Exposition.Kestrel.Api;
using Exposition.Kestrel.Endpoints;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Page;

// A group may be half a gigabyte: it is sent piece by piece out of a view, which keeps it as it was, as a scrape is.

/// <summary>A group as text, in the format of scrapes, or as JSON, as the API has it.</summary>
internal static class GroupFile
{
    private const int PieceBytes = 64 << 10;

    /// <summary>Serves it, if that is asked for and the group is there.</summary>
    public static async Task<bool> TryServeAsync(ExpositionEngine engine, HttpContext context, LongAnswer answer)
    {
        bool isText = context.Request.Query["as"] == "text";
        if ((!isText && context.Request.Query["as"] != "json")
            || !GroupCursor.TryParseId(context.Request.Query["group"].ToString(), out GroupingKey? key)
            || Find(answer.View, key) is not { } group)
        {
            return false;
        }

        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.ContentDisposition = "inline";
        try
        {
            await (isText ? SendTextAsync(context, answer, group) : SendJsonAsync(engine, context, answer, group));
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }

        return true;
    }

    private static GroupSnapshot? Find(StoreView view, GroupingKey key) =>
        view.Groups.BinarySearch(new ByKey(key)) is var at and >= 0 ? view.Groups[at] : null;

    private static async Task SendTextAsync(HttpContext context, LongAnswer answer, GroupSnapshot group)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        using GzipWriter? compressed = GzipWriter.Announce(context) ? new GzipWriter(answer) : null;
        IBufferWriter<byte> output = compressed is null ? answer : compressed;
        for (int i = 0; i < group.Families.Length; i++)
        {
            FamilyEntry family = group.Families[i];
            TextFormat.WriteHeader(
                family.Name.Span, family.Type, family.HasHelp, family.Help.Span, EscapingScheme.AllowUtf8, output);
            for (ReadOnlyMemory<byte> rest = family.Text; !rest.IsEmpty;)
            {
                ReadOnlyMemory<byte> piece = rest[..Math.Min(rest.Length, PieceBytes)];
                rest = rest[piece.Length..];
                output.Write(piece.Span);
                if (answer.Pending >= PieceBytes)
                {
                    await answer.FlushAsync();
                }
            }
        }

        compressed?.Dispose();
        await answer.FinishAsync();
    }

    private static async Task SendJsonAsync(ExpositionEngine engine, HttpContext context, LongAnswer answer, GroupSnapshot group)
    {
        await using var json = JsonAnswer.Begin(context, answer);
        var writer = new MetricsJson(json.Json, engine.Options.Time.LocalTimeZone, withFailures: true);
        foreach (int _ in writer.Write(group, isOwn: true, answer.View.ExpiryOf(group)))
        {
            await json.FlushAsync();
        }

        await json.FinishAsync();
    }
}
