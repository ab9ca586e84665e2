using Exposition.Replication.Nats.Connecting;
using Exposition.Replication.Nats.Streams;
using Microsoft.Extensions.Logging;
using NATS.Client.Core;

namespace Exposition.Replication.Nats.Reading;

// A consumer reads what the server with it has; the leader of the stream says what there is. So that all has been given is said only when
// the leader has said where the end is: a server that has fallen behind looks like one to which nothing new has come.

/// <summary>Reads the stream in order, through as many consumers as it takes.</summary>
internal sealed class OrderedReader(
    EngineLink link, LogStream stream, ILogger logger, Func<string> names, string incarnation, ulong after, bool headersOnly)
    : IAsyncDisposable
{
    // How often the engine is asked whether it has really lost something: a server that was stopped may answer from what it had.
    private const int TimesToBelieve = 3;

    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private StreamConsumer? _consumer;
    private Task _leaving = Task.CompletedTask;
    private ulong _position = after;
    private ulong _count;
    private ulong? _goal;
    private ulong _missing;
    private bool _isCaughtUp;
    private bool _asksLeader;
    private int _timesLess;
    private int _failures;
    private long _lastSign = Environment.TickCount64;
    private string _why = "";

    /// <summary>The next step; each comes within some two seconds as long as the engine is well.</summary>
    /// <exception cref="LogUnavailableException">The engine was away for longer than is bridged here.</exception>
    /// <exception cref="LogRestartedException">The stream is another one, or ends before what was read of it.</exception>
    public async ValueTask<ReadStep> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (_consumer is null && !await BeginAsync(cancellation).ConfigureAwait(false))
            {
                await PauseAsync(cancellation).ConfigureAwait(false);
                continue;
            }

            if (!_isCaughtUp && _position >= _goal)
            {
                _isCaughtUp = true;
                return new ReadStep(LogEventKind.CaughtUp, _goal.Value);
            }

            if (_asksLeader)
            {
                _asksLeader = false;
                if (await EndAsync(cancellation).ConfigureAwait(false) is { } end)
                {
                    return new ReadStep(_isCaughtUp ? LogEventKind.Alive : LogEventKind.CaughtUp, SetCaughtUp(end));
                }

                continue;
            }

            Delivery delivery = await _consumer!.NextAsync(cancellation).ConfigureAwait(false);
            if (delivery.Kind == DeliveryKind.Message && delivery.Count == _count + 1)
            {
                Advance(delivery);
                return new ReadStep(LogEventKind.Entry, delivery.Sequence, delivery.Message);
            }

            if (delivery.Kind == DeliveryKind.Quiet)
            {
                _asksLeader = true;
                continue;
            }

            Drop(delivery.Kind == DeliveryKind.Lost ? delivery.Why : "messages were lost on the way");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Drop("the end");
        await _leaving.ConfigureAwait(false);
    }

    private void Advance(in Delivery delivery)
    {
        _count = delivery.Count;
        _position = delivery.Sequence;
        _asksLeader = delivery.Pending == 0 && !_isCaughtUp;
        SawSign();
    }

    private void SawSign()
    {
        _lastSign = Environment.TickCount64;
        _failures = 0;
    }

    private ulong SetCaughtUp(ulong end)
    {
        _isCaughtUp = true;
        return end;
    }

    private async ValueTask<bool> BeginAsync(CancellationToken cancellation)
    {
        try
        {
            if (!link.IsOpen)
            {
                _why = "there is no connection";
                return false;
            }

            if (await PositionAsync(cancellation).ConfigureAwait(false) is not { } last)
            {
                return false;
            }

            _goal ??= last;
            _consumer = await StreamConsumer.StartAsync(
                link, stream.Name, names(), _position, headersOnly, cancellation).ConfigureAwait(false);
            (_count, _missing) = (0, 0);
            _asksLeader = _consumer.Pending == 0;
            if (_failures > 0)
            {
                NatsLog.Reading(logger, _why, _position);
            }

            return true;
        }
        catch (Exception e) when (e is NatsException or LogUnavailableException)
        {
            _why = e.Message;
            return false;
        }
    }

    // The end of the stream if all before it has been given; null if something is missing, or nobody can say.
    private async ValueTask<ulong?> EndAsync(CancellationToken cancellation)
    {
        try
        {
            if (await PositionAsync(cancellation).ConfigureAwait(false) is not { } last)
            {
                return null;
            }

            if (last > _position)
            {
                ulong? next = (await stream.NextAsync(_position + 1, cancellation).ConfigureAwait(false))?.Seq;
                if (next <= last)
                {
                    WaitFor(next.Value);
                    return null;
                }

                _position = last;
            }

            SawSign();
            return last;
        }
        catch (LogUnavailableException e)
        {
            // The consumer's server may be there and say so for ever, while most of the others are not.
            _why = e.Message;
            RequireSign();
            return null;
        }
    }

    // It is on its way, unless it was missing at the last look already.
    private void WaitFor(ulong missing)
    {
        if (missing == _missing)
        {
            Drop($"message {missing} does not come");
        }

        _missing = missing;
    }

    // Where the stream ends; null while it is not believed what the engine says.
    private async ValueTask<ulong?> PositionAsync(CancellationToken cancellation)
    {
        StreamPosition? position = await stream.PositionAsync(cancellation).ConfigureAwait(false);
        string? loss = position is not { } found ? $"stream {stream.Name} is not there any more"
            : found.Incarnation != incarnation ? $"stream {stream.Name} was created anew at {found.Incarnation}"
            : found.Last < _position ? $"stream {stream.Name} ends at {found.Last}, before {_position}, which was read of it"
            : null;
        if (loss is null)
        {
            _timesLess = 0;
            return position!.Value.Last;
        }

        if (++_timesLess >= TimesToBelieve)
        {
            throw new LogRestartedException(loss);
        }

        Drop(loss);
        return null;
    }

    // Nobody waits for a goodbye: the server that it is for may be gone.
    private void Drop(string why)
    {
        _why = why;
        if (_consumer is { } consumer)
        {
            _consumer = null;
            _failures++;
            _leaving = consumer.DisposeAsync().AsTask();
        }
    }

    private async ValueTask PauseAsync(CancellationToken cancellation)
    {
        RequireSign();
        double pause = double.Min(s_longestPause.TotalMilliseconds, s_firstPause.TotalMilliseconds * (1 << int.Min(_failures, 10)));
        _failures++;
        await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.5 + Random.Shared.NextDouble())), cancellation).ConfigureAwait(false);
    }

    private void RequireSign()
    {
        if (Environment.TickCount64 - _lastSign > s_patience.TotalMilliseconds)
        {
            throw new LogUnavailableException($"nothing could be read of stream {stream.Name} for {s_patience.TotalSeconds} s: {_why}");
        }
    }
}
