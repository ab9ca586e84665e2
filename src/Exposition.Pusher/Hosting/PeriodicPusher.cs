using Exposition.Pusher.Sending;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Hosting;

/// <summary>
/// Pushes at intervals as long as the host runs, whatever happens to a push, and once more when all its services have stopped: what they
/// did last is in it.
/// </summary>
internal sealed class PeriodicPusher : IHostedLifecycleService, IAsyncDisposable, IDisposable
{
    private readonly PushgatewayClient _client;
    private readonly PusherOptions _options;
    private readonly PusherSources _sources;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<double> _random;
    private readonly PushGroup _group;
    private readonly FailureLog _failures;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private Task _loop = Task.CompletedTask;
    private bool _hasEnded;

    public PeriodicPusher(
        PushgatewayClient client, PusherOptions options, PusherSources sources, TimeProvider time, ILogger logger, Func<double> random)
    {
        (_client, _options, _sources, _time, _logger, _random) = (client, options, sources, time, logger, random);
        _group = options.ToGroup();
        _failures = new FailureLog(logger, time);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_sources.IsEmpty)
        {
            PushLog.NoSources(_logger, _group.ToString());
        }

        if (_options.Interval > TimeSpan.Zero)
        {
            _loop = LoopAsync();
        }

        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // No more pushes begin; one that is under way goes on, but not again.
    public Task StopAsync(CancellationToken cancellationToken) => _stopping.CancelAsync();

    // Bound by its own timeout alone: services that have taken all of the host's time shall not cost the last push.
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        long start = _time.GetTimestamp();
        await _stopping.CancelAsync().ConfigureAwait(false);
        await EndLoopAsync().ConfigureAwait(false);
        TimeSpan left = _options.StopTimeout - _time.GetElapsedTime(start);
        try
        {
            if (_options.DeleteOnStop)
            {
                var order = new PushOrder(HttpMethod.Delete, _group, Body: null);
                await _client.Sender.SendAsync(order, left, default, default).ConfigureAwait(false);
            }
            else if (_options.PushOnStop)
            {
                await _client.Sender.SendAsync(Order(), left, default, default).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (_options.DeleteOnStop)
        {
            PushLog.NotDeleted(_logger, _group.ToString(), e.Message, e);
        }
        catch (Exception e)
        {
            PushLog.LastPushLost(_logger, _group.ToString(), e.Message, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _aborting.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        _stopping.Dispose();
        _aborting.Dispose();
    }

    // A container that is disposed of without waiting: what is under way is cut off, and the loop ends by itself.
    public void Dispose()
    {
        _stopping.Cancel();
        _aborting.Cancel();
    }

    // One push after the other, so an old one that is late cannot replace the last one: it is waited for, or its connection is cut.
    private async Task EndLoopAsync()
    {
        using ITimer abort = _time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), _aborting, _options.StopTimeout / 2, Timeout.InfiniteTimeSpan);
        await _loop.ConfigureAwait(false);
    }

    private async Task LoopAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await Task.Delay(_options.Interval * _random(), _time, _stopping.Token).ConfigureAwait(false);
            using var ticks = new PeriodicTimer(_options.Interval, _time);
            do
            {
                await PushAsync().ConfigureAwait(false);
            }
            while (await ticks.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
    }

    private async Task PushAsync()
    {
        try
        {
            await _client.Sender.SendAsync(Order(), within: null, _stopping.Token, _aborting.Token).ConfigureAwait(false);
            long failed = _failures.Succeeded();
            if (failed > 0)
            {
                PushLog.Recovered(_logger, _group.ToString(), failed);
            }
        }
        catch (OperationCanceledException) when (_aborting.IsCancellationRequested)
        {
        }
        catch (Exception e)
        {
            // The next one may succeed, whatever it was.
            _failures.Failed(e.Message, e);
        }
    }

    private PushOrder Order() => new(
        _options.Method == PushMethod.Add ? HttpMethod.Post : HttpMethod.Put, _group, _sources.Collect(_options.Escaping),
        _options.ExpireAfter);
}
