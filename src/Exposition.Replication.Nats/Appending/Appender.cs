using Exposition.Replication.Nats.Connecting;
using Exposition.Replication.Nats.Entries;
using Exposition.Replication.Nats.Streams;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Nats.Appending;

/// <summary>Appends messages to the stream, and says what is certain about each.</summary>
internal sealed class Appender(EngineLink link, LogStream stream, NatsReplicationOptions options)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMilliseconds(200);

    public async ValueTask<Appended> AppendAsync(
        string subject, LogEntry entry, long? expected, TimeSpan? timeToLive, bool wipes, CancellationToken cancellation)
    {
        if (!await link.IsOpenSoonAsync(cancellation).ConfigureAwait(false))
        {
            return new Appended(AppendOutcome.Unavailable, 0, "there is no connection to the engine");
        }

        long started = Environment.TickCount64;
        for (TimeSpan pause = s_firstPause; ; pause = pause < s_longestPause ? 2 * pause : pause)
        {
            NatsHeaders headers = EntryHeaders.Of(entry, stream.Name, expected, timeToLive, wipes);
            if (await SendAsync(subject, headers, entry.Body, cancellation).ConfigureAwait(false) is { } appended)
            {
                return appended;
            }

            // It conflicts with an append that may yet come to nothing: what is in the stream tells, now or soon.
            try
            {
                long found = await stream.LastAsync(subject, cancellation).ConfigureAwait(false) is { } last ? (long)last.Seq : 0;
                if (found != expected)
                {
                    return new Appended(AppendOutcome.Conflict, found);
                }

                if (Environment.TickCount64 - started > options.RequestTimeout.TotalMilliseconds)
                {
                    return new Appended(AppendOutcome.Unavailable, 0, "another append of the same subject is under way, without an end");
                }

                await Task.Delay(pause, cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is LogUnavailableException or OperationCanceledException)
            {
                return new Appended(AppendOutcome.Unavailable, 0, "another append of the same subject is under way");
            }
        }
    }

    private async ValueTask<Appended?> SendAsync(
        string subject, NatsHeaders headers, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        try
        {
            NatsMsg<PubAckResponse> answer = await link.Connection.RequestAsync(
                subject, body, headers, NatsRawSerializer<ReadOnlyMemory<byte>>.Default, NatsJSJsonSerializer<PubAckResponse>.Default,
                replyOpts: new NatsSubOpts { Timeout = options.RequestTimeout, ThrowIfNoResponders = false },
                cancellationToken: cancellation).ConfigureAwait(false);
            return answer switch
            {
                { HasNoResponders: true } => new Appended(AppendOutcome.Unavailable, 0, "the stream has no leader"),
                { Data: { } acknowledged } => AppendAnswer.Read(acknowledged),
                _ => new Appended(AppendOutcome.Unknown, 0, "the engine's answer is empty"),
            };
        }
        catch (NatsPayloadTooLargeException e)
        {
            return new Appended(AppendOutcome.TooLarge, 0, e.Message);
        }
        catch (NatsException e)
        {
            return new Appended(AppendOutcome.Unknown, 0, e is NatsNoReplyException ? "the engine has not answered" : e.Message);
        }
        catch (OperationCanceledException)
        {
            return new Appended(AppendOutcome.Unknown, 0, "the answer was not waited for any longer");
        }
    }
}
