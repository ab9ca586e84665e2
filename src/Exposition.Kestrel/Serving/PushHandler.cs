using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Store;

namespace Exposition.Kestrel.Serving;

// Order of checks as in the reference: the gzip header (before routing, so not counted as a push), the path, the rest of the body, the store.

/// <summary>Carries out pushes and deletes for both doors, and counts them.</summary>
internal sealed class PushHandler(IPushTarget target, WireMetrics metrics, ExpositionOptions options)
{
    /// <summary>Answers a request whose body is complete.</summary>
    /// <param name="request">The head.</param>
    /// <param name="body">The body as sent; not used after the return.</param>
    public Answer Handle(in PushRequest request, ReadOnlyMemory<byte> body)
    {
        if (request.Encoding == BodyEncoding.Gzip && GzipBody.CheckHeader(body.Span) is { } refused)
        {
            metrics.CountServed(request.Door);
            var answered = new Answer(400, refused, Why: Refusal.Encoding);
            Blame(request, answered);
            return answered;
        }

        Answer answer = Apply(request, body);
        Count(request, answer);
        return answer;
    }

    /// <summary>Counts a request that was answered without its body being complete.</summary>
    public void Count(in PushRequest request, in Answer answer)
    {
        metrics.CountServed(request.Door);
        metrics.CountPush(request, answer.Status);
        Blame(request, answer);
    }

    // The store has its own word on what it has refused itself.
    private void Blame(in PushRequest request, in Answer answer)
    {
        if (request.Method == PushMethod.Delete || answer.Refusal is var why && why == Refusal.None)
        {
            return;
        }

        metrics.CountRefused(why);
        if (answer.Status >= 400 && why is not (Refusal.Malformed or Refusal.Inconsistent) && request.Route.Key is { } key)
        {
            target.NoteFailure(key, answer.Text ?? "", request.Sender);
        }
    }

    private Answer Apply(in PushRequest request, ReadOnlyMemory<byte> body)
    {
        if (request.Route.Key is not { } key)
        {
            return new Answer(400, request.Route.Error, Why: Refusal.Path);
        }

        if (request.Method == PushMethod.Delete)
        {
            target.Delete(key);
            return new Answer(202);
        }

        if (request.HeaderError is { } wrong)
        {
            return new Answer(400, wrong, Why: Refusal.Header);
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
            : outcome.Error is { } error ? new Answer(400, error, Why: Refusal.Encoding)
            : Push(request, key, decoded.Memory);
    }

    private Answer Push(in PushRequest request, GroupingKey key, ReadOnlyMemory<byte> body)
    {
        PushFormat format = request.IsProtobuf ? PushFormat.Protobuf : PushFormat.Text;
        PushMode mode = request.Method == PushMethod.Put ? PushMode.Replace : PushMode.Merge;
        PushOutcome outcome = target.Push(key, format, body, mode, new PushDetails(request.ExpireAfter, request.Sender));
        return outcome.Status switch
        {
            PushStatus.Stored => new Answer(200),
            PushStatus.Accepted => new Answer(202, Why: outcome.Error is null ? Refusal.None : Refusal.Inconsistent),
            PushStatus.Malformed => new Answer(400, outcome.Error, Why: Refusal.Malformed),
            _ => new Answer(400, outcome.Error, Why: Refusal.Inconsistent),
        };
    }
}
