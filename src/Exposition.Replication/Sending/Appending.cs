using Exposition.Replication.Messages;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Sending;

/// <summary>How an append has ended.</summary>
internal enum AppendEnd : byte
{
    /// <summary>It is in the log, and applied here.</summary>
    Applied,

    /// <summary>Another change of the group was first; it is applied here.</summary>
    Conflict,

    /// <summary>It is not known to be in the log, and there is no more time.</summary>
    Unavailable,

    /// <summary>It is larger than an entry may be.</summary>
    TooLarge,
}

/// <summary>What has become of an append.</summary>
/// <param name="End">How it has ended.</param>
/// <param name="Revision">Its own, or that of the other change.</param>
/// <param name="Reason">What the log says.</param>
/// <param name="IsUnsure">Of a conflict: whether it may have been in the log for a while, before the other change.</param>
internal readonly record struct AppendResult(AppendEnd End, long Revision = 0, string? Reason = null, bool IsUnsure = false);

// One append may have to be sent more than once: where its answer was lost, it is sent again as it was, with the same operation and the
// same expectation. So if the first has come to be in the log after all, the second finds a conflict, and the feed has brought the
// operation by then; and if the second is in the log, the first never will be. Only a feed that was interrupted may have passed it over.

/// <summary>Appends entries, and waits until the own feed has applied them.</summary>
internal sealed class Appending(
    IGroupLog log, ReplicationOptions options, TimeProvider time, AppliedRevision applied, SentOperations sent, ReplicationCounts counts)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);

    /// <summary>How much is in flight.</summary>
    public InFlight InFlight { get; } = new(options.MaxAppends, options.MaxAppendBytes);

    /// <summary>Appends a message.</summary>
    /// <param name="subject">Its subject.</param>
    /// <param name="message">The message.</param>
    /// <param name="expected">The revision that the subject must have, 0 for none.</param>
    /// <param name="timeToLive">See <see cref="IGroupLog.AppendAsync"/>.</param>
    /// <param name="until">When it is given up, by the clock's timestamp.</param>
    /// <param name="cancellation">The end of all.</param>
    public async Task<AppendResult> AppendAsync(
        string subject, Message message, long expected, TimeSpan? timeToLive, long until, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> body = MessageCodec.Write(message, options.Compressor);
        if (body.Length > log.MaxBytes)
        {
            return new AppendResult(AppendEnd.TooLarge, Reason: TooLarge(body.Length));
        }

        if (!await InFlight.EnterAsync(body.Length, Left(until), time))
        {
            return new AppendResult(AppendEnd.Unavailable, Reason: "no turn was found in time: other changes were before it");
        }

        OperationId id = sent.Add(message, out SentOperation operation);
        var entry = new LogEntry(subject, id, message.Stamp, body);
        long started = time.GetTimestamp();
        try
        {
            AppendResult result = await SendAsync(
                entry, operation, message.Kind == MessageKind.Wipe, expected, timeToLive, until, cancellation);
            if (result.End == AppendEnd.Applied)
            {
                counts.AppendDurations.Observe(time.GetElapsedTime(started));
            }

            return result;
        }
        finally
        {
            InFlight.Leave(body.Length);
            sent.Remove(id);
        }
    }

    private async Task<AppendResult> SendAsync(
        LogEntry entry, SentOperation operation, bool isWipe, long expected, TimeSpan? timeToLive, long until,
        CancellationToken cancellation)
    {
        TimeSpan pause = s_firstPause;
        string? reason = null;
        bool isUnsure = false;
        while (Left(until) > TimeSpan.Zero && !cancellation.IsCancellationRequested)
        {
            Appended appended;
            using (var timeout = new CancellationTokenSource(Left(until), time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation))
            {
                appended = isWipe
                    ? await log.WipeAsync(entry, expected, either.Token)
                    : await log.AppendAsync(entry, expected, timeToLive, either.Token);
            }

            counts.Appended(appended.Outcome, entry.Body.Length);
            reason = appended.Reason ?? reason;
            isUnsure |= appended.Outcome == AppendOutcome.Unknown;
            switch (appended.Outcome)
            {
                case AppendOutcome.Committed:
                    return await IsHereAsync(entry.Subject, operation, appended.Revision, until, cancellation)
                        ? new AppendResult(AppendEnd.Applied, appended.Revision)
                        : new AppendResult(AppendEnd.Unavailable, Reason: "it is in the log, but does not come back from there");
                case AppendOutcome.TooLarge:
                    return new AppendResult(AppendEnd.TooLarge, Reason: TooLarge(entry.Body.Length));
                case AppendOutcome.Conflict:
                    if (!await applied.WaitAsync(appended.Revision, Left(until)))
                    {
                        break;
                    }

                    return operation.Seen > 0
                        ? new AppendResult(AppendEnd.Applied, operation.Seen)
                        : new AppendResult(AppendEnd.Conflict, appended.Revision, IsUnsure: isUnsure);
                case AppendOutcome.Refused:
                    return new AppendResult(AppendEnd.Unavailable, Reason: reason);
                default:
                    await Task.Delay(pause < Left(until) ? pause : Left(until), time, CancellationToken.None);
                    pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause;
                    break;
            }

            if (operation.Seen > 0)
            {
                return new AppendResult(AppendEnd.Applied, operation.Seen);
            }
        }

        return operation.Seen > 0 ? new AppendResult(AppendEnd.Applied, operation.Seen)
            : new AppendResult(AppendEnd.Unavailable, Reason: reason ?? "the log does not answer");
    }

    // Once applied, or what has taken its place, which a feed that was interrupted brings alone: then that is asked for, to wait for it.
    private async Task<bool> IsHereAsync(
        string subject, SentOperation operation, long revision, long until, CancellationToken cancellation)
    {
        bool isHere = await applied.WaitAsync(revision, Left(until));
        while (isHere && operation.Seen == 0 && Left(until) > TimeSpan.Zero && !cancellation.IsCancellationRequested)
        {
            using var timeout = new CancellationTokenSource(Left(until), time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
            try
            {
                // Of a group that was wiped meanwhile there is nothing.
                LogEvent? later = await log.FindAsync(subject, either.Token) ?? await log.FindAsync(Subjects.Meta, either.Token);
                return await applied.WaitAsync(later?.Revision ?? 0, Left(until));
            }
            catch (Exception e) when (e is LogUnavailableException or OperationCanceledException)
            {
                await Task.Delay(s_firstPause < Left(until) ? s_firstPause : Left(until), time, CancellationToken.None);
            }
        }

        return isHere && operation.Seen > 0;
    }

    /// <summary>When a change that comes now is given up, by the clock's timestamp.</summary>
    public long Until() => time.GetTimestamp() + (long)(options.Timeout.TotalSeconds * time.TimestampFrequency);

    private TimeSpan Left(long until) =>
        time.GetElapsedTime(time.GetTimestamp(), until) is var left && left > TimeSpan.Zero ? left : default;

    private string TooLarge(int bytes) => $"group too large to replicate: {bytes} bytes are more than the {log.MaxBytes} of an entry";
}
