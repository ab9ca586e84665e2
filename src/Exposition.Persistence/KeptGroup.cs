using System.Diagnostics;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Remembering;

namespace Exposition.Persistence;

/// <summary>A group as a durable copy keeps it.</summary>
[DebuggerDisplay("{Key}, {Families.Length} families")]
public readonly ref struct KeptGroup
{
    private readonly FamilyEntry[]? _own;

    internal KeptGroup(GroupingKey key, ReadOnlySpan<FamilyEntry> families)
    {
        Key = key;
        Families = families;
    }

    // Of an array that becomes the store's.
    internal KeptGroup(GroupingKey key, FamilyEntry[] families)
        : this(key, families.AsSpan()) => _own = families;

    /// <summary>The group's labels.</summary>
    public GroupingKey Key { get; }

    /// <summary>Its families in byte order of their names.</summary>
    internal ReadOnlySpan<FamilyEntry> Families { get; }

    /// <summary>
    /// When its series expire, in nanoseconds since the Unix epoch, 0 for never, if its last push said so; null where the rules say it:
    /// then those that are in force at the start count.
    /// </summary>
    public long? ExpiresAt { get; init; }

    /// <summary>The last push that was refused, as far as it is known.</summary>
    public PushFailure? LastFailure { get; init; }

    // What it remembers beside its families.
    internal KeptMemory Memory { get; init; }

    // GroupSnapshot.SeriesSince; 0 where nobody knows.
    internal long SeriesSince { get; init; }

    // What of it is written.
    internal GroupToWrite Content => new(Families, ExpiresAt, LastFailure, Memory);

    internal static KeptGroup Of(GroupSnapshot group, MetricStore store)
    {
        Debug.Assert(IsSorted(group.Families), "Families have an order.");
        return new KeptGroup(group.Key, group.Families)
        {
            ExpiresAt = group.HasExplicitExpiry ? store.ExpiryOf(group) : null,
            LastFailure = group.LastFailure,
            SeriesSince = group.SeriesSince,
            Memory = new KeptMemory(group.Memory, group.IdCount > 0 ? group.Slot.Ids : null, group.IdCount, store.State.IdKey)
            {
                Place = group.Slot.Place,
            },
        };
    }

    private static bool IsSorted(ReadOnlySpan<FamilyEntry> families)
    {
        int i = 1;
        while (i < families.Length && families[i - 1].Name.Span.SequenceCompareTo(families[i].Name.Span) < 0)
        {
            i++;
        }

        return i >= families.Length;
    }

    /// <summary>Puts the group back into a store.</summary>
    /// <param name="store">The store, which keeps the memory of the families.</param>
    public void RestoreInto(MetricStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        store.RestoreOwn(Key, _own ?? Families.ToArray(), ExpiresAt, LastFailure, Memory);
    }
}
