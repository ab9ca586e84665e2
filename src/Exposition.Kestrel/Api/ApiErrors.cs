using System.Buffers;
using System.Text.Json;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>Errors of the API in the shape that the Pushgateway's has; counted, logged and kept.</summary>
internal static class ApiErrors
{
    /// <summary>The question is none.</summary>
    public static Task BadDataAsync(ExpositionEngine engine, HttpContext context, string error) =>
        WriteAsync(engine, context, new Answer(StatusCodes.Status400BadRequest, error, Rejected: Rejection.Query), "bad_data");

    /// <summary>It would be answered if something else were different.</summary>
    public static Task ConflictAsync(ExpositionEngine engine, HttpContext context, string error) =>
        WriteAsync(engine, context, new Answer(StatusCodes.Status409Conflict, error, Rejected: Rejection.Conflict), "conflict");

    private static async Task WriteAsync(ExpositionEngine engine, HttpContext context, Answer answer, string type)
    {
        engine.Reject(answer, context);
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = GoJsonEncoder.Instance }))
        {
            writer.WriteStartObject();
            writer.WriteString("status"u8, "error"u8);
            writer.WriteString("errorType"u8, type);
            writer.WriteString("error"u8, answer.Text);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body.WrittenMemory);
    }
}
