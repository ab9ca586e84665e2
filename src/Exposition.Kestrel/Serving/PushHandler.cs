using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Store;

namespace Exposition.Kestrel.Serving;

// Order of checks as in the reference: the gzip header (before routing, so not counted as a push), the path, the rest of the body, the store. But a DELETE
// has no body that could be wrong: some clients put Content-Encoding on every request.
//
// A body is complete when it comes here: its length, or the end of its chunks, has proven it at the door, and checksums or end marks what was packed. So a
// last line without an end was meant so, and the number in it is whole.

/// <summary>Carries out pushes and deletes for both doors, counts them, and logs those that are refused.</summary>
internal sealed class PushHandler(IPushTarget target, WireMetrics metrics, InflightBytes inflight, OpenReaders readers, ExpositionOptions options, ClientLog log)
{
    private readonly JobRate _rate = new(options.MaxPushesPerSecond, options.Time);

    /// <summary>Carries out a request whose body is complete.</summary>
    /// <param name="request">The head.</param>
    /// <param name="body">The body as sent; not used after the return.</param>
    /// <param name="confirmation">Null if the answer is final and counted. Else the answer is to be given to <see cref="Finish"/> with its result.</param>
    public Answer Handle(in PushRequest request, ReadOnlyMemory<byte> body, out Task<string?>? confirmation)
    {
        confirmation = null;
        if (request.Encoding == BodyEncoding.Gzip && request.Method != PushMethod.Delete && GzipBody.CheckHeader(body.Span) is { } refused)
        {
            metrics.CountServed(request.Door);
            var answered = new Answer(400, refused, Why: Refusal.Encoding);
            Blame(request, answered);
            return answered;
        }

        Answer answer = options.Gate is { IsOpen: false } ? Answer.Loading : Apply(request, body);
        readers.BoundHeldBytes();
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
        metrics.CountRefusal(answer.Limit);
        Blame(request, answer);
    }

    // The store has its own word on what it has refused itself.
    private void Blame(in PushRequest request, in Answer answer)
    {
        log.Answered(request, answer);
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

    /// <summary>The language that a Content-Type stands for: text, unless it names another one exactly.</summary>
    public static PushFormat FormatOf(ReadOnlySpan<byte> contentType) =>
        PushContentType.IsDelimitedProtobuf(contentType) ? PushFormat.Protobuf
        : PushContentType.IsOpenMetrics(contentType) ? PushFormat.OpenMetrics
        : PushFormat.Text;

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

        if (!_rate.TryTake(key))
        {
            return Answer.TooOften(options.MaxPushesPerSecond);
        }

        BodyEncoding encoding = ContentCoding.Settle(request.Encoding, body.Span);
        if (encoding is BodyEncoding.Identity or BodyEncoding.Unknown)
        {
            return Push(request, key, body, asItIs: encoding == BodyEncoding.Unknown && !body.IsEmpty);
        }

        long limit = options.DecodedLimit;
        using var decoded = new PooledBody(inflight, request.Owner);
        DecodeOutcome outcome = encoding switch
        {
            BodyEncoding.Gzip => GzipBody.Decode(body, decoded, limit),
            BodyEncoding.Snappy => SnappyBody.Decode(body, decoded, limit),
            BodyEncoding.Zstd => ZstdBody.Decode(body, decoded, limit),
            BodyEncoding.RawDeflate => DeflateBody.DecodeRaw(body, decoded, limit),
            _ => DeflateBody.Decode(body, decoded, limit),
        };
        return outcome.TooLarge ? Answer.TooLargeDecoded(limit)
            : outcome.NoRoom ? Answer.NoRoom with { Close = false }
            : outcome.Error is not null && encoding == BodyEncoding.RawDeflate ? Push(request, key, body, asItIs: true)
            : outcome.Error is { } error ? new Answer(400, error, Why: Refusal.Encoding)
            : Push(request, key, decoded.Memory, asItIs: false);
    }

    // A body whose encoding cannot be undone may be plain all the same; if not, the encoding is the reason to give.
    private Answer Push(in PushRequest request, GroupingKey key, ReadOnlyMemory<byte> body, bool asItIs)
    {
        if (request.Format == PushFormat.Protobuf || !Utf16Body.Starts(body.Span))
        {
            return Store(request, key, body, asItIs);
        }

        using var text = new PooledBody(inflight, request.Owner);
        DecodeOutcome outcome = Utf16Body.Decode(body.Span, text, options.DecodedLimit);
        return outcome.TooLarge ? Answer.TooLargeDecoded(options.DecodedLimit)
            : outcome.NoRoom ? Answer.NoRoom with { Close = false }
            : outcome.Error is { } error ? new Answer(400, error, Why: Refusal.Encoding)
            : Store(request, key, text.Memory, asItIs);
    }

    private Answer Store(in PushRequest request, GroupingKey key, ReadOnlyMemory<byte> body, bool asItIs)
    {
        PushMode mode = request.Method == PushMethod.Put ? PushMode.Replace : PushMode.Merge;
        PushOutcome outcome = target.Push(key, request.Format, body, mode, new PushDetails(request.ExpireAfter, request.Sender));
        return outcome.Status switch
        {
            PushStatus.Stored => new Answer(200),
            PushStatus.Accepted => new Answer(202, Why: outcome.Error is null ? Refusal.None : Refusal.Inconsistent),
            PushStatus.TooManySeries => new Answer(413, outcome.Error, Close: false, Limit.SeriesPerPush),
            PushStatus.TooManyNameSets => new Answer(507, outcome.Error, Close: false, Limit.GroupingNameSets, Refusal.Overload),
            PushStatus.RenderedTooLarge => new Answer(413, outcome.Error, Close: false, Limit.RenderedBytes),
            PushStatus.GroupingKeyTooLong => new Answer(414, outcome.Error, Close: false, Limit.GroupingKeyBytes, Refusal.TooLarge),
            PushStatus.GroupTooLarge => new Answer(507, outcome.Error, Close: false, Limit.GroupBytes, Refusal.TooLarge),
            PushStatus.StoreFull => new Answer(507, outcome.Error, Close: false, Limit.StoredBytes, Refusal.Overload),
            PushStatus.TooManyGroups => new Answer(507, outcome.Error, Close: false, Limit.Groups, Refusal.Overload),
            PushStatus.LabelTooLong => new Answer(400, outcome.Error, Close: false, Limit.LabelValueBytes, Refusal.TooLarge),
            PushStatus.Malformed when asItIs => new Answer(415, $"Content-Encoding is not one of {ContentCoding.Understood}; read as it is: {outcome.Error}", Why: Refusal.Encoding),
            PushStatus.Malformed => new Answer(400, outcome.Error, Why: Refusal.Malformed),
            _ => new Answer(400, outcome.Error, Why: Refusal.Inconsistent),
        };
    }
}
