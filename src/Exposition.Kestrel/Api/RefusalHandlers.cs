using System.Text.Json;
using Exposition.Engine;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Refusals;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>The last refused requests, for whoever asks why. No page of another origin is invited to read them.</summary>
internal sealed class RefusalHandlers(ExpositionEngine engine)
{
    /// <summary>All that are kept, the newest first.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var keys = new QueryKeys(context.Request.Query);
        keys.Only();
        if (keys.Fault is { } fault)
        {
            await ApiErrors.BadDataAsync(engine, context, fault);
            return;
        }

        using LongAnswer? answer = LongAnswer.TryStart(engine, context, Limit.ApiReaders, engine.Options.MaxApiReaders);
        if (answer is null)
        {
            await Responses.WriteAsync(context, new Answer(503, "too many readers of the API at once"));
            return;
        }

        try
        {
            await using var json = JsonAnswer.Begin(context, answer);
            await WriteAsync(json);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }
    }

    private async Task WriteAsync(JsonAnswer answer)
    {
        Utf8JsonWriter writer = answer.Json;
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartArray("data"u8);
        foreach (RefusedRequest refused in engine.Refusals.Read())
        {
            Write(writer, refused, engine.Options.Time.LocalTimeZone);
            await answer.FlushAsync();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await answer.FinishAsync();
    }

    private static void Write(Utf8JsonWriter writer, RefusedRequest refused, TimeZoneInfo zone)
    {
        writer.WriteStartObject();
        writer.WriteString("class"u8, refused.Class);
        writer.WriteNumber("count"u8, refused.Count);
        writer.WriteString("first_time"u8, GoTime.Nano(refused.First, zone));
        Optional(writer, "forwarded_address", refused.Forwarded);
        if (refused.Group is { } group)
        {
            writer.WriteStartObject("group"u8);
            foreach (GroupingLabel label in group.Labels)
            {
                writer.WriteString(label.Name, label.Value);
            }

            writer.WriteEndObject();
        }

        writer.WriteString("last_time"u8, GoTime.Nano(refused.Last, zone));
        Optional(writer, "limit", refused.Limit);
        Optional(writer, "method", refused.Method);
        Optional(writer, "path", refused.Path);
        writer.WriteString("reason"u8, refused.Reason);
        Optional(writer, "remote_address", refused.Address);
        writer.WriteNumber("status"u8, refused.Status);
        Optional(writer, "user", refused.User);
        writer.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
