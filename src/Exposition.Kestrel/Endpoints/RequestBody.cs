using System.IO.Pipelines;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.SelfMetrics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Exposition.Kestrel.Endpoints;

/// <summary>A request's body, read through Kestrel but under the limits of the raw door instead of Kestrel's.</summary>
internal sealed class RequestBody : IDisposable
{
    private readonly ExpositionOptions _options;
    private readonly LimitMetrics _limits;
    private readonly PooledBody _bytes;
    private readonly BodyDeadline _deadline;
    private readonly CancellationTokenSource _interrupted = new();

    public RequestBody(ExpositionEngine engine)
    {
        _options = engine.Options;
        _limits = engine.Metrics.Limits;
        _deadline = new BodyDeadline(_options, engine.Inflight, () => _ = _interrupted.CancelAsync());
        _bytes = new PooledBody(Claim);
    }

    /// <summary>What it holds of the memory for all bodies.</summary>
    public BodyClaim Claim => _deadline.Claim;

    /// <summary>What has been read.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.Memory;

    private static Answer Malformed => new(400, "malformed chunked encoding", Close: true);

    /// <summary>Reads to the end.</summary>
    /// <returns>Null, or the answer because of which it was not read.</returns>
    public async ValueTask<Answer?> ReadAsync(HttpContext context)
    {
        long limit = _options.BodyLimit;
        if (context.Request.ContentLength > limit)
        {
            return Answer.TooLarge(limit);
        }

        LiftKestrelsLimits(context);
        _deadline.Start(_options.Time.GetTimestamp());
        _bytes.Expect(context.Request.ContentLength ?? 0);
        try
        {
            return await ReadAsync(
                context.Request.BodyReader, context.Request.ContentLength, limit, Watched(context, limit), context.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            // Kestrel says in its message alone whether the coding was wrong or the client stopped.
            return e.StatusCode switch
            {
                StatusCodes.Status408RequestTimeout => _deadline.TooSlow,
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

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        // The source of interruptions is left to the collector: one may be under way.
        _bytes.Dispose();
        _deadline.End();
    }

    private static void LiftKestrelsLimits(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        // An average since the start, which a sender that was quick once need not fear.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    private static CheckedInput? Watched(HttpContext context, long limit)
    {
        CheckedInput? input = context.Features.Get<CheckedInput>();
        if (input is not null)
        {
            input.Watch(limit, context.Request.BodyReader.CancelPendingRead);
            context.Response.OnCompleted(static state => ((CheckedInput)state).EndBrokenAsync(), input);
        }

        return input;
    }

    private async ValueTask<Answer?> ReadAsync(PipeReader reader, long? length, long limit, CheckedInput? input, CancellationToken aborted)
    {
        while (true)
        {
            Claim.AwaitInput(length - _bytes.Length);
            ReadResult result = await ReadInTimeAsync(reader, aborted);
            Claim.Proceed();
            _limits.See(Limit.BodyTimeout, _deadline.Behind.Ticks);
            if (result.IsCanceled || Claim.IsEnded)
            {
                // Kestrel will read on, and logs an error where it finds a read that was not ended.
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                return Claim.IsEnded ? Answer.Displaced(_options) : input?.Fault ?? _deadline.TooSlow;
            }

            if (_bytes.Length + result.Buffer.Length > limit)
            {
                reader.AdvanceTo(result.Buffer.End);
                return Answer.TooLarge(limit);
            }

            _deadline.Count(result.Buffer.Length);
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                while (!_bytes.TryReserve(piece.Length))
                {
                    if (!await _deadline.WaitForRoomAsync())
                    {
                        reader.AdvanceTo(result.Buffer.End);
                        return Answer.NoRoom;
                    }
                }

                _bytes.Append(piece.Span);
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                // Kestrel does not compare where the last frame of an HTTP/2 stream comes before the stream's thread has read its head.
                return length is null || length == _bytes.Length ? null
                    : _bytes.Length < length ? Answer.CutShort
                    : new Answer(400, "body is longer than its Content-Length", Close: true);
            }
        }
    }

    // Ends with a cancelled result where the time is over, or the memory is needed by others.
    private async ValueTask<ReadResult> ReadInTimeAsync(PipeReader reader, CancellationToken aborted)
    {
        ValueTask<ReadResult> reading = reader.ReadAsync(aborted);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        Task<ReadResult> task = reading.AsTask();
        try
        {
            return await task.WaitAsync(_deadline.Left, _options.Time, _interrupted.Token);
        }
        catch (Exception e) when (e is TimeoutException || (e is OperationCanceledException && _interrupted.IsCancellationRequested))
        {
            reader.CancelPendingRead();
            return await task;
        }
    }
}
