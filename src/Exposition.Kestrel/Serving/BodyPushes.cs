using Exposition.Engine;
using Exposition.Engine.Remembering;
using Exposition.Engine.Ingest;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Serving;

/// <summary>Decodes bodies of pushes and gives them to the store.</summary>
internal sealed class BodyPushes(StoreTarget target, WireMetrics metrics, ExpositionOptions options, ClientLog log)
{
    /// <summary>A body that takes long: of empty lines, which are the slowest, about 10 ms; of others 1 ms.</summary>
    public const int LargeBody = 512 << 10;

    // What a small body becomes when its grouping labels are written on every line, and the length of the shortest line.
    private const int LargeRendering = 8 << 20;
    private const int ShortestLine = 4;

    // Any body may decode to so much.
    private const long DecodedFreely = 1 << 20;

    /// <summary>Changes that are carried out in the place of the store; null where the store carries them out.</summary>
    public LaterChanges? Changes { get; } = options.Changes is { } changes ? new LaterChanges(changes, log) : null;

    /// <summary>Decodes a body and stores it.</summary>
    /// <param name="request">The head.</param>
    /// <param name="key">The group.</param>
    /// <param name="mode">See <see cref="ModeOf"/>.</param>
    /// <param name="encoding">What is to be undone.</param>
    /// <param name="body">The body as sent.</param>
    /// <param name="waits">Whether it has its turn, and may take long.</param>
    /// <returns>Null where it would take long and may not, or where there is no memory for it.</returns>
    public Answer? Decode(
        in PushRequest request, GroupingKey key, PushMode mode, BodyEncoding encoding, ReadOnlyMemory<byte> body, bool waits)
    {
        long most = waits ? long.MaxValue : LargeBody;
        using var decoded = new PooledBody(request.Claim);
        DecodeOutcome outcome = Undo(encoding, body, decoded, most, out long limit);
        return outcome.NoRoom || (outcome.TooLarge && most < limit) ? null
            : outcome.TooLarge ? TooLarge(limit, body.Length)
            : outcome.Error is not null && encoding == BodyEncoding.RawDeflate ? Push(request, key, mode, body, asItIs: true, waits)
            : outcome.Error is { } error ? new Answer(400, error, Why: Refusal.Encoding)
            : !waits && (IsLarge(key, decoded.Memory.Span) || IsLargeJoin(key, mode)) ? null
            : Push(request, key, mode, decoded.Memory, asItIs: false, waits);
    }

    /// <summary>Undoes a content coding within the limits of all bodies, or less.</summary>
    /// <param name="encoding">The coding.</param>
    /// <param name="body">The body as sent.</param>
    /// <param name="into">Where the decoded one goes.</param>
    /// <param name="most">How much is wanted here.</param>
    /// <param name="limit">The limit for this body.</param>
    public DecodeOutcome Undo(BodyEncoding encoding, ReadOnlyMemory<byte> body, PooledBody into, long most, out long limit)
    {
        long byRatio = options.MaxDecodeRatio > 0 ? DecodedFreely + ((long)options.MaxDecodeRatio * body.Length) : long.MaxValue;
        limit = Math.Min(options.DecodedLimit, byRatio);
        DecodeOutcome outcome = ContentCoding.Undo(encoding, body, into, Math.Min(limit, most));
        metrics.Limits.See(Limit.DecodedBytes, into.Length);
        metrics.Limits.See(Limit.DecodeRatio, (into.Length - DecodedFreely) / Math.Max(1, body.Length));
        return outcome;
    }

    /// <summary>The answer to a body that <see cref="Undo"/> has stopped at its limit.</summary>
    public Answer TooLarge(long limit, int sent) =>
        limit < options.DecodedLimit ? Answer.TooDense(limit, sent, options) : Answer.TooLargeDecoded(limit);

    /// <summary>How a push is put together with what its group has.</summary>
    public PushMode ModeOf(in PushRequest request, GroupingKey key) =>
        request.GivenMode ?? (request.Method == PushMethod.Put ? PushMode.Replace : target.ModeOf(key));

    /// <summary>Whether a push is put together with a large group, which is as much work as a large body.</summary>
    public bool IsLargeJoin(GroupingKey key, PushMode mode) =>
        PushModes.Joins(mode) && JoinScratch(target.SizeOf(key)) > 0;

    /// <summary>How much memory it takes to put a push together with a group of so many bytes; 0 where that is little.</summary>
    public static long JoinScratch(long stored) => stored >= LargeBody ? PushScratch.OfJoin(stored) : 0;

    /// <summary>Whether it takes long to read and render a body.</summary>
    public static bool IsLarge(GroupingKey key, ReadOnlySpan<byte> body) =>
        body.Length >= LargeBody
        || ((long)key.Bytes.Length * body.Length / ShortestLine >= LargeRendering
            && (long)key.Bytes.Length * body.Count((byte)'\n') >= LargeRendering);

    /// <summary>Stores a body.</summary>
    /// <param name="request">The head.</param>
    /// <param name="key">The group.</param>
    /// <param name="mode">See <see cref="ModeOf"/>.</param>
    /// <param name="body">The body, decoded.</param>
    /// <param name="asItIs">Whether its encoding could not be undone: it may be plain all the same; if not, that is the reason to
    /// give.</param>
    /// <param name="waits">Whether it has its turn, and may wait for others that add to the group.</param>
    /// <returns>Null where it would have to wait and may not, or where there is no memory for it.</returns>
    public Answer? Push(in PushRequest request, GroupingKey key, PushMode mode, ReadOnlyMemory<byte> body, bool asItIs, bool waits)
    {
        TextCode code = request.Format == PushFormat.Protobuf ? TextCode.Utf8 : OtherText.CodeOf(body.Span, request.Charset);
        switch (code)
        {
            case TextCode.Utf8:
                return Store(request, key, mode, body, asItIs, waits);
            case TextCode.Unknown:
                return Answer.UnknownCharset(request.Charset!);
        }

        using var text = new PooledBody(request.Claim);
        DecodeOutcome outcome = OtherText.Decode(body.Span, code, text, options.DecodedLimit);
        return outcome.TooLarge ? Answer.TooLargeDecoded(options.DecodedLimit)
            : outcome.NoRoom ? Answer.NoRoom with { Close = false }
            : outcome.Error is { } error ? new Answer(400, error, Why: Refusal.Encoding)
            : Store(request, key, mode, text.Memory, asItIs, waits);
    }

    // To read a large body takes several times its size, and so does a large group that it is put together with: both are claimed of the
    // memory for bodies, too.
    private Answer? Store(in PushRequest request, GroupingKey key, PushMode mode, ReadOnlyMemory<byte> body, bool asItIs, bool waits)
    {
        long scratch = (IsLarge(key, body.Span) ? PushScratch.Of(key, request.Format, body.Span) : 0)
            + (PushModes.Joins(mode) ? JoinScratch(target.SizeOf(key)) : 0);
        BodyClaim? claim = scratch > 0 ? request.Claim : null;
        if (claim?.TryTake(scratch) == false)
        {
            return null;
        }

        try
        {
            return Changes is not null
                ? Changes.Push(request, mode, key, body, asItIs)
                : (waits ? target.Push(key, request.Format, body, mode, request.Details)
                    : target.TryPush(key, request.Format, body, mode, request.Details)) is { } outcome ? PushAnswer.Of(outcome, asItIs)
                : null;
        }
        finally
        {
            claim?.GiveBack(scratch);
        }
    }
}
