using System.Globalization;
using Exposition.Replication.Nats.Connecting;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace Exposition.Replication.Nats.Streams;

/// <summary>What the leader of a stream says of it.</summary>
/// <param name="Incarnation">When it was created, as the engine writes it.</param>
/// <param name="Last">The greatest sequence given.</param>
/// <param name="MaxMessage">The most bytes of a message that it takes; 0 for what the server takes.</param>
internal readonly record struct StreamPosition(string Incarnation, ulong Last, int MaxMessage);

/// <summary>The stream, as its leader answers for it.</summary>
internal sealed class LogStream(EngineLink link, NatsReplicationOptions options, ILogger logger)
{
    private const int NoSuchMessage = 10037;
    private const int NoSuchStream = 10059;
    private const int NameInUse = 10058;
    private const int OneServerOnly = 10074;
    private const int SubjectsOverlap = 10065;

    public string Name => options.Stream;

    /// <summary>The stream as it is, created if it is not there.</summary>
    /// <exception cref="LogUnavailableException">Nobody answers.</exception>
    /// <exception cref="LogUnusableException">It cannot hold the log.</exception>
    public async ValueTask<StreamPosition> OpenAsync(CancellationToken cancellation)
    {
        StreamInfo info = await InfoAsync(cancellation).ConfigureAwait(false) ?? await CreateAsync(cancellation).ConfigureAwait(false);
        string faults = StreamSettings.Faults(info.Config, Name, options.Replicas);
        return faults.Length == 0 ? Position(info)
            : throw new LogUnusableException($"stream {Name} of the engine cannot hold the log: {faults}");
    }

    /// <summary>Where the stream is now; null if it is not there.</summary>
    public async ValueTask<StreamPosition?> PositionAsync(CancellationToken cancellation) =>
        await InfoAsync(cancellation).ConfigureAwait(false) is { } info ? Position(info) : null;

    /// <summary>The newest message of a subject; null if there is none.</summary>
    public ValueTask<StoredMessage?> LastAsync(string subject, CancellationToken cancellation) =>
        MessageAsync(new StreamMsgGetRequest { LastBySubj = subject }, cancellation);

    /// <summary>The first message from a sequence on; null if there is none.</summary>
    public ValueTask<StoredMessage?> NextAsync(ulong from, CancellationToken cancellation) =>
        MessageAsync(new StreamMsgGetRequest { Seq = from, NextBySubj = $"{Name}.>" }, cancellation);

    private static StreamPosition Position(StreamInfo info) => new(
        info.Created.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), info.State.LastSeq, int.Max(0, info.Config.MaxMsgSize));

    private async ValueTask<StreamInfo?> InfoAsync(CancellationToken cancellation)
    {
        try
        {
            return (await link.JetStream.GetStreamAsync(Name, null, cancellation).ConfigureAwait(false)).Info;
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == NoSuchStream)
        {
            return null;
        }
        catch (NatsException e)
        {
            throw Unavailable(e);
        }
    }

    private async ValueTask<StreamInfo> CreateAsync(CancellationToken cancellation)
    {
        try
        {
            StreamConfig config = StreamSettings.Of(Name, options.Replicas);
            StreamInfo info = (await link.JetStream.CreateStreamAsync(config, cancellation).ConfigureAwait(false)).Info;
            NatsLog.StreamCreated(logger, Name, options.Replicas);
            return info;
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == NameInUse)
        {
            // Another node was quicker.
            return await InfoAsync(cancellation).ConfigureAwait(false) ?? throw Unavailable(e);
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == OneServerOnly)
        {
            throw new LogUnusableException(
                $"stream {Name} is to be kept by {options.Replicas} servers, but the engine is a single one; "
                + "expected a cluster, or 1 replica");
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == SubjectsOverlap)
        {
            throw new LogUnusableException($"another stream of the engine has subjects of {Name}.>; expected that none does");
        }
        catch (NatsException e)
        {
            throw Unavailable(e);
        }
    }

    private async ValueTask<StoredMessage?> MessageAsync(StreamMsgGetRequest request, CancellationToken cancellation)
    {
        try
        {
            string subject = $"{link.JetStream.Opts.Prefix}.STREAM.MSG.GET.{Name}";
            return (await link.JetStream.JSRequestResponseAsync<StreamMsgGetRequest, StreamMsgGetResponse>(
                subject, request, cancellation).ConfigureAwait(false)).Message;
        }
        catch (NatsJSApiException e) when (e.Error.ErrCode == NoSuchMessage)
        {
            return null;
        }
        catch (NatsException e)
        {
            throw Unavailable(e);
        }
    }

    private LogUnavailableException Unavailable(NatsException e) => new(
        e is NatsJSApiException told
            ? $"stream {Name}: the engine says: {told.Error.Description} ({told.Error.ErrCode})"
            : e is NatsNoRespondersException ? $"stream {Name}: no server answers for it; it has no leader, or JetStream is off"
            : $"stream {Name}: {e.Message}",
        e);
}
