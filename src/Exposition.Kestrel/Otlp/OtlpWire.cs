using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Exposition.Formats.Otlp;
using Exposition.Formats.Protobuf;
using Exposition.Formats.Translation;
using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Otlp;

/// <summary>Reads and writes what OTLP/HTTP says around a request: its Content-Type, and the messages of answers.</summary>
internal static class OtlpWire
{
    public const string Protobuf = "application/x-protobuf";
    public const string Json = "application/json";

    // Codes of gRPC.
    private const int InvalidArgument = 3;
    private const int DeadlineExceeded = 4;
    private const int ResourceExhausted = 8;
    private const int Internal = 13;
    private const int Unavailable = 14;

    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The type of a request, which is that of its answer; null for any other.</summary>
    public static string? TypeOf(string? contentType)
    {
        string plain = (contentType ?? "").Split(';')[0].Trim();
        return plain.Equals(Protobuf, StringComparison.OrdinalIgnoreCase) ? Protobuf
            : plain.Equals(Json, StringComparison.OrdinalIgnoreCase) ? Json
            : null;
    }

    /// <summary>Writes an answer: <c>ExportMetricsServiceResponse</c> where something was taken, else <c>google.rpc.Status</c>.</summary>
    public static async Task WriteAsync(HttpContext context, string type, Answer answer, Rejections? rejected)
    {
        byte[] body = type == Json ? JsonOf(answer, rejected) : ProtobufOf(answer, rejected);
        HttpResponse response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = type;
        response.ContentLength = body.Length;
        if (answer.MayRetry)
        {
            response.Headers.RetryAfter = "1";
        }

        if (answer.Close && context.Request.Protocol == HttpProtocol.Http11)
        {
            response.Headers.Connection = "close";
        }

        await response.Body.WriteAsync(body);
    }

    private static byte[] ProtobufOf(in Answer answer, Rejections? rejected)
    {
        var output = new OtlpOutput(1 << 20);
        if (answer.Status >= 400)
        {
            output.Tag(1, WireType.Varint);
            output.Varint((uint)CodeOf(answer.Status));
            Put(output, 2, answer.Text ?? "");
        }
        else if (rejected is { Points: > 0 })
        {
            output.Tag(1, WireType.Bytes);
            int start = output.Begin();
            output.Tag(1, WireType.Varint);
            output.Varint((ulong)rejected.Points);
            Put(output, 2, rejected.Text);
            output.End(start);
        }

        return output.Memory.ToArray();
    }

    private static void Put(OtlpOutput output, int field, string text)
    {
        output.Tag(field, WireType.Bytes);
        int start = output.Begin();
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bytes.CopyTo(output.Room(bytes.Length));
        output.End(start);
    }

    private static byte[] JsonOf(in Answer answer, Rejections? rejected)
    {
        var output = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(output, s_json))
        {
            json.WriteStartObject();
            if (answer.Status >= 400)
            {
                json.WriteNumber("code", CodeOf(answer.Status));
                json.WriteString("message", answer.Text ?? "");
            }
            else if (rejected is { Points: > 0 })
            {
                json.WriteStartObject("partialSuccess");
                json.WriteString("rejectedDataPoints", rejected.Points.ToString(System.Globalization.CultureInfo.InvariantCulture));
                json.WriteString("errorMessage", rejected.Text);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static int CodeOf(int status) => status switch
    {
        408 => DeadlineExceeded,
        413 or 429 => ResourceExhausted,
        503 => Unavailable,
        >= 500 => Internal,
        _ => InvalidArgument,
    };
}
