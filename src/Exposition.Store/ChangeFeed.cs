namespace Exposition.Store;

/// <summary>A group that has changed.</summary>
/// <param name="Key">Which.</param>
/// <param name="Version">The store's clock at the change; a later change has a greater one.</param>
/// <param name="Snapshot">The group as it is now, or null if it was deleted.</param>
public readonly record struct GroupChange(GroupingKey Key, long Version, GroupSnapshot? Snapshot);

/// <summary>
/// The changes of a store for one consumer. Changes of one group that were not yet taken coalesce into the newest, so a slow consumer
/// holds at most one change a group.
/// </summary>
public sealed class ChangeFeed
{
    /// <summary>Number of groups with a change that was not yet taken.</summary>
    public int Pending => throw new NotImplementedException();

    /// <summary>Waits until there is something to take.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Moves the pending changes into <paramref name="into"/>.</summary>
    /// <returns>How many were moved.</returns>
    public int Take(ICollection<GroupChange> into) => throw new NotImplementedException();
}
