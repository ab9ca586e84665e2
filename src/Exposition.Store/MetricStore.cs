using Exposition.Formats;

namespace Exposition.Store;

/// <summary>The groups of pushed metrics. Safe for concurrent use; readers never wait for writers.</summary>
public sealed class MetricStore(StoreOptions options)
{
    /// <summary>The options that the store was made with.</summary>
    public StoreOptions Options { get; } = options;

    /// <summary>Number of groups.</summary>
    public int GroupCount => throw new NotImplementedException();

    /// <summary>Reads, checks and stores a body.</summary>
    /// <param name="key">The group.</param>
    /// <param name="format">The body's language.</param>
    /// <param name="body">The decoded body; not used after the return.</param>
    /// <param name="mode">What becomes of the group's other families.</param>
    public PushOutcome Push(GroupingKey key, PushFormat format, ReadOnlyMemory<byte> body, PushMode mode) => throw new NotImplementedException();

    /// <summary>Removes a group.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Delete(GroupingKey key) => throw new NotImplementedException();

    /// <summary>Removes all groups.</summary>
    /// <returns>How many there were.</returns>
    public int Wipe() => throw new NotImplementedException();

    /// <summary>Opens a view of all groups at one point in time.</summary>
    public StoreView OpenView() => throw new NotImplementedException();

    /// <summary>Starts a feed of the changes from now on.</summary>
    public ChangeFeed Subscribe() => throw new NotImplementedException();

    /// <summary>Puts a group back as a durable copy has kept it. It does not appear in change feeds.</summary>
    public void Restore(GroupingKey key, ReadOnlySpan<FamilyEntry> families) => throw new NotImplementedException();

    /// <summary>Names a family of the host itself, so that pushes cannot contradict it.</summary>
    /// <param name="name">The family's name.</param>
    /// <param name="type">Its type.</param>
    public void ReserveFamily(ReadOnlySpan<byte> name, MetricType type) => throw new NotImplementedException();
}
