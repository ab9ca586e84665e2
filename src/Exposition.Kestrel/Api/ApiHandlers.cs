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
    private const int FlushBytes = 64 << 10;
    private static readonly JsonWriterOptions s_json = new() { Encoder = GoJsonEncoder.Instance, SkipValidation = true };

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
        await using var writer = new Utf8JsonWriter(context.Response.BodyWriter, s_json);
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartObject("data"u8);
        WriteMap(writer, "build_information", status.Build);
        WriteMap(writer, "flags", status.Flags);
        writer.WriteString("start_time"u8, GoTime.Nano(engine.StartedAt, Zone));
        writer.WriteEndObject();
        writer.WriteEndObject();
        context.Response.ContentLength = writer.BytesPending + writer.BytesCommitted;
        await writer.FlushAsync(context.RequestAborted);
    }

    /// <summary>All groups, in order of their keys; with <c>?details=true</c> also the last refused push of each.</summary>
    public async Task MetricsAsync(HttpContext context)
    {
        if (engine.Options.CommitGate is { IsOpen: false })
        {
            await Responses.WriteAsync(context, Answer.Loading);
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
        Begin(context, forAnyOrigin: !details);
        try
        {
            await WriteAsync(answer, details, own);
        }
        catch (OperationCanceledException)
        {
            // The reader has gone, or was too slow.
        }
    }

    private async Task WriteAsync(LongAnswer answer, bool withFailures, bool withOwn)
    {
        await using var writer = new Utf8JsonWriter(answer, s_json);
        var json = new MetricsJson(writer, Zone, withFailures);
        writer.WriteStartObject();
        writer.WriteString("status"u8, "success"u8);
        writer.WriteStartArray("data"u8);
        for (int i = 0; i < answer.View.Groups.Length; i++)
        {
            GroupSnapshot group = answer.View.Groups[i];
            long expiresAt = withOwn ? answer.View.ExpiryOf(group) : 0;
            json.BeginGroup();
            for (int f = 0; f <= group.Families.Length; f++)
            {
                ReadOnlyMemory<byte>? name = f < group.Families.Length ? group.Families[f].Name : default(ReadOnlyMemory<byte>?);
                json.FixedKeys(
                    group.Key, group.LastPushSuccessful, f > 0 ? group.Families[f - 1].Name.Span : default, name,
                    withOwn ? group : null, expiresAt);
                if (name is null)
                {
                    continue;
                }

                for (int metric = json.BeginFamily(group.Families[f]); metric >= 0;)
                {
                    metric = json.Metric(metric);
                    if (writer.BytesPending + answer.Pending > FlushBytes)
                    {
                        writer.Flush();
                        await answer.FlushAsync();
                    }
                }

                json.EndFamily();
            }

            json.EndGroup();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
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
