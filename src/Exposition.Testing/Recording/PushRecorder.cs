using System.Globalization;
using System.IO.Compression;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Exposition.Testing.Recording;

/// <summary>Middleware before the engine: records pushes, and does to them what the test has ordered.</summary>
internal sealed class PushRecorder(ExpositionEngine engine, PushLog log, Orders orders)
{
    private static readonly string[] s_methods = [HttpMethods.Put, HttpMethods.Post, HttpMethods.Delete];

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        HttpRequest request = context.Request;
        if (!s_methods.Contains(request.Method))
        {
            await next(context).ConfigureAwait(false);
            return;
        }

        DateTimeOffset at = engine.Options.Time.GetUtcNow();
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted).ConfigureAwait(false);
        body.Position = 0;
        request.Body = body;
        Order? order = orders.Take();
        await Task.Delay(order?.Delay ?? TimeSpan.Zero, context.RequestAborted).ConfigureAwait(false);
        byte[] answer = await AnswerAsync(context, next, order).ConfigureAwait(false);

        // Before the answer is sent: who has it finds the push recorded.
        int status = order is { Drop: true } ? 0 : context.Response.StatusCode;
        string? reason = status is >= 200 and < 300 ? null : Encoding.UTF8.GetString(answer).TrimEnd('\n');
        log.Add(new RecordedPush(
            request.Method, TargetOf(context), GroupingOf(context), SamplesOf(request, body), HeadersOf(request), status, reason, at));
        if (status == 0)
        {
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(answer, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Sets the response's head and gives its body, which is not yet sent.</summary>
    private static async Task<byte[]> AnswerAsync(HttpContext context, RequestDelegate next, Order? order)
    {
        if (order is { Drop: true })
        {
            return "dropped"u8.ToArray();
        }

        if (order is { Status: > 0 })
        {
            context.Response.StatusCode = order.Status;
            if (order.RetryAfter is { } after)
            {
                context.Response.Headers.RetryAfter = ((long)after.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            return Encoding.UTF8.GetBytes(order.Reason);
        }

        Stream given = context.Response.Body;
        using var answer = new MemoryStream();
        context.Response.Body = answer;
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            context.Response.Body = given;
        }

        return answer.ToArray();
    }

    // As sent: the decoded path cannot tell a slash of a value.
    private static string TargetOf(HttpContext context) =>
        context.Features.Get<IHttpRequestFeature>()!.RawTarget;

    private LabelSet GroupingOf(HttpContext context)
    {
        var labels = new List<Label>();
        if (engine.Paths.Resolve(Encoding.UTF8.GetBytes(TargetOf(context))).Key is { } key)
        {
            foreach (GroupingLabel label in key.Labels)
            {
                labels.Add(new Label(Encoding.UTF8.GetString(label.Name), Encoding.UTF8.GetString(label.Value)));
            }
        }

        return LabelSet.Create([.. labels]);
    }

    // What the engine refuses for its body is recorded as well, without samples.
    private static IReadOnlyList<MetricSample> SamplesOf(HttpRequest request, MemoryStream body)
    {
        try
        {
            using var decoded = new MemoryStream();
            using Stream packed = Decoder(request.Headers.ContentEncoding, new MemoryStream(body.ToArray()));
            packed.CopyTo(decoded);
            return ExpositionText.Parse(decoded.ToArray(), request.ContentType, null);
        }
        catch (Exception e) when (e is ExpositionFormatException or InvalidDataException or NotSupportedException)
        {
            return [];
        }
    }

    private static Stream Decoder(StringValues coding, Stream body) => coding.ToString() switch
    {
        "" or "identity" => body,
        "gzip" => new GZipStream(body, CompressionMode.Decompress),
        "br" => new BrotliStream(body, CompressionMode.Decompress),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress),
        _ => throw new NotSupportedException(),
    };

    private static Dictionary<string, string> HeadersOf(HttpRequest request) => request.Headers.ToDictionary(
        static header => header.Key, static header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
}
