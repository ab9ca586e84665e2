namespace Exposition.Store;

/// <summary>All groups at one point in time. Holds the snapshots that it shows until it is disposed of. Not safe for concurrent use.</summary>
public sealed class StoreView : IDisposable
{
    private GroupSnapshot[]? _groups;

    internal StoreView(GroupSnapshot[] groups) => _groups = groups;

    /// <summary>The groups in order of their keys.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlySpan<GroupSnapshot> Groups => _groups ?? throw new ObjectDisposedException(nameof(StoreView));

    /// <summary>Lets go of the groups.</summary>
    public void Dispose() => _groups = null;
}
