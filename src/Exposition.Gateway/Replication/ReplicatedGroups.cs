using Exposition.Engine;
using Exposition.Gateway.CommandLine;
using Exposition.Gateway.Logging;
using Exposition.Kestrel;
using Exposition.Kestrel.Outcomes;
using Exposition.Replication;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Replication;

/// <summary>The groups that this gateway has in common with others, as the target of changes.</summary>
internal sealed class ReplicatedGroups : IChangeTarget, IDisposable
{
    private readonly TimeSpan _readyGrace;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private long _awaySince;

    public ReplicatedGroups(MetricStore store, IGroupLog log, Flags flags, ILogger logger)
    {
        (Log, _logger, _time, _readyGrace) = (log, logger, store.Options.Time, flags.Replication.ReadyGrace);
        RestoresFrom = flags.RestoreFrom;
        ReplicationOptions options = flags.Replication.Options;
        (options.Address, options.Compressor, options.Notify) = (NodeAddress.Of(flags), new ZstdStates(), Tell);
        Replicator = new Replicator(store, log, options);
    }

    /// <summary>What joins them.</summary>
    public Replicator Replicator { get; }

    /// <summary>Where changes are written first.</summary>
    public IGroupLog Log { get; }

    /// <summary>The snapshot that the store begins with; empty for none.</summary>
    public string RestoresFrom { get; }

    /// <inheritdoc/>
    public string? Unavailable => Replicator.TakesChanges ? null : Replicator.Status.Reason ?? "the replication log is not live";

    /// <inheritdoc/>
    public string? NotReady => Replicator.Status switch
    {
        { Phase: ReplicationPhase.Live } => null,
        { Phase: ReplicationPhase.Away } away => AwayFor < _readyGrace ? null : away.Reason,
        var other => other.Reason,
    };

    /// <summary>For how long the log has been away; zero while it is there.</summary>
    public TimeSpan AwayFor =>
        Replicator.Status.Phase == ReplicationPhase.Away ? _time.GetElapsedTime(Volatile.Read(ref _awaySince)) : TimeSpan.Zero;

    /// <inheritdoc/>
    public async Task<ChangeResult> PushAsync(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details)
    {
        ReplicatedPush push = await Replicator.PushAsync(key, format, body, mode, details);
        return new ChangeResult(StateOf(push.State), push.Outcome, Reason: push.Reason)
        {
            Limit = push.State switch
            {
                ReplicatedState.TooMany => Limit.ReplicationAppends,
                ReplicatedState.TooManyBytes => Limit.ReplicationBytes,
                _ => Limit.None,
            },
        };
    }

    /// <inheritdoc/>
    public async Task<ChangeResult> DeleteAsync(GroupingKey key) => ResultOf(await Replicator.DeleteAsync(key));

    /// <inheritdoc/>
    public async Task<ChangeResult> DeleteAsync(IReadOnlyCollection<GroupingKey> keys) => ResultOf(await Replicator.DeleteAsync(keys));

    /// <inheritdoc/>
    public async Task<ChangeResult> WipeAsync() => ResultOf(await Replicator.WipeAsync());

    /// <inheritdoc/>
    public void NoteFailure(GroupingKey key, string reason, object? sender) => Replicator.NoteFailure(key, reason, sender);

    public void Dispose() => Replicator.Dispose();

    private static ChangeResult ResultOf(in ReplicatedDelete deleted) =>
        new(StateOf(deleted.State), Groups: deleted.Groups, Reason: deleted.Reason) { Keys = deleted.Keys };

    private static ChangeState StateOf(ReplicatedState state) => state switch
    {
        ReplicatedState.Applied => ChangeState.Done,
        ReplicatedState.TooLarge => ChangeState.TooLarge,
        ReplicatedState.Unreplicated => ChangeState.Alone,
        _ => ChangeState.Unavailable,
    };

    private void Tell(ReplicationNotice notice, string what)
    {
        switch (notice)
        {
            case ReplicationNotice.Live:
                _logger.ReplicationLive(what);
                break;
            case ReplicationNotice.Away:
                Volatile.Write(ref _awaySince, _time.GetTimestamp());
                _logger.ReplicationAway(what);
                break;
            case ReplicationNotice.Restarted:
                _logger.ReplicationRestarted(what);
                break;
            case ReplicationNotice.Healed:
                _logger.ReplicationHealed(what);
                break;
            case ReplicationNotice.GrownApart:
                _logger.ReplicationGrownApart(what);
                break;
            case ReplicationNotice.Refused:
                _logger.ReplicationRefused(what);
                break;
            default:
                _logger.ReplicationDamaged(what);
                break;
        }
    }
}
