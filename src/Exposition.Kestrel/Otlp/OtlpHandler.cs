using System.Text;
using Exposition.Engine;
using Exposition.Formats.Go;
using Exposition.Formats.Otlp;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;
using Microsoft.AspNetCore.Http;

namespace Exposition.Kestrel.Otlp;

/// <summary>
/// Serves OTLP/HTTP requests with metrics. The limits of bodies, the memory for them, the turns of large ones and what is kept of refusals
/// are those of pushes.
/// </summary>
internal sealed class OtlpHandler(ExpositionEngine engine)
{
    // What takes some milliseconds.
    private const int LargeBody = 64 << 10;
    private const int LargePacked = 4 << 10;

    // What a point takes until it is rendered, about: its labels, twice, and its place among the series.
    private const int ScratchOfPoint = 512;
    private const int ScratchPerByte = 3;

    private readonly OtlpIntake _intake = new(engine);

    /// <summary>Serves a request.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        var request = new PushRequest
        {
            Encoding = ContentCoding.Of(Encoding.UTF8.GetBytes(context.Request.Headers.ContentEncoding.ToString())),
            Format = PushFormat.Protobuf,
            AnnouncedBytes = context.Request.ContentLength ?? 0,
            Sender = Sender.Of(context),
            Caller = Caller.Of(engine, context),
            Client = engine.Clients.Of(context),
            StartedAt = engine.Options.Time.GetTimestamp(),
            Door = Door.Kestrel,
        };
        if (OtlpWire.TypeOf(context.Request.ContentType) is not { } type)
        {
            var unknown = new Answer(415, $"the Content-Type is {GoQuote.Text(context.Request.ContentType ?? "")}, expected "
                + $"{OtlpWire.Protobuf} or {OtlpWire.Json}", Why: Refusal.Encoding);
            engine.Pushes.CountMany(request, unknown);
            await Responses.ErrorAsync(context, unknown.Status, unknown.Text!);
            return;
        }

        using var body = new RequestBody(engine);
        request.Claim = body.Claim;
        OtlpOutcome outcome;
        try
        {
            outcome = await body.ReadAsync(context) is { } refused
                ? OtlpOutcome.Refused(refused)
                : await HandleAsync(request, body.Memory, type);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client has gone.
            engine.Pushes.CountMany(request, Answer.CutShort);
            context.Abort();
            return;
        }
        catch (Exception e)
        {
            outcome = OtlpOutcome.Refused(engine.Pushes.Fail(request, e));
            await OtlpWire.WriteAsync(context, type, outcome.Answer, outcome.Rejected);
            return;
        }

        engine.Pushes.CountMany(request, outcome.Answer);
        engine.Metrics.Otlp.Count(outcome.Stored, outcome.Rejected.Points);
        await OtlpWire.WriteAsync(context, type, outcome.Answer, outcome.Rejected);
    }

    private async ValueTask<OtlpOutcome> HandleAsync(PushRequest request, ReadOnlyMemory<byte> body, string type)
    {
        engine.Metrics.CountBody(request.Method, request.Format, request.Encoding, body.Length);
        if (engine.Options.CommitGate is { IsOpen: false })
        {
            return OtlpOutcome.Refused(Answer.Loading);
        }

        bool isLarge = body.Length >= (ContentCoding.IsPacked(ContentCoding.Settle(request.Encoding, body.Span)) ? LargePacked : LargeBody);
        OtlpBatch? batch = null;
        OtlpOutcome outcome = default;
        try
        {
            Answer answer = (isLarge ? null : Work(waits: false)) ?? await engine.Pushes.RunInTurnAsync(request, () => Work(waits: true));
            outcome = outcome.Rejected is not null ? outcome : batch?.End(unfinished: answer) ?? OtlpOutcome.Refused(answer);
        }
        finally
        {
            request.Claim?.GiveBack(batch?.Claimed ?? 0);
        }

        engine.Readers.BoundHeldBytes();
        return outcome.Stored > 0 && engine.Options.CommitGate?.Confirm() is { } confirmation && await confirmation is { } failure
            ? outcome with { Answer = Answer.NotConfirmed(failure) }
            : outcome;

        // Null where it is to be done, or gone on with, in a turn of its own.
        Answer? Work(bool waits)
        {
            OtlpOutcome? done = batch is null ? Decode(request, body, type, out batch) : null;
            done ??= batch is null ? null : _intake.Store(batch, request.Claim, waits);
            outcome = done ?? default;
            return done?.Answer;
        }
    }

    // Says why it is refused, or gives what is to be stored; neither where there is no memory for it.
    private OtlpOutcome? Decode(in PushRequest request, ReadOnlyMemory<byte> body, string type, out OtlpBatch? batch)
    {
        batch = null;
        BodyEncoding encoding = ContentCoding.Settle(request.Encoding, body.Span);
        if (!ContentCoding.IsPacked(encoding))
        {
            return encoding == BodyEncoding.Unknown
                ? OtlpOutcome.Refused(new Answer(415, $"Content-Encoding is not one of {ContentCoding.Understood}", Why: Refusal.Encoding))
                : Read(request, body, type, out batch);
        }

        using var decoded = new PooledBody(request.Claim);
        DecodeOutcome undone = engine.Pushes.Bodies.Undo(encoding, body, decoded, long.MaxValue, out long limit);
        return undone.NoRoom ? null
            : undone.TooLarge ? OtlpOutcome.Refused(engine.Pushes.Bodies.TooLarge(limit, body.Length))
            : undone.Error is { } error ? OtlpOutcome.Refused(new Answer(400, error, Why: Refusal.Encoding))
            : Read(request, decoded.Memory, type, out batch);
    }

    private OtlpOutcome? Read(in PushRequest request, ReadOnlyMemory<byte> body, string type, out OtlpBatch? batch)
    {
        batch = null;
        bool isJson = type == OtlpWire.Json;
        long taken = 0;
        try
        {
            if (!TryTake(request.Claim, isJson ? (long)ScratchPerByte * body.Length : 0, ref taken))
            {
                return null;
            }

            ReadOnlyMemory<byte> message = isJson ? OtlpJson.ToProtobuf(body.Span, engine.Options.DecodedLimit) : body;
            int most = engine.Options.MaxSeriesPerPush;
            long points = OtlpCheck.Run(message.Span, most > 0 ? most : long.MaxValue);
            if (TryTake(request.Claim, (points * ScratchOfPoint) + ((long)ScratchPerByte * message.Length), ref taken))
            {
                batch = _intake.Translate(message, request.Sender);
                (batch.Claimed, taken) = (taken, 0);
            }

            return null;
        }
        catch (OtlpException e)
        {
            return OtlpOutcome.Refused(e.Exceeds switch
            {
                OtlpBound.None => new Answer(400, e.Message, Why: Refusal.Malformed),
                OtlpBound.Points => new Answer(413, e.Message, Close: false, Limit.SeriesPerPush),
                OtlpBound.Resources => new Answer(413, e.Message, Close: false, Limit.OtlpResources),
                _ => new Answer(413, e.Message, Close: false, Limit.DecodedBytes),
            });
        }
        finally
        {
            request.Claim?.GiveBack(taken);
        }
    }

    // Small requests may go a little beyond what there is.
    private static bool TryTake(BodyClaim? claim, long bytes, ref long taken)
    {
        if (claim is null || bytes < LargeBody)
        {
            return true;
        }

        bool isThere = claim.TryTake(bytes);
        taken += isThere ? bytes : 0;
        return isThere;
    }
}
