namespace Exposition.Store;

/// <summary>A group as one push left it. Immutable.</summary>
public sealed class GroupSnapshot
{
    internal GroupSnapshot(GroupingKey key, FamilyEntry[] families)
    {
        Key = key;
        Entries = families;
    }

    /// <summary>The group's labels.</summary>
    public GroupingKey Key { get; }

    /// <summary>The families in byte order of their names, push_time_seconds and push_failure_time_seconds among them.</summary>
    public ReadOnlySpan<FamilyEntry> Families => Entries;

    internal FamilyEntry[] Entries { get; }

    /// <summary>Whether push_failure_time_seconds is not later than push_time_seconds (true where one is missing).</summary>
    public bool LastPushSuccessful => throw new NotImplementedException();
}
