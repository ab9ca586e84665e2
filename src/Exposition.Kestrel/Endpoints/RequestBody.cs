using System.IO.Pipelines;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Heads;
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
        TimeSpan waited = TimeSpan.Zero;
        long started = engine.Options.Time.GetTimestamp();
        into.Expect(context.Request.ContentLength ?? 0);
        PipeReader reader = context.Request.BodyReader;
        CheckedInput? input = context.Features.Get<CheckedInput>();
        if (input is not null)
        {
            input.Watch(limit, reader.CancelPendingRead);
            context.Response.OnCompleted(static state =>
            {
                ((CheckedInput)state).EndBroken();
                return Task.CompletedTask;
            }, input);
        }

        try
        {
            while (true)
            {
                TimeSpan allowed = Allowed(engine.Options, into.Length, waited, started);
                ReadResult result = await ReadAsync(reader, engine.Options, allowed, context.RequestAborted);
                if (result.IsCanceled)
                {
                    // Kestrel will read on, and logs an error where it finds a read that was not ended.
                    reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                    return input?.Fault ?? Answer.TooSlow;
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

                        TimeSpan elapsed = engine.Options.Time.GetElapsedTime(since);
                        waited += elapsed;
                        left -= left == Timeout.InfiniteTimeSpan ? TimeSpan.Zero : elapsed;
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

    // As at the raw door: what has come prolongs the time, but to fall silent is given no more than the timeout.
    private static TimeSpan Allowed(ExpositionOptions options, long received, TimeSpan waited, long started)
    {
        if (options.BodyTimeout <= TimeSpan.Zero)
        {
            return Timeout.InfiniteTimeSpan;
        }

        TimeSpan earned = options.MinBodyBytesPerSecond > 0 ? TimeSpan.FromSeconds((double)received / options.MinBodyBytesPerSecond) : TimeSpan.Zero;
        TimeSpan left = options.BodyTimeout + waited + earned - options.Time.GetElapsedTime(started);
        return left <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : left < options.BodyTimeout ? left : options.BodyTimeout;
    }

    private static async ValueTask<ReadResult> ReadAsync(PipeReader reader, ExpositionOptions options, TimeSpan allowed, CancellationToken aborted)
    {
        ValueTask<ReadResult> reading = reader.ReadAsync(aborted);
        if (reading.IsCompleted || allowed == Timeout.InfiniteTimeSpan)
        {
            return await reading;
        }

        Task<ReadResult> task = reading.AsTask();
        try
        {
            return await task.WaitAsync(allowed, options.Time, aborted);
        }
        catch (TimeoutException)
        {
            reader.CancelPendingRead();
            return await task;
        }
    }
}
