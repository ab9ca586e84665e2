using Exposition.Engine;
using Exposition.Replication.Merging;
using Exposition.Replication.Waiting;

namespace Exposition.Replication.Following;

// Starting --caught up--> Live --log lost--> Away --caught up--> Live
//     \________ what a later version has written, or a log that cannot be used: Refused

/// <summary>Follows the log: one loop, in its order.</summary>
internal sealed class Follower(
    MetricStore store, IGroupLog log, ReplicationOptions options, TimeProvider time, AppliedRevision applied, Applying applying,
    Unshared unshared, ReplicationCounts counts)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(2);

    private readonly Beginning _beginning = new(store, log, options, unshared);
    private string? _incarnation;
    private IDisposable? _loading;
    private TimeSpan _pause = s_firstPause;
    private bool _wasLive;
    private bool _isCaughtUp;
    private bool _isAwayTold;
    private long _heard = time.GetTimestamp();
    private long _last;
    private volatile string? _reason = "the log was not reached yet";
    private volatile ReplicationPhase _phase;

    /// <summary>Called when the log has said all that it has, and has said nothing of itself: somebody has to take it into use.</summary>
    public Action? Found { get; set; }

    /// <summary>Called when it was caught up after an interruption.</summary>
    public Action? Resumed { get; set; }

    public ReplicationPhase Phase => _phase;

    public ReplicationStatus Status => new(
        _phase, _reason, applied.Now, Math.Max(Volatile.Read(ref _last), applied.Now), time.GetElapsedTime(Volatile.Read(ref _heard)),
        unshared.Count);

    /// <summary>Whether this node has been live.</summary>
    public bool WasLive => _wasLive;

    /// <summary>Follows until it is cancelled, or cannot go on at all.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        try
        {
            while (await TryFollowAsync(end))
            {
                await Task.Delay(_pause, time, end);
                _pause = _pause * 2 < s_longestPause ? _pause * 2 : s_longestPause;
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
        finally
        {
            EndLoading();
        }
    }

    private async Task<bool> TryFollowAsync(CancellationToken end)
    {
        try
        {
            await FollowAsync(end);
        }
        catch (LogUnavailableException e)
        {
            Lose(e.Message);
        }
        catch (LogRestartedException e)
        {
            Lose(e.Message);
            Restart(e.Message);
        }
        catch (Exception e) when (e is LogUnusableException or NewerFormatException)
        {
            EndLoading();
            (_reason, _phase) = (e.Message, ReplicationPhase.Refused);
            options.Notify?.Invoke(ReplicationNotice.Refused, e.Message);
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException || !end.IsCancellationRequested)
        {
            // A defect of the engine's client, most likely: what it was is said, and it is tried again.
            Lose($"{e.GetType().Name}: {e.Message}");
        }

        return true;
    }

    private async Task FollowAsync(CancellationToken end)
    {
        LogHead head = await log.OpenAsync(end);
        if (_incarnation is not null && (head.Incarnation != _incarnation || head.LastRevision < applied.Now))
        {
            Restart(head.Incarnation != _incarnation ? "the log is another one than before"
                : $"the log ends at {head.LastRevision}, and {applied.Now} was applied");
        }

        _incarnation = head.Incarnation;
        _isCaughtUp = false;
        Volatile.Write(ref _last, Math.Max(_last, head.LastRevision));
        counts.Opened(isFull: applied.Now == 0);
        if (!_wasLive)
        {
            if (applied.Now == 0)
            {
                await _beginning.PrepareAsync(end);
            }

            _loading ??= store.BeginLoading();
        }

        await foreach (LogEvent logged in log.ReadAsync(applied.Now, end))
        {
            Volatile.Write(ref _heard, time.GetTimestamp());
            if (logged.Kind == LogEventKind.Entry)
            {
                applying.Apply(logged, _phase == ReplicationPhase.Live);
            }

            Volatile.Write(ref _last, LastKnown(logged));
            _isCaughtUp |= logged.Kind == LogEventKind.CaughtUp;
            if (_isCaughtUp && _phase != ReplicationPhase.Live)
            {
                TryGoLive();
            }
        }

        throw new LogUnavailableException("the reading of the log has ended");
    }

    // The last revisions of a log may be of what readers are not given: there is nothing behind what was applied then.
    private long LastKnown(in LogEvent logged) => logged.Kind == LogEventKind.CaughtUp
        || (logged.Kind == LogEventKind.Alive && logged.Revision >= _last) ? applied.Now : Math.Max(_last, logged.Revision);

    private void TryGoLive()
    {
        EndLoading();
        _pause = s_firstPause;
        bool seeds = !_wasLive && options.Seed && !applying.IsSeeded;
        if (applying.MetaRevision == 0 || seeds)
        {
            if (!_wasLive && !options.Seed && store.GroupCount > 0)
            {
                Say("the log is empty, and this node has groups: start one node with --replication.seed, or this one without its file");
                return;
            }

            _reason = "the log is being taken into use";
            Found?.Invoke();
            return;
        }

        if (!_wasLive)
        {
            applying.RemoveUnseen();
        }

        counts.Settle(store.Shared.Settle());
        bool isBack = _wasLive;
        _isAwayTold = false;
        (_reason, _phase, _wasLive) = (null, ReplicationPhase.Live, true);
        options.Notify?.Invoke(ReplicationNotice.Live, $"{store.GroupCount} groups at revision {applied.Now}");
        if (isBack)
        {
            Resumed?.Invoke();
        }
    }

    private void Say(string reason)
    {
        if (_reason != reason)
        {
            _reason = reason;
            options.Notify?.Invoke(ReplicationNotice.Refused, reason);
        }
    }

    private void Lose(string reason)
    {
        EndLoading();
        _reason = reason;
        if (!_isAwayTold)
        {
            _isAwayTold = true;
            options.Notify?.Invoke(ReplicationNotice.Away, reason);
        }

        _phase = _phase == ReplicationPhase.Live ? ReplicationPhase.Away : _phase;
    }

    private void Restart(string reason)
    {
        applying.Reset();
        applied.Reset();
        _incarnation = null;
        Volatile.Write(ref _last, 0);
        if (_wasLive)
        {
            applying.Unseen().ForEach(key => unshared.Add(key));
            options.Notify?.Invoke(
                ReplicationNotice.Restarted, $"{reason}: it is given the {unshared.Count} groups of this node that it lacks");
            _phase = ReplicationPhase.Away;
        }
    }

    // What was loaded is shown from then on.
    private void EndLoading()
    {
        _loading?.Dispose();
        _loading = null;
    }
}
