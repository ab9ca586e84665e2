using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Store;

namespace Exposition.Kestrel.Serving;

// Order of checks as in the reference: the gzip header (before routing, so not counted as a push), the path, the rest of the body, the store.

/// <summary>Carries out pushes and deletes for both doors, and counts them.</summary>
internal sealed class PushHandler(IPushTarget target, WireMetrics metrics, ExpositionOptions options)
{
    /// <summary>Carries out a request whose body is complete.</summary>
    /// <param name="request">The head.</param>
    /// <param name="body">The body as sent; not used after the return.</param>
    /// <param name="confirmation">Null if the answer is final and counted. Else the answer is to be given to <see cref="Finish"/> with its result.</param>
    public Answer Handle(in PushRequest request, ReadOnlyMemory<byte> body, out Task<string?>? confirmation)
    {
        confirmation = null;
        if (request.Encoding == BodyEncoding.Gzip && GzipBody.CheckHeader(body.Span) is { } refused)
        {
            metrics.CountServed(request.Door);
            return new Answer(400, refused);
        }

        Answer answer = options.Gate is { IsOpen: false } ? Answer.Loading : Apply(request, body);
        confirmation = answer.Status is 200 or 202 ? options.Gate?.Confirm() : null;
        if (confirmation is null)
        {
            Count(request, answer);
        }

        return answer;
    }

    /// <summary>Makes the final answer to a request whose change had to be confirmed, and counts it.</summary>
    public Answer Finish(in PushRequest request, in Answer answer, string? failure)
    {
        Answer final = failure is null ? answer : Answer.NotConfirmed(failure);
        Count(request, final);
        return final;
    }

    /// <summary>Counts a request that was answered without its body being complete.</summary>
    public void Count(in PushRequest request, in Answer answer)
    {
        metrics.CountServed(request.Door);
        metrics.CountPush(request, answer.Status);
    }

    private Answer Apply(in PushRequest request, ReadOnlyMemory<byte> body)
    {
        if (request.Route.Key is not { } key)
        {
            return new Answer(400, request.Route.Error);
        }

        if (request.Method == PushMethod.Delete)
        {
            target.Delete(key);
            return new Answer(202);
        }

        if (request.Encoding == BodyEncoding.Identity)
        {
            return Push(request, key, body);
        }

        using var decoded = new PooledBody();
        DecodeOutcome outcome = request.Encoding == BodyEncoding.Gzip
            ? GzipBody.Decode(body, decoded, options.MaxDecodedBytes)
            : SnappyBody.Decode(body, decoded, options.MaxDecodedBytes);
        return outcome.TooLarge ? Answer.TooLarge(options.MaxDecodedBytes) with { Close = false }
            : outcome.Error is { } error ? new Answer(400, error)
            : Push(request, key, decoded.Memory);
    }

    private Answer Push(in PushRequest request, GroupingKey key, ReadOnlyMemory<byte> body)
    {
        PushFormat format = request.IsProtobuf ? PushFormat.Protobuf : PushFormat.Text;
        PushMode mode = request.Method == PushMethod.Put ? PushMode.Replace : PushMode.Merge;
        PushOutcome outcome = target.Push(key, format, body, mode);
        return outcome.Status switch
        {
            PushStatus.Stored => new Answer(200),
            PushStatus.Accepted => new Answer(202),
            _ => new Answer(400, outcome.Error),
        };
    }
}
