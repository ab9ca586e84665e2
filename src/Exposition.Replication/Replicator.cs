using Exposition.Engine;
using Exposition.Engine.Sharing;
using Exposition.Formats.Settings;
using Exposition.Replication.Announcing;
using Exposition.Replication.Following;
using Exposition.Replication.Healing;
using Exposition.Replication.Merging;
using Exposition.Replication.Messages;
using Exposition.Replication.Proposing;
using Exposition.Replication.Sending;
using Exposition.Replication.Waiting;

namespace Exposition.Replication;

/// <summary>
/// A node of several with one state: a store whose changes are appended to a shared log, and applied when they come back from it. Safe for
/// concurrent use. Nothing else may change the store while it runs, but for what its durable copy has restored before.
/// </summary>
/// <example>
/// <code>
/// var store = new MetricStore(new StoreOptions());
/// using var node = new Replicator(store, log, new ReplicationOptions());   // log: an IGroupLog, such as NatsGroupLog
/// Task run = node.RunAsync(end.Token);
/// while (!node.TakesChanges)
/// {
///     await Task.Delay(100, end.Token);   // until all that the log has is here
/// }
///
/// GroupingKey key = GroupingKey.Create(("job", "nightly_backup"), ("instance", "db1"));
/// ReplicatedPush push = await node.PushAsync(key, PushFormat.Text, "backup_rows 3.14\n"u8.ToArray(), PushMode.Replace);
/// output.WriteLine(push.State == ReplicatedState.Applied ? $"{store.GetValue("backup_rows{instance=\"db1\"}")} rows" : push.Reason);
/// </code>
/// </example>
public sealed class Replicator : IDisposable
{
    private static readonly TimeSpan s_failuresApart = TimeSpan.FromSeconds(1);

    private readonly MetricStore _store;
    private readonly ReplicationOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly Follower _follower;
    private readonly AloneChanges _alone;
    private readonly Healer _healer;
    private readonly Appending _appending;
    private readonly Proposals _proposals;
    private readonly Deletes _deletes;
    private readonly KnownNodes _nodes;
    private readonly Announcer _announcer;
    private bool _isDisposed;

    /// <summary>Makes a node, which does nothing before <see cref="RunAsync"/>.</summary>
    /// <param name="store">Its store; the clock is that of its options.</param>
    /// <param name="log">The log; the caller disposes of it after the run.</param>
    /// <param name="options">How it takes part.</param>
    /// <exception cref="ArgumentException">Options are wrong: the message names each, and what was expected.</exception>
    public Replicator(MetricStore store, IGroupLog log, ReplicationOptions options)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(options);
        OptionFaults.ThrowIfAny(options, options.Faults());
        (_store, _options, _time) = (store, options, store.Options.Time);
        var applied = new AppliedRevision(_time);
        var sent = new SentOperations();
        var unshared = new Unshared();
        _nodes = new KnownNodes(_time, options.Address);
        var apart = new GrownApart(options, Counts);
        var applying = new Applying(store, options, _time, applied, sent, unshared, _nodes, apart, Counts);
        _alone = new AloneChanges(store, _time, applying, unshared);
        _follower = new Follower(store, log, options, _time, applied, applying, unshared, Counts);
        _appending = new Appending(log, options, _time, applied, sent, Counts);
        _healer = new Healer(store, log, options, _time, _follower, applying, applied, _appending, unshared, apart, Counts);
        _proposals = new Proposals(store, _appending, options, _time, Counts, _end.Token);
        _announcer = new Announcer(log, options, _time, applied, () => _follower.Phase == ReplicationPhase.Live);
        _deletes = new Deletes(store, log, _appending, applying, options, _time, _end.Token);
    }

    internal ReplicationOptions Options => _options;

    /// <summary>What was counted.</summary>
    public ReplicationCounts Counts { get; } = new();

    /// <summary>Where it is.</summary>
    public ReplicationStatus Status => _follower.Status;

    /// <summary>Appends that are in flight.</summary>
    public int AppendsInFlight => _appending.InFlight.Count;

    /// <summary>Their bytes.</summary>
    public long AppendBytesInFlight => _appending.InFlight.Bytes;

    /// <summary>The nodes that were heard of in the last minute, this one among them, where they have an address; at most 64.</summary>
    public IReadOnlyList<ReplicationNode> Nodes => _nodes.Read();

    /// <summary>Whether changes are taken now.</summary>
    public bool TakesChanges => _follower.Phase == ReplicationPhase.Live || TakesAlone;

    private bool TakesAlone => _options.WhenUnreachable == WhenUnreachable.Accept && _follower.Phase == ReplicationPhase.Away;

    /// <summary>Follows the log until it is cancelled. Once.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        using (end.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), _end))
        {
            await Task.WhenAll(_follower.RunAsync(_end.Token), _healer.RunAsync(_end.Token), _announcer.RunAsync(_end.Token));
        }
    }

    /// <summary>Reads, checks and appends a push, and waits until it is applied here.</summary>
    /// <param name="key">The group.</param>
    /// <param name="format">The body's language.</param>
    /// <param name="body">The decoded body; not used after the return.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    /// <param name="details">What else was said with it.</param>
    public Task<ReplicatedPush> PushAsync(
        GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode, PushDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (TakesAlone && (PushAsked.IsOne(mode, details) || _store.Shared.IsAddedTo(key)))
        {
            return Task.FromResult(new ReplicatedPush(
                ReplicatedState.Unavailable, default,
                $"pushes that add up are not taken while the log is away: {_follower.Status.Reason}"));
        }

        if (TakesAlone)
        {
            PushOutcome alone = _alone.Push(key, format, body, mode, details);
            return Task.FromResult(new ReplicatedPush(ReplicatedState.Unreplicated, alone));
        }

        if (_follower.Phase != ReplicationPhase.Live)
        {
            return Task.FromResult(new ReplicatedPush(ReplicatedState.Unavailable, default, _follower.Status.Reason));
        }

        PreparedPush? prepared = _store.Shared.Prepare(key, format, body, mode, details, out PushOutcome outcome);
        if (prepared is null || (prepared.Failure is not null && HasFailedJustNow(key)))
        {
            _store.Shared.Finished(prepared ?? new PreparedPush(key, default), format, body.Length, outcome, details.Sender);
            return Task.FromResult(new ReplicatedPush(ReplicatedState.Applied, outcome));
        }

        return FinishAsync(prepared, format, body.Length, outcome, details.Sender);
    }

    /// <summary>Remembers with a group, if it is there, that a push to it was refused before it came here.</summary>
    /// <param name="key">The group.</param>
    /// <param name="reason">What the client is told.</param>
    /// <param name="sender">Who it is.</param>
    public void NoteFailure(GroupingKey key, string reason, object? sender)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(reason);
        if (TakesAlone || _follower.Phase != ReplicationPhase.Live || HasFailedJustNow(key))
        {
            _store.NoteFailure(key, reason, sender);
        }
        else if (_store.Shared.PrepareFailure(key, reason, sender) is { } failure)
        {
            _ = NoteAsync(failure, reason, sender);
        }
    }

    /// <summary>Deletes a group, and waits until it is gone here.</summary>
    public async Task<ReplicatedDelete> DeleteAsync(GroupingKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (TakesAlone)
        {
            return new ReplicatedDelete(ReplicatedState.Unreplicated, _alone.Delete(key) ? 1 : 0);
        }

        return _follower.Phase == ReplicationPhase.Live ? await _deletes.DeleteAsync(key) : Unavailable();
    }

    /// <summary>
    /// Deletes groups as they are now: one that is pushed to meanwhile stays. Other nodes may see it in parts.
    /// </summary>
    /// <param name="keys">Which.</param>
    /// <returns>Which went.</returns>
    public async Task<ReplicatedDelete> DeleteAsync(IReadOnlyCollection<GroupingKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return _follower.Phase == ReplicationPhase.Live ? await _deletes.DeleteAsync(keys) : Unavailable();
    }

    /// <summary>Deletes all groups in one step, at every node.</summary>
    public async Task<ReplicatedDelete> WipeAsync() =>
        _follower.Phase == ReplicationPhase.Live ? await _deletes.WipeAsync() : Unavailable();

    /// <summary>Ends the run, and what is on its way.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _end.Cancel();
            _end.Dispose();
        }
    }

    private async Task<ReplicatedPush> FinishAsync(
        PreparedPush prepared, PushFormat format, int bytes, PushOutcome outcome, object? sender)
    {
        ReplicatedPush result = await _proposals.PushAsync(prepared);
        if (outcome is { Status: not (PushStatus.Stored or PushStatus.Accepted) } or { Error: not null })
        {
            // What is refused is refused, whether or not the log has the trace of it.
            result = new ReplicatedPush(ReplicatedState.Applied, outcome);
        }

        if (result.State == ReplicatedState.Applied)
        {
            _store.Shared.Finished(prepared, format, bytes, result.Outcome, sender);
        }

        return result;
    }

    // Where there is no room for it, it is known here only.
    private async Task NoteAsync(PreparedPush failure, string reason, object? sender)
    {
        if (await _proposals.PushAsync(failure) is { State: ReplicatedState.TooMany or ReplicatedState.TooManyBytes })
        {
            _store.NoteFailure(failure.Key, reason, sender);
        }
    }

    private bool HasFailedJustNow(GroupingKey key) =>
        _store.Shared.LastFailureOf(key) is { } last && Math.Abs(Message.Now(_time) - last.At) < s_failuresApart.Ticks * 100;

    private ReplicatedDelete Unavailable() => new(ReplicatedState.Unavailable, 0, _follower.Status.Reason);
}
