using System.Net;
using Exposition.Engine;
using Exposition.Engine.Remembering;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Pacing;
using Exposition.Kestrel.Refusals;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Serving;

// Order of checks as in the Pushgateway: the gzip header (before routing, so not counted as a push), the path, the rest of the body, the
// store. But a DELETE has no body that could be wrong: some clients put Content-Encoding on every request.
//
// A body is complete when it comes here: its length, or the end of its chunks, has proven it at the door, and checksums or end marks what
// was packed. So a last line without an end was meant so, and the number in it is whole.
//
// What is done at once runs on the thread that serves the socket, so it is what takes little time: a body that is small, plain or decoded,
// or whose series are those of the group's last push. All else waits for a turn on a thread of the workers.

/// <summary>Carries out pushes and deletes for both doors, counts them, and logs those that are refused.</summary>
internal sealed class PushHandler(
    StoreTarget target, WireMetrics metrics, PushPath paths, OpenReaders readers, ExpositionOptions options, ClientLog log,
        RefusalBook refusals)
{
    // A packed body of this size most likely decodes to a large one: it is not tried here.
    private const int LargePacked = BodyPushes.LargeBody / 8;

    private readonly JobRate _rate = new(
        options.MaxPushesPerSecond, options.Time, pushes => metrics.Limits.See(Limit.PushesPerSecond, pushes));
    private readonly BodyPushes _bodies = new(target, metrics, options, log);
    private readonly FairWorkers _workers = new("large bodies", Environment.ProcessorCount, options.MaxQueuedBodies, options.Time);

    /// <summary>Decodes bodies and stores what pushes bring.</summary>
    public BodyPushes Bodies => _bodies;

    /// <summary>How many large bodies wait for their turn.</summary>
    public int Waiting => _workers.Waiting;

    /// <summary>Carries out a request whose body is complete, if it takes little time.</summary>
    /// <param name="request">The head.</param>
    /// <param name="body">The body as sent; not used after the return.</param>
    /// <param name="confirmation">Null if the answer is final and counted. Else the answer is to be given to <see cref="Finish"/> with its
    /// result.</param>
    /// <returns>Null if it would take long: then it is to be given to <see cref="HandleLargeAsync"/>.</returns>
    public Answer? Handle(in PushRequest request, ReadOnlyMemory<byte> body, out Task<string?>? confirmation)
    {
        confirmation = null;
        metrics.CountBody(request.Method, request.Format, request.Encoding, body.Length);
        if (request.Encoding == BodyEncoding.Gzip && request.Method != PushMethod.Delete && GzipBody.CheckHeader(body.Span) is { } refused)
        {
            metrics.CountServed(request.Door);
            var answered = new Answer(400, refused, Why: Refusal.Encoding);
            Blame(request, answered);
            return answered;
        }

        Answer? answer = options.CommitGate is { IsOpen: false } ? Answer.Loading
            : options.Changes is { Unavailable: { } reason } ? Answer.NotTaken(reason)
            : Apply(request, body);
        if (answer is { } done)
        {
            confirmation = Ended(request, done);
            if (confirmation is null)
            {
                Count(request, done);
            }
        }

        return answer;
    }

    /// <summary>Carries out a request that <see cref="Handle"/> has left, in its turn and on another thread.</summary>
    /// <param name="request">The head.</param>
    /// <param name="body">The body as sent; not used when the task is complete.</param>
    public async ValueTask<Answer> HandleLargeAsync(PushRequest request, ReadOnlyMemory<byte> body)
    {
        Answer answer = await RunInTurnAsync(request, () => ApplyLarge(request, body));
        return Finish(request, answer, Ended(request, answer) is { } confirmation ? await confirmation : null);
    }

    /// <summary>Makes the final answer to a request whose change had to be confirmed, and counts it.</summary>
    public Answer Finish(in PushRequest request, in Answer answer, string? failure)
    {
        Answer carried = answer.Later is { } later ? later.Result : answer;
        Answer final = failure is null ? carried : Answer.NotConfirmed(failure);
        Count(request, final);
        return final;
    }

    /// <summary>Counts a request that was answered without its body being complete.</summary>
    public void Count(in PushRequest request, in Answer answer)
    {
        metrics.CountPush(request.Method, request.HeadSize + request.AnnouncedBytes, request.StartedAt, answer.Status,
            request.Format);
        CountMany(request, answer);
    }

    /// <summary>Counts, logs and keeps the answer to a request for several groups, which is counted as a request elsewhere.</summary>
    public void CountMany(in PushRequest request, in Answer answer)
    {
        metrics.CountServed(request.Door);
        metrics.CountRefusal(answer.Limit);
        Blame(request, answer);
    }

    /// <summary>
    /// Takes pushes of jobs, all or none; false if there are too many of one (<see cref="ExpositionOptions.MaxPushesPerSecond"/>).
    /// </summary>
    public bool TryTake(IReadOnlyList<GroupingKey> keys) => _rate.TryTake(keys);

    /// <summary>Logs and counts a request over which the engine has failed.</summary>
    public Answer Fail(in PushRequest request, Exception thrown)
    {
        log.Failed("a push failed inside the engine", thrown);
        var answer = new Answer(500, "internal error");
        Count(request, answer);
        return answer;
    }

    // What the store has refused it has noted itself.
    private void Blame(in PushRequest request, in Answer answer)
    {
        log.Answered(request, answer);
        refusals.Note(request, answer);
        if (answer.Rejected != Rejection.None)
        {
            metrics.CountRejected(answer.Rejected);
        }

        if (request.Method == PushMethod.Delete || answer.Refusal is var why && why == Refusal.None)
        {
            return;
        }

        metrics.CountRefused(why);
        if (answer.Status < 400 || why is Refusal.Malformed or Refusal.Inconsistent || request.Route.Key is not { } key)
        {
            return;
        }

        // What was too much for this host others need not know: telling them would be more of it.
        if (why == Refusal.Overload)
        {
            target.NoteFailureHere(key, answer.Text ?? "", request.Sender);
        }
        else
        {
            target.NoteFailure(key, answer.Text ?? "", request.Sender);
        }
    }

    /// <summary>Whether a request may have to wait for a turn, as far as its head tells.</summary>
    /// <param name="request">The head.</param>
    /// <param name="length">Its Content-Length, or a negative number where it has none.</param>
    public static bool MayBeLarge(in PushRequest request, long length) =>
        length is < 0 or >= LargePacked || ContentCoding.IsPacked(request.Encoding);

    private Task<string?>? Ended(in PushRequest request, in Answer answer) =>
        answer.Later is { } later ? EndedAsync(request, later) : Applied(request, answer);

    private async Task<string?> EndedAsync(PushRequest request, Task<Answer> later) =>
        Applied(request, await later) is { } confirmation ? await confirmation : null;

    private Task<string?>? Applied(in PushRequest request, in Answer answer)
    {
        readers.BoundHeldBytes();
        if (answer.Status is not (200 or 202))
        {
            return null;
        }

        if (request.Method != PushMethod.Delete)
        {
            Keep(request);
            NotePutAgainstRule(request);
        }

        return options.CommitGate?.Confirm();
    }

    private void Keep(in PushRequest request)
    {
        if (request.Route is { IsNewKey: true, Key: { } key })
        {
            paths.Keep(key);
        }
    }

    // A PUT replaces the group whatever the rules say. Who has written a rule for it expects something else, so it is counted and logged.
    private void NotePutAgainstRule(in PushRequest request)
    {
        if (request is { Method: PushMethod.Put, GivenMode: null, Route.Key: { } key }
            && target.ModeOf(key) is not (PushMode.Replace or PushMode.Merge) and var mode)
        {
            metrics.CountPutAgainstRule();
            log.PutAgainstRule(request, key, PushModes.NameOf(mode));
        }
    }

    private Answer? Apply(in PushRequest request, ReadOnlyMemory<byte> body)
    {
        if (request.Route.Key is not { } key)
        {
            return new Answer(400, request.Route.Error, Why: Refusal.Path);
        }

        if (request.Method == PushMethod.Delete)
        {
            if (!options.DisableDelete && _bodies.Changes is null && target.Delete(key))
            {
                Keep(request);
            }

            return options.DisableDelete ? DisabledDeletes.Answer(options) : _bodies.Changes?.Delete(key) ?? new Answer(202);
        }

        if (request.HeaderError is { } wrong)
        {
            return new Answer(400, wrong, Why: Refusal.Header);
        }

        if (!_rate.TryTake(key))
        {
            return Answer.TooOften(options.MaxPushesPerSecond);
        }

        PushMode mode = _bodies.ModeOf(request, key);
        BodyEncoding encoding = ContentCoding.Settle(request.Encoding, body.Span);
        if (ContentCoding.IsPacked(encoding))
        {
            return body.Length < LargePacked ? _bodies.Decode(request, key, mode, encoding, body, waits: false) : null;
        }

        return !BodyPushes.IsLarge(key, body.Span) && !_bodies.IsLargeJoin(key, mode)
            ? _bodies.Push(request, key, mode, body, asItIs: encoding == BodyEncoding.Unknown && !body.IsEmpty, waits: false)
            : request.Charset is null
                && target.TryPushRepeated(key, request.Format, body, mode, request.Details) ? new Answer(200)
            : null;
    }

    /// <summary>Does work for a request in its turn, on another thread.</summary>
    /// <param name="request">The head.</param>
    /// <param name="work">Null where there is no memory for it: then it is done again when there is some.</param>
    public async ValueTask<Answer> RunInTurnAsync(PushRequest request, Func<Answer?> work)
    {
        // Where there was no memory in its turn it waits for memory, and then for another turn.
        TimeSpan patience = options.BodyTimeout > TimeSpan.Zero ? options.BodyTimeout : Timeout.InfiniteTimeSpan;
        long started = options.Time.GetTimestamp();
        ClientAddress client = request.Client
            ?? (request.Sender is IPEndPoint { Address: var address } ? ClientAddress.Of(address) : default);
        while (true)
        {
            Answer? answer = null;
            TurnOutcome turn = await _workers.RunAsync(client, Left(), () => answer = work());
            if (turn != TurnOutcome.Done)
            {
                return turn == TurnOutcome.Crowded ? Answer.TooManyQueued(options) : Answer.NoTurn;
            }

            if (answer is { } done)
            {
                return done;
            }

            if (request.Claim is null || !await request.Claim.WaitAsync(Left()))
            {
                return Answer.NoRoom with { Close = false };
            }
        }

        TimeSpan Left() => patience == Timeout.InfiniteTimeSpan ? patience : patience - options.Time.GetElapsedTime(started) is var left
            && left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    // Null where there is no memory for it.
    private Answer? ApplyLarge(in PushRequest request, ReadOnlyMemory<byte> body)
    {
        GroupingKey key = request.Route.Key!;
        PushMode mode = _bodies.ModeOf(request, key);
        BodyEncoding encoding = ContentCoding.Settle(request.Encoding, body.Span);
        return ContentCoding.IsPacked(encoding)
            ? _bodies.Decode(request, key, mode, encoding, body, waits: true)
            : _bodies.Push(request, key, mode, body, asItIs: encoding == BodyEncoding.Unknown, waits: true);
    }
}
