using System.Runtime.CompilerServices;
using Exposition.Formats.Settings;
using Exposition.Replication.Nats.Appending;
using Exposition.Replication.Nats.Connecting;
using Exposition.Replication.Nats.Entries;
using Exposition.Replication.Nats.Reading;
using Exposition.Replication.Nats.Streams;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Replication.Nats;

/// <summary>
/// The log of <see cref="IGroupLog"/> in a stream of NATS JetStream: revisions are its sequences, of each subject it keeps the newest
/// message. It needs nats-server 2.12, better 2.15 or later, with <c>sync_interval: always</c>.
/// </summary>
/// <example>
/// <code>
/// var options = new NatsReplicationOptions { Servers = { server }, Replicas = 1, Node = "gateway-a" };   // in a cluster 3
/// await using var log = new NatsGroupLog(options, loggers);
/// using var node = new Replicator(store, log, new ReplicationOptions
/// {
///     Address = "gateway-a:9091",
///     Notify = (notice, text) => output.WriteLine($"{notice}: {text}"),
/// });
/// await node.RunAsync(end.Token);   // makes the stream, or says what is wrong with it; ends when it is cancelled
/// </code>
/// </example>
public sealed class NatsGroupLog : IGroupLog
{
    // No subject of an entry has a hyphen.
    private const string BarrierSubject = "-";

    private static readonly TimeSpan s_barrierLife = TimeSpan.FromMinutes(1);

    private readonly EngineLink _link;
    private readonly LogStream _stream;
    private readonly Appender _appender;
    private readonly CommitBarrier _barrier;
    private readonly ILogger _logger;
    private readonly string _name;
    private readonly Guid _run = Guid.NewGuid();
    private long _barriers;
    private long _consumers;
    private volatile string? _incarnation;
    private volatile int _maxMessage;

    /// <summary>Makes a log; nothing is reached before <see cref="OpenAsync"/>.</summary>
    /// <param name="options">Where and as whom; not to be changed afterwards.</param>
    /// <param name="loggers">What is logged goes there; null for nowhere.</param>
    /// <exception cref="ArgumentException">Options are wrong: the message names each, and what was expected.</exception>
    public NatsGroupLog(NatsReplicationOptions options, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionFaults.ThrowIfAny(options, OptionsCheck.FaultsOf(options));
        loggers ??= NullLoggerFactory.Instance;
        _logger = loggers.CreateLogger("Exposition.Replication.Nats");
        _link = new EngineLink(options, loggers, _logger);
        _stream = new LogStream(_link, options, _logger);
        _appender = new Appender(_link, _stream, options);
        _barrier = new CommitBarrier(AppendBarrierAsync);
        _name = string.Concat(options.Node.Select(static letter => OptionsCheck.IsOfAName(letter) ? letter : '_')) + $"-{_run:N}"[..9];
    }

    /// <inheritdoc/>
    public int MaxBytes =>
        int.Max(0, (_maxMessage > 0 ? int.Min(_maxMessage, _link.MaxPayload) : _link.MaxPayload) - EntryHeaders.MaxBytes);

    /// <inheritdoc/>
    public async ValueTask<LogHead> OpenAsync(CancellationToken cancellation)
    {
        await _link.OpenAsync(cancellation).ConfigureAwait(false);
        StreamPosition position = await _stream.OpenAsync(cancellation).ConfigureAwait(false);
        _maxMessage = position.MaxMessage;
        _incarnation = position.Incarnation;
        return new LogHead(position.Incarnation, (long)position.Last);
    }

    /// <inheritdoc/>
    public ValueTask<Appended> AppendAsync(LogEntry entry, long? expected, TimeSpan? timeToLive, CancellationToken cancellation) =>
        SendAsync(entry, expected, timeToLive, wipes: false, cancellation);

    /// <inheritdoc/>
    public ValueTask<Appended> WipeAsync(LogEntry entry, long? expected, CancellationToken cancellation) =>
        SendAsync(entry, expected, timeToLive: null, wipes: true, cancellation);

    /// <inheritdoc/>
    public async ValueTask<LogEvent?> FindAsync(string subject, CancellationToken cancellation)
    {
        Appended passed = await _barrier.PassAsync().WaitAsync(cancellation).ConfigureAwait(false);
        if (passed.Outcome != AppendOutcome.Committed)
        {
            throw new LogUnavailableException($"stream {_stream.Name} commits nothing now: {passed.Reason}");
        }

        if (await _stream.LastAsync(Full(subject), cancellation).ConfigureAwait(false) is not { } message)
        {
            return null;
        }

        if (!EntryHeaders.TryRead(Convert.FromBase64String(message.Hdrs ?? ""), out OperationId operation, out long stamp))
        {
            NatsLog.Foreign(_logger, message.Subject, message.Seq);
        }

        return new LogEvent(LogEventKind.Entry, (long)message.Seq, new LogEntry(subject, operation, stamp, message.Data));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogEvent> ReadAsync(long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using OrderedReader reader = Reader(after, headersOnly: false);
        while (true)
        {
            ReadStep step = await reader.NextAsync(cancellation).ConfigureAwait(false);
            yield return step.Kind == LogEventKind.Entry && Stamp(step) is { } stamp
                ? new LogEvent(
                    LogEventKind.Entry, stamp.Revision, new LogEntry(stamp.Subject, stamp.Operation, stamp.Stamp, step.Message.Data ?? []))
                : new LogEvent(step.Kind == LogEventKind.Entry ? LogEventKind.Alive : step.Kind, (long)step.Sequence);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<LogStamp> StampsAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await using OrderedReader reader = Reader(after: 0, headersOnly: true);
        while (true)
        {
            ReadStep step = await NextStampAsync(reader, cancellation).ConfigureAwait(false);
            if (step.Kind == LogEventKind.CaughtUp)
            {
                yield break;
            }

            if (step.Kind == LogEventKind.Entry && Stamp(step) is { } stamp)
            {
                yield return stamp;
            }
        }
    }

    /// <summary>Leaves the engine; what is being read ends.</summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private static async ValueTask<ReadStep> NextStampAsync(OrderedReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.NextAsync(cancellation).ConfigureAwait(false);
        }
        catch (LogRestartedException e)
        {
            throw new LogUnavailableException(e.Message, e);
        }
    }

    private OrderedReader Reader(long after, bool headersOnly) => new(
        _link, _stream, _logger, () => $"{_name}-{Interlocked.Increment(ref _consumers)}",
        _incarnation ?? throw new InvalidOperationException("the log was not opened"), (ulong)after, headersOnly);

    private ValueTask<Appended> SendAsync(
        in LogEntry entry, long? expected, TimeSpan? timeToLive, bool wipes, CancellationToken cancellation) =>
        entry.Body.Length > MaxBytes
            ? ValueTask.FromResult(new Appended(AppendOutcome.TooLarge, 0, $"{entry.Body.Length} bytes, the engine takes {MaxBytes}"))
            : _appender.AppendAsync(Full(entry.Subject), entry, expected, timeToLive, wipes, cancellation);

    private Task<Appended> AppendBarrierAsync() => _appender.AppendAsync(
        Full(BarrierSubject), new LogEntry(BarrierSubject, new OperationId(_run, Interlocked.Increment(ref _barriers)), 0, default),
        expected: null, s_barrierLife, wipes: false, CancellationToken.None).AsTask();

    // Null for what is no entry of the log: a barrier, or a message of somebody else.
    private LogStamp? Stamp(in ReadStep step)
    {
        string subject = step.Message.Subject[(_stream.Name.Length + 1)..];
        if (subject == BarrierSubject)
        {
            return null;
        }

        if (EntryHeaders.TryRead(step.Message.Headers, out OperationId operation, out long stamp))
        {
            return new LogStamp(subject, (long)step.Sequence, operation, stamp);
        }

        NatsLog.Foreign(_logger, step.Message.Subject, step.Sequence);
        return null;
    }

    private string Full(string subject) => $"{_stream.Name}.{subject}";
}
