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
            return new Answer(400, refused);
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

        BodyEncoding encoding = ContentCoding.Settle(request.Encoding, body.Span);
        if (encoding is BodyEncoding.Identity or BodyEncoding.Unknown)
        {
            return Push(request, key, body, asItIs: encoding == BodyEncoding.Unknown && !body.IsEmpty);
        }

        using var decoded = new PooledBody();
        DecodeOutcome outcome = encoding switch
        {
            BodyEncoding.Gzip => GzipBody.Decode(body, decoded, options.MaxDecodedBytes),
            BodyEncoding.Snappy => SnappyBody.Decode(body, decoded, options.MaxDecodedBytes),
            BodyEncoding.Zstd => ZstdBody.Decode(body, decoded, options.MaxDecodedBytes),
            _ => DeflateBody.Decode(body, decoded, options.MaxDecodedBytes),
        };
        return outcome.TooLarge ? Answer.TooLarge(options.MaxDecodedBytes) with { Close = false }
            : outcome.Error is { } error ? new Answer(400, error)
            : Push(request, key, decoded.Memory, asItIs: false);
    }

    // A body whose encoding cannot be undone may be plain all the same; if not, the encoding is the reason to give.
    private Answer Push(in PushRequest request, GroupingKey key, ReadOnlyMemory<byte> body, bool asItIs)
    {
        PushFormat format = request.IsProtobuf ? PushFormat.Protobuf : PushFormat.Text;
        PushMode mode = request.Method == PushMethod.Put ? PushMode.Replace : PushMode.Merge;
        PushOutcome outcome = target.Push(key, format, body, mode);
        return outcome.Status switch
        {
            PushStatus.Stored => new Answer(200),
            PushStatus.Accepted => new Answer(202),
            PushStatus.Malformed when asItIs => new Answer(415, $"Content-Encoding is not one of {ContentCoding.Understood}; read as it is: {outcome.Error}"),
            _ => new Answer(400, outcome.Error),
        };
    }
}
