using System.Text.Json;
using Exposition.Engine;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>The routes below <c>/api/v1</c> that change nothing.</summary>
internal sealed class ApiHandlers(ExpositionEngine engine, ExpositionStatusOptions status)
{
    private TimeZoneInfo Zone => engine.Options.Time.LocalTimeZone;

    /// <summary>CORS preflight of any path, but of those that the Pushgateway lacks.</summary>
    public Task PreflightAsync(HttpContext context)
    {
        if (OwnPaths.AnswerOptions(context, context.Request.RouteValues["path"] as string) is { } own)
        {
            return own;
        }

        AddHeaders(context);
        return Responses.WriteAsync(context, new Answer(200));
    }

    /// <summary>Build, flags and start time.</summary>
    public async Task StatusAsync(HttpContext context)
    {
        Begin(context);
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, JsonAnswer.Options);
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartObject("data"u8);
        WriteMap(writer, "build_information", status.Build.Parts());
        WriteMap(writer, "flags", status.Flags);
        writer.WriteString("start_time"u8, GoTime.Nano(engine.StartedAt, Zone));
        StatusDetails.Write(writer, engine, context);
        writer.WriteEndObject();
        writer.WriteEndObject();
        context.Response.ContentLength = writer.BytesPending + writer.BytesCommitted;
        await writer.FlushAsync(context.RequestAborted);
    }

    /// <summary>
    /// All groups, in order of their keys, or those that are asked for (<see cref="MetricsPart"/>); with <c>?details=true</c> also the last
    /// refused push of each.
    /// </summary>
    public async Task MetricsAsync(HttpContext context)
    {
        if (engine.Options.CommitGate is { IsOpen: false })
        {
            await Responses.WriteAsync(context, Answer.Loading);
            return;
        }

        var keys = new QueryKeys(context.Request.Query);
        var part = MetricsPart.Of(keys);
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

        bool own = OwnFields.MayBeSeen(engine, context);
        bool details = own && context.Request.Query["details"] == "true";
        try
        {
            if (part is not null && !await TryChooseAsync(part, answer.View, context.RequestAborted))
            {
                answer.Dispose();
                await engine.RefuseAsync(context, engine.Searches.Refusal);
                return;
            }

            Begin(context, forAnyOrigin: !details);
            await using var json = JsonAnswer.Begin(context, answer, mayCompress: part is not null);
            await WriteAsync(json, answer.View, part, details, own);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }
    }

    // The seat is for the search alone: sending is as slow as the reader.
    private async Task<bool> TryChooseAsync(MetricsPart part, StoreView view, CancellationToken gone)
    {
        using IDisposable? seat = part.IsSearch ? await engine.Searches.TryEnterAsync(gone) : null;
        if (part.IsSearch && seat is null)
        {
            return false;
        }

        await part.ChooseAsync(view, gone);
        return true;
    }

    private async Task WriteAsync(JsonAnswer answer, StoreView view, MetricsPart? part, bool withFailures, bool withOwn)
    {
        Utf8JsonWriter writer = answer.Json;
        var json = new MetricsJson(writer, Zone, withFailures);
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartArray("data"u8);
        int count = part?.Chosen.Count ?? view.Groups.Length;
        for (int i = 0; i < count; i++)
        {
            GroupSnapshot group = view.Groups[part?.Chosen[i] ?? i];
            long expiresAt = withOwn ? view.ExpiryOf(group) : 0;
            foreach (int _ in json.Write(group, withOwn, expiresAt))
            {
                await answer.FlushAsync();
            }
        }

        writer.WriteEndArray();
        if (part?.Next is { } next)
        {
            writer.WriteString("next"u8, next);
        }

        writer.WriteEndObject();
        await answer.FinishAsync();
    }

    private void Begin(HttpContext context, bool forAnyOrigin = true)
    {
        AddHeaders(context, forAnyOrigin);
        context.Response.ContentType = "application/json";
    }

    // A rule of the host about origins is for its middleware, which leaves out what it does not allow.
    private void AddHeaders(HttpContext context, bool forAnyOrigin = true)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.CacheControl = "no-cache, no-store, must-revalidate";
        if (status.AllowAnyOrigin && forAnyOrigin && context.GetEndpoint()?.Metadata.GetMetadata<ICorsMetadata>() is null)
        {
            headers.AccessControlAllowHeaders = "Accept, Authorization, Content-Type, Origin";
            headers.AccessControlAllowMethods = "GET, POST, DELETE, OPTIONS";
            headers.AccessControlAllowOrigin = "*";
            headers.AccessControlExposeHeaders = "Date";
        }
    }

    private static void WriteMap(Utf8JsonWriter writer, string name, IEnumerable<KeyValuePair<string, string>> values)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in values)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
    }
}
