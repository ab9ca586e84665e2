using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Api;

/// <summary>Errors of the API in the shape that the Pushgateway's has.</summary>
internal static class ApiErrors
{
    /// <summary>The question is none.</summary>
    public static Task BadDataAsync(HttpContext context, string error) =>
        WriteAsync(context, StatusCodes.Status400BadRequest, "bad_data", error);

    /// <summary>It would be answered if something else were different.</summary>
    public static Task ConflictAsync(HttpContext context, string error) =>
        WriteAsync(context, StatusCodes.Status409Conflict, "conflict", error);

    private static async Task WriteAsync(HttpContext context, int status, string type, string error)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = GoJsonEncoder.Instance }))
        {
            writer.WriteStartObject();
            writer.WriteString("status"u8, "error"u8);
            writer.WriteString("errorType"u8, type);
            writer.WriteString("error"u8, error);
            writer.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body.WrittenMemory);
    }
}
