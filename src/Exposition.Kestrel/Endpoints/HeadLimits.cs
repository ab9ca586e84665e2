using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Exposition.Kestrel.Endpoints;

// The raw door rejects no head: those beyond a limit are left, unread, to Kestrel, whose own limits are so much higher that they arrive here, where
// there is a request to answer. What is measured is the shortest way to write the head in HTTP/1.1, so that it is never more than the bytes that the
// raw door has seen, and that HTTP/2 is measured alike.

/// <summary>Answers heads that are longer than allowed.</summary>
internal sealed class HeadLimits(ExpositionEngine engine)
{
    private const int NoLimit = 16 << 20;
    private const int AroundTarget = 14;
    private const int AroundHeader = 3;
    private const int SmallestMargin = 1024;

    private readonly long _maxTarget = OrMost(engine.Options.MaxTargetBytes);
    private readonly long _maxHead = OrMost(engine.Options.MaxHeadBytes);
    private readonly int _maxHeaders = (int)OrMost(engine.Options.MaxHeaders);

    /// <summary>The limit to set for Kestrel where ours is this one.</summary>
    public static int Above(int limit) => limit > 0 ? (int)Math.Min(int.MaxValue, (2L * limit) + SmallestMargin) : NoLimit;

    /// <summary>Answers a request whose head is beyond a limit.</summary>
    /// <returns>Null if it is within them.</returns>
    public Task? Refuse(HttpContext context)
    {
        int target = context.Features.Get<IHttpRequestFeature>()?.RawTarget.Length ?? 0;
        long size = context.Request.Method.Length + AroundTarget + target;
        int count = 0;
        foreach ((string name, StringValues values) in context.Request.Headers)
        {
            foreach (string? value in values)
            {
                size += name.Length + (value?.Length ?? 0) + AroundHeader;
                count++;
            }
        }

        return target > _maxTarget ? RefuseAsync(context, Answer.TargetTooLong(target, _maxTarget))
            : size > _maxHead ? RefuseAsync(context, Answer.HeadTooLong(size, _maxHead))
            : count > _maxHeaders ? RefuseAsync(context, Answer.TooManyHeaders(count, _maxHeaders))
            : null;
    }

    private Task RefuseAsync(HttpContext context, in Answer answer)
    {
        engine.Metrics.CountRefusal(answer.Limit);
        engine.Log.Limited(answer.Limit, Sender.Of(context), answer.Text);
        return Responses.WriteAsync(context, answer);
    }

    private static long OrMost(int limit) => limit > 0 ? limit : int.MaxValue;
}
