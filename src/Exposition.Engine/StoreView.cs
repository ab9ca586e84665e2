using Exposition.Engine.Groups;
using Exposition.Engine.Overdue;
using Exposition.Engine.Publishing;

namespace Exposition.Engine;

// Opening fixes the point in time; the groups are collected as they are asked for, some at a time: whoever goes through all of them anyway
// finds them in the cache, instead of having waited for the memory of each twice. What was newest then is kept meanwhile, whether or not it
// has been collected; what came and went since is not.

/// <summary>
/// All groups at one point in time. Holds the snapshots that it shows until it is disposed of: their memory must not be read after that,
/// as long as it is open none of it is used again. Not safe for concurrent use.
/// </summary>
internal sealed class StoreView : IDisposable
{
    private const int CollectedAtOnce = 1024;

    private readonly StoreState _state;
    private readonly long _at;
    private readonly int _place;
    private GroupMap? _map;
    private GroupSnapshot[]? _groups;
    private int _collected;

    internal StoreView(StoreState state, GroupMap map, long at, int place, GroupSnapshot[] groups)
    {
        (_state, _map, _at, _place, _groups) = (state, map, at, place, groups);
        Count = map.Slots.Length;
        Overdue = state.Expectations?.Begin();
        if (Count == 0)
        {
            _state.Groups.Timeline.Settle(_place, _at);
        }
    }

    /// <summary>How many groups there are.</summary>
    public int Count { get; }

    /// <summary>Which of them are overdue; null where no group is expected to be pushed to.</summary>
    public OverdueScan? Overdue { get; }

    /// <summary>The groups in order of their keys.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlySpan<GroupSnapshot> Groups =>
        _collected == Count && _groups is { } groups ? groups.AsSpan(0, Count) : FirstGroups(Count);

    /// <summary>The first of them, at least so many.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlySpan<GroupSnapshot> FirstGroups(int least)
    {
        ObjectDisposedException.ThrowIf(_map is null || _groups is null, this);
        if (_collected < least)
        {
            int end = Math.Min(Math.Max(least, _collected + CollectedAtOnce), Count);
            _state.Groups.Collect(_map.Slots[_collected..end], _at, _groups.AsSpan(_collected));
            _collected = end;
            if (end == Count)
            {
                _state.Groups.Timeline.Settle(_place, _at);
            }
        }

        return _groups.AsSpan(0, _collected);
    }

    /// <inheritdoc cref="MetricStore.ExpiryOf"/>
    public long ExpiryOf(GroupSnapshot group) => _state.Deadlines.ExpiryOf(group);

    /// <summary>Lets go of the groups.</summary>
    public void Dispose()
    {
        if (_groups is { } groups)
        {
            (_map, _groups) = (null, null);
            _state.Groups.CloseView(_place, groups, _collected);
            _state.Blocks.Retired.LookAfterView();
        }
    }
}
