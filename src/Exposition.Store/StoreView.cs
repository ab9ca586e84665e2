namespace Exposition.Store;

/// <summary>
/// All groups at one point in time. Holds the snapshots that it shows until it is disposed of: their memory must not be read after that,
/// as long as it is open none of it is used again. Not safe for concurrent use.
/// </summary>
internal sealed class StoreView : IDisposable
{
    private readonly MetricStore _store;
    private readonly int _count;
    private readonly int _place;
    private GroupSnapshot[]? _groups;

    internal StoreView(MetricStore store, GroupSnapshot[] groups, int count, int place)
    {
        _store = store;
        _groups = groups;
        _count = count;
        _place = place;
    }

    /// <summary>The groups in order of their keys.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlySpan<GroupSnapshot> Groups => _groups is { } groups ? groups.AsSpan(0, _count) : throw new ObjectDisposedException(nameof(StoreView));

    /// <inheritdoc cref="MetricStore.ExpiryOf"/>
    public long ExpiryOf(GroupSnapshot group) => _store.ExpiryOf(group);

    /// <summary>Lets go of the groups.</summary>
    public void Dispose()
    {
        if (_groups is { } groups)
        {
            _groups = null;
            _store.CloseView(_place, groups, _count);
        }
    }
}
