using System.Diagnostics;
using System.Runtime.InteropServices;
using Exposition.Engine;

namespace Exposition.Persistence.Following;

// A change leaves the backlog when it is on disk or when a newer one of its group has been taken; then the feed is told that its memory
// is not read any more. A group that cannot be written, because there is no memory for its row or the row would be too large, is set aside,
// so that the others go on: its change is let go of, and after a pause the group is written as a view of the store shows it then. What is
// on disk of it stays meanwhile: an older state is better than none.

/// <summary>
/// What is not on disk yet: the newest change of each group, and groups that could not be written. For one thread at a time but for what
/// says otherwise.
/// </summary>
internal sealed class Backlog(ChangeFeed feed, TimeProvider time)
{
    // What changes of many groups at once have made is let go of when they are written.
    private const int SmallTable = 4096;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromSeconds(15);

    private readonly Dictionary<GroupingKey, FeedChange> _next = [];
    private readonly HashSet<GroupingKey> _setAside = [];
    private readonly HashSet<GroupingKey> _retrying = [];
    private readonly List<FeedChange> _taken = [];
    private TimeSpan _pause = s_firstPause;
    private long _lastTried;
    private long _setAsideSince;

    /// <summary>Whether there is something to be written now.</summary>
    public bool HasWork => _next.Count > 0 || _retrying.Count > 0;

    /// <summary>Number of changes to be written next.</summary>
    public int Count => _next.Count;

    /// <summary>Number of groups that are set aside. Safe from any thread.</summary>
    public int SetAsideCount => _setAside.Count;

    /// <summary>Since when some group has been set aside, as a timestamp of the clock; null if none is. Safe from any thread.</summary>
    public long? SetAsideSince => Interlocked.Read(ref _setAsideSince) is var since and not 0 ? since : null;

    /// <summary>How long until the groups that are set aside are due again; null if there are none.</summary>
    public TimeSpan? RetryIn => _setAside.Count == 0 ? null : _pause - time.GetElapsedTime(_lastTried);

    /// <summary>The groups that are set aside and due.</summary>
    public IReadOnlySet<GroupingKey> Retrying => _retrying;

    public FeedChange[] Next() => [.. _next.Values];

    /// <summary>
    /// Takes changes of about so many bytes, of the next so many in the feed; less is left of these. What was taken is kept, whatever
    /// happens.
    /// </summary>
    public void Take(ref int left, long bytes)
    {
        int kept = 0;
        try
        {
            feed.Take(_taken, ref left, bytes);
        }
        finally
        {
            try
            {
                for (; kept < _taken.Count; kept++)
                {
                    Keep(_taken[kept]);
                }
            }
            finally
            {
                _taken.RemoveRange(0, kept);
            }
        }
    }

    /// <summary>A group is on disk.</summary>
    public void Written(GroupingKey key)
    {
        Drop(key);
        _setAside.Remove(key);
        _retrying.Remove(key);
    }

    /// <summary>
    /// All groups of the store are on disk, in a state at least as new as what waits here, but those that are set aside.
    /// </summary>
    public void AllWritten()
    {
        foreach (FeedChange change in _next.Values)
        {
            feed.Release(change);
        }

        _next.Clear();
        _setAside.ExceptWith(_retrying);
        _retrying.Clear();
    }

    /// <summary>A group could not be written: the others are to go on without it.</summary>
    /// <returns>Whether that is new; false if it was only tried again.</returns>
    public bool SetAside(GroupingKey key)
    {
        if (_setAside.Count == 0)
        {
            Interlocked.Exchange(ref _setAsideSince, time.GetTimestamp());
        }

        Drop(key);
        _setAside.Add(key);
        _lastTried = time.GetTimestamp();
        return !_retrying.Remove(key);
    }

    /// <summary>Whether a group is set aside, and not due.</summary>
    public bool IsSetAside(GroupingKey key) => _setAside.Contains(key) && !_retrying.Contains(key);

    /// <summary>Lets the groups that are set aside be tried again if they are due; the pause until the next time is longer.</summary>
    public void RetryDue()
    {
        Debug.Assert(_retrying.IsSubsetOf(_setAside), "Only what is set aside is tried again.");
        if (RetryIn is not { } wait)
        {
            _pause = s_firstPause;
        }
        else if (wait <= TimeSpan.Zero)
        {
            _pause = _pause * 2 < s_longestPause ? _pause * 2 : s_longestPause;
            RetryNow();
        }
    }

    public void RetryNow() => _retrying.UnionWith(_setAside);

    /// <summary>After a write: those that were tried again and are not in the store any more are done with.</summary>
    public void EndWrite()
    {
        _setAside.ExceptWith(_retrying);
        _retrying.Clear();
        if (_next.Count == 0 && _next.Capacity > SmallTable)
        {
            _next.TrimExcess();
            _taken.TrimExcess();
        }

        if (_setAside.Count == 0)
        {
            Interlocked.Exchange(ref _setAsideSince, 0);
        }
    }

    private void Keep(in FeedChange change)
    {
        // The new change is tried by itself.
        _setAside.Remove(change.Key);
        _retrying.Remove(change.Key);
        ref FeedChange waiting = ref CollectionsMarshal.GetValueRefOrAddDefault(_next, change.Key, out bool exists);

        // The same snapshot comes once more where only the last failure is new.
        if (exists && waiting.Snapshot != change.Snapshot)
        {
            feed.Release(waiting);
        }

        waiting = change;
    }

    private void Drop(GroupingKey key)
    {
        if (_next.Remove(key, out FeedChange change))
        {
            feed.Release(change);
        }
    }
}
