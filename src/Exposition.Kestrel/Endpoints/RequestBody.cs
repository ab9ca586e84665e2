using System.IO.Pipelines;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Exposition.Kestrel.Endpoints;

/// <summary>Reads a request's body through Kestrel, under our limit instead of Kestrel's.</summary>
internal static class RequestBody
{
    private static Answer Malformed => new(400, "malformed chunked encoding", Close: true);

    /// <summary>Reads to the end.</summary>
    /// <returns>Null, or the answer because of which it was not read.</returns>
    public static async ValueTask<Answer?> ReadAsync(HttpContext context, PooledBody into, ExpositionEngine engine)
    {
        long limit = engine.Options.BodyLimit;
        if (context.Request.ContentLength > limit)
        {
            return Answer.TooLarge(limit);
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        TimeSpan left = engine.Options.BodyTimeout > TimeSpan.Zero ? engine.Options.BodyTimeout : Timeout.InfiniteTimeSpan;
        into.Expect(context.Request.ContentLength ?? 0);
        PipeReader reader = context.Request.BodyReader;
        try
        {
            while (true)
            {
                ReadResult result = await ReadAsync(reader, engine.Options, context.RequestAborted);
                if (result.IsCanceled)
                {
                    return Answer.TooSlow;
                }

                if (into.Length + result.Buffer.Length > limit)
                {
                    reader.AdvanceTo(result.Buffer.End);
                    return Answer.TooLarge(limit);
                }

                foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                {
                    while (!into.TryReserve(piece.Length))
                    {
                        long since = engine.Options.Time.GetTimestamp();
                        if (!await engine.Inflight.WaitAsync(left))
                        {
                            reader.AdvanceTo(result.Buffer.End);
                            return Answer.NoRoom;
                        }

                        left -= left == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : engine.Options.Time.GetElapsedTime(since);
                    }

                    into.Append(piece.Span);
                }

                reader.AdvanceTo(result.Buffer.End);
                if (result.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (BadHttpRequestException e)
        {
            // Kestrel says in its message alone whether the coding was wrong or the client stopped.
            return e.StatusCode switch
            {
                StatusCodes.Status408RequestTimeout => Answer.TooSlow,
                StatusCodes.Status413PayloadTooLarge => Answer.TooLarge(limit),
                _ => e.Message.Contains("end of request content", StringComparison.OrdinalIgnoreCase)
                    ? Answer.CutShort
                    : Malformed,
            };
        }
        catch (InvalidOperationException) when (context.Request.ContentLength is null)
        {
            // So Kestrel says that a trailer holds a NUL or a name that is not ASCII.
            return Malformed;
        }
    }

    // Kestrel watches over the rate; that nothing at all comes for too long is seen here.
    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, ExpositionOptions options, CancellationToken aborted)
    {
        ValueTask<ReadResult> reading = reader.ReadAsync(aborted);
        if (reading.IsCompleted || options.BodyTimeout <= TimeSpan.Zero)
        {
            return await reading;
        }

        Task<ReadResult> task = reading.AsTask();
        try
        {
            return await task.WaitAsync(options.BodyTimeout, options.Time, aborted);
        }
        catch (TimeoutException)
        {
            reader.CancelPendingRead();
            return await task;
        }
    }
}
