using Exposition.Gateway.Listening;
using Exposition.Hosting;
using Exposition.Replication;
using Microsoft.Extensions.Hosting;

namespace Exposition.Gateway.Replication;

/// <summary>Follows the log from the moment on at which what was kept is loaded, until the host stops.</summary>
internal sealed class ReplicationRun(ReplicatedGroups groups, Func<ICommitGate?> gate) : IHostedService, IDisposable
{
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestLook = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _end = new();
    private Task _run = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (groups.RestoresFrom.Length > 0)
        {
            await RequireEmptyLogAsync(cancellationToken);
        }

        _run = RunAsync();
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _run.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await groups.Log.DisposeAsync();
    }

    public void Dispose() => _end.Dispose();

    private async Task RunAsync()
    {
        while (gate() is { IsOpen: false })
        {
            await Task.Delay(s_look, _end.Token);
        }

        await groups.Replicator.RunAsync(_end.Token);
    }

    // What is restored would be thrown away, or be put in the place of what all gateways have.
    private async Task RequireEmptyLogAsync(CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(s_longestLook);
        LogHead head;
        try
        {
            head = await groups.Log.OpenAsync(timeout.Token);
        }
        catch (Exception e) when (e is LogUnavailableException or LogUnusableException or OperationCanceledException)
        {
            throw new ListenException(
                $"--persistence.restore-from={groups.RestoresFrom}: the replication log, which must be empty for that, cannot be read: "
                + e.Message);
        }

        if (head.LastRevision > 0)
        {
            throw new ListenException(
                $"--persistence.restore-from={groups.RestoresFrom}: the replication log has entries (the last is {head.LastRevision}): "
                + "restore beside an empty one, with --replication.seed, or push what is to be restored");
        }
    }
}
