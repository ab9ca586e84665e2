using Exposition.Replication.Nats.Connecting;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Nats.Reading;

// The client's own ordered consumer keeps the engine's heartbeats to itself, and cannot be given a name. A request for messages is open
// nearly all the time; what arrives for it is bounded in number and bytes, so a slow reader holds little.

/// <summary>One consumer at the engine, in memory of one of its servers, and the requests to it.</summary>
internal sealed class StreamConsumer : IAsyncDisposable
{
    private const int MessagesOfRequest = 512;
    private const int LeastBytesOfRequest = 16 << 20;
    private const string ConsumerDeleted = "Consumer Deleted";
    private const string ServerShutdown = "Server Shutdown";
    private const string LeadershipChange = "Leadership Change";

    // By the engine's own measure a node of which the consumer has died would be blind for half a minute: measured.
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_requestLife = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan s_silence = TimeSpan.FromSeconds(2.2);
    private static readonly TimeSpan s_unused = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_goodbye = TimeSpan.FromSeconds(1);

    private readonly EngineLink _link;
    private readonly string _stream;
    private readonly string _name;
    private readonly INatsSub<byte[]> _inbox;
    private readonly CancellationToken _session;
    private int _awaited;

    private StreamConsumer(EngineLink link, string stream, string name, INatsSub<byte[]> inbox, ulong pending, CancellationToken session)
    {
        (_link, _stream, _name, _inbox, _session) = (link, stream, name, inbox, session);
        Pending = pending;
    }

    /// <summary>How many messages it had to deliver when it was made.</summary>
    public ulong Pending { get; }

    /// <summary>Makes one that begins after a sequence.</summary>
    /// <exception cref="NatsException">The engine does not answer, or refuses.</exception>
    public static async ValueTask<StreamConsumer> StartAsync(
        EngineLink link, string stream, string name, ulong after, bool headersOnly, CancellationToken cancellation)
    {
        CancellationToken session = link.Session;
        var config = new ConsumerConfig
        {
            Name = name,
            AckPolicy = ConsumerConfigAckPolicy.None,
            DeliverPolicy = after == 0 ? ConsumerConfigDeliverPolicy.All : ConsumerConfigDeliverPolicy.ByStartSequence,
            OptStartSeq = after == 0 ? 0 : after + 1,
            HeadersOnly = headersOnly,
            MemStorage = true,
            NumReplicas = 1,
            InactiveThreshold = s_unused,
        };
        INatsJSConsumer made = await link.JetStream.CreateOrUpdateConsumerAsync(stream, config, cancellation).ConfigureAwait(false);

        // Not an inbox of the connection: there the client takes what comes for an answer, by the length of the message's own subject.
        INatsSub<byte[]> inbox = await link.Connection.SubscribeCoreAsync<byte[]>(
            link.JetStream.NewBaseInbox(), serializer: NatsRawSerializer<byte[]>.Default,
            opts: new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = 2 * MessagesOfRequest } },
            cancellationToken: cancellation).ConfigureAwait(false);
        return new StreamConsumer(link, stream, name, inbox, made.Info.NumPending, session);
    }

    /// <summary>What comes next; waits no longer than the engine's heartbeats may take.</summary>
    public async ValueTask<Delivery> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (_session.IsCancellationRequested)
            {
                return Delivery.Lost("the connection was lost");
            }

            try
            {
                if (_awaited == 0)
                {
                    await RequestAsync(cancellation).ConfigureAwait(false);
                }

                if (!_inbox.Msgs.TryRead(out NatsMsg<byte[]> message))
                {
                    if (!await WaitAsync(cancellation).ConfigureAwait(false))
                    {
                        return Delivery.Lost("it was silent");
                    }

                    continue;
                }

                if ((message.Subject == _inbox.Subject ? Told(message) : Delivered(message)) is { } delivery)
                {
                    return delivery;
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return Delivery.Lost("the connection was lost");
            }
            catch (NatsException e)
            {
                return Delivery.Lost(e.Message);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(s_goodbye);
        try
        {
            await _inbox.DisposeAsync().AsTask().WaitAsync(limit.Token).ConfigureAwait(false);
            if (_link.IsOpen)
            {
                await _link.JetStream.DeleteConsumerAsync(_stream, _name, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            // The engine forgets it by itself when it has not been used for a while.
        }
    }

    // False if nothing came for longer than heartbeats take.
    private async ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        Task<bool> some = _inbox.Msgs.WaitToReadAsync(_session).AsTask();
        try
        {
            return await some.WaitAsync(s_silence, cancellation).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private ValueTask RequestAsync(CancellationToken cancellation)
    {
        _awaited = MessagesOfRequest;
        var request = new ConsumerGetnextRequest
        {
            Batch = MessagesOfRequest,
            MaxBytes = int.Max(LeastBytesOfRequest, _link.MaxPayload + LeastBytesOfRequest),
            Expires = s_requestLife,
            IdleHeartbeat = s_heartbeat,
        };
        return _link.Connection.PublishAsync(
            $"{_link.JetStream.Opts.Prefix}.CONSUMER.MSG.NEXT.{_stream}.{_name}", request, replyTo: _inbox.Subject,
            serializer: NatsJSJsonSerializer<ConsumerGetnextRequest>.Default, cancellationToken: cancellation);
    }

    private Delivery? Delivered(in NatsMsg<byte[]> message)
    {
        _awaited--;
        return DeliveryPlace.TryParse(message.ReplyTo, out DeliveryPlace place)
            ? new Delivery(DeliveryKind.Message, message, place.Sequence, place.Count, place.Pending)
            : Delivery.Lost($"a message without a place: {message.ReplyTo}");
    }

    // Null for what needs nothing but another request.
    private Delivery? Told(in NatsMsg<byte[]> message)
    {
        int code = message.Headers?.Code ?? 0;
        string text = message.Headers?.MessageText ?? "";
        if (code == 100)
        {
            return Delivery.Quiet;
        }

        _awaited = 0;
        return code switch
        {
            _ when message.HasNoResponders => Delivery.Lost("no server has it"),
            408 => Delivery.Quiet,
            409 when text is ConsumerDeleted or ServerShutdown or LeadershipChange => Delivery.Lost(text),
            404 or 409 => null,
            _ => Delivery.Lost($"{code} {text}"),
        };
    }
}
