namespace Exposition.Store;

/// <summary>A group that has changed.</summary>
/// <param name="Key">Which.</param>
/// <param name="Version">The store's clock at the change; a later change has a greater one.</param>
/// <param name="Snapshot">The group as it is now, or null if it was deleted.</param>
public readonly record struct GroupChange(GroupingKey Key, long Version, GroupSnapshot? Snapshot);

/// <summary>
/// The changes of a store for one consumer. Changes of one group that were not yet taken coalesce into the newest, so a slow consumer
/// holds at most one change a group. Safe for concurrent use; one consumer takes.
/// </summary>
public sealed class ChangeFeed
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private TaskCompletionSource _some = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<GroupingKey, GroupChange> _pending = [];
    private Dictionary<GroupingKey, GroupChange> _spare = [];
    private long _since;

    internal ChangeFeed(TimeProvider time) => _time = time;

    /// <summary>Number of groups with a change that was not yet taken.</summary>
    public int Pending
    {
        get
        {
            lock (_lock)
            {
                return _pending.Count;
            }
        }
    }

    /// <summary>When the oldest change that was not yet taken happened, as a timestamp of the store's clock; null if there is none.</summary>
    public long? PendingSince
    {
        get
        {
            lock (_lock)
            {
                return _pending.Count > 0 ? _since : null;
            }
        }
    }

    /// <summary>Waits until there is something to take.</summary>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellation)
    {
        Task some;
        lock (_lock)
        {
            some = _some.Task;
        }

        await some.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Moves the pending changes into <paramref name="into"/>.</summary>
    /// <returns>How many were moved.</returns>
    public int Take(ICollection<GroupChange> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        Dictionary<GroupingKey, GroupChange> taken;
        lock (_lock)
        {
            taken = _pending;
            _pending = _spare;
            if (_some.Task.IsCompleted)
            {
                _some = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }

        foreach (GroupChange change in taken.Values)
        {
            into.Add(change);
        }

        int count = taken.Count;
        taken.Clear();
        _spare = taken;
        return count;
    }

    // Called by the store under its writer lock, so versions of one group arrive in order. Says whether the consumer may have the snapshot before.
    internal bool Publish(in GroupChange change, GroupSnapshot? before)
    {
        lock (_lock)
        {
            if (_pending.Count == 0)
            {
                _since = _time.GetTimestamp();
            }

            bool wasPending = _pending.TryGetValue(change.Key, out GroupChange pending) && ReferenceEquals(pending.Snapshot, before);
            _pending[change.Key] = change;
            _some.TrySetResult();
            return !wasPending;
        }
    }
}
