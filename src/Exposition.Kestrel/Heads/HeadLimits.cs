using Exposition.Kestrel.Outcomes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Exposition.Kestrel.Heads;

// The raw door rejects no head: those beyond a limit are left, unread, to Kestrel, whose own limits are so much higher that they arrive
// here, where there is a request to answer. What is measured is the shortest way to write the head in HTTP/1.1, so that it is never more
// than the bytes that the raw door has seen, and that HTTP/2 is measured alike. What HeadCheck has refused of HTTP/1 is refused here of
// HTTP/2.

/// <summary>Answers heads that are longer than allowed, or not in order.</summary>
internal sealed class HeadLimits(ExpositionEngine engine)
{
    private const int NoLimit = 16 << 20;
    private const int AroundTarget = 14;
    private const int AroundHeader = 3;
    private const int SmallestMargin = 1024;

    private readonly long _maxTarget = OrMost(engine.Options.MaxTargetBytes);
    private readonly long _maxHead = OrMost(engine.Options.MaxHeadBytes);
    private readonly int _maxHeaders = OrMost(engine.Options.MaxHeaders);

    /// <summary>The limit to set for Kestrel where ours is this one.</summary>
    public static int Above(int limit) => limit > 0 ? (int)Math.Min(int.MaxValue, (2L * limit) + SmallestMargin) : NoLimit;

    /// <summary>Answers a request whose head is beyond a limit or not in order.</summary>
    /// <returns>Null if it is to be served.</returns>
    public Task? Refuse(HttpContext context)
    {
        int target = context.Features.Get<IHttpRequestFeature>()?.RawTarget.Length ?? 0;
        long size = context.Request.Method.Length + AroundTarget + target;
        int count = 0;
        bool malformed = false;
        foreach ((string name, StringValues values) in context.Request.Headers)
        {
            foreach (string? value in values)
            {
                size += name.Length + (value?.Length ?? 0) + AroundHeader;
                malformed |= HeaderRules.HasControls(value);
                count++;
            }

            // Kestrel is lax about the names of headers; the raw door and the Pushgateway are not.
            malformed |= !HeaderRules.IsName(name) && !name.StartsWith(':');
        }

        engine.Metrics.Limits.See(Limit.TargetBytes, target);
        engine.Metrics.Limits.See(Limit.HeadBytes, size);
        engine.Metrics.Limits.See(Limit.Headers, count);
        return target > _maxTarget ? engine.RefuseAsync(context, Answer.TargetTooLong(target, engine.Options))
            : size > _maxHead ? engine.RefuseAsync(context, Answer.HeadTooLong(size, engine.Options))
            : count > _maxHeaders ? engine.RefuseAsync(context, Answer.TooManyHeaders(count, engine.Options))
            : malformed ? engine.RefuseAsync(context, Answer.BadHead(400, Rejection.Header, "invalid header name or value"))
            : context.Request.ContentLength == HeaderEncoding.NoLength
                ? engine.RefuseAsync(context, Answer.BadHead(400, Rejection.ContentLength, "bad Content-Length"))
            : context.Request.Headers.Expect.Any(static e => !string.Equals(e, "100-continue", StringComparison.OrdinalIgnoreCase))
                ? engine.RefuseAsync(context, Answer.BadExpectation)
            : OfCoding(context) is { } coding ? engine.RefuseAsync(context, coding)
            : null;
    }

    private static Answer? OfCoding(HttpContext context)
    {
        StringValues coding = context.Request.Headers[HeaderNames.TransferEncoding];
        return coding.Count == 0 ? null
            : HttpProtocol.IsHttp2(context.Request.Protocol)
                ? Answer.BadHead(400, Rejection.TransferEncoding, "HTTP/2 has no transfer encodings")
            : HeaderRules.ComplainOfCoding(coding.ToString());
    }

    public static int OrMost(int limit) => limit > 0 ? limit : int.MaxValue;
}
