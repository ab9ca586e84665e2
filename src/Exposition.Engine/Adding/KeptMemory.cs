namespace Exposition.Engine.Adding;

/// <summary>What a group remembers beside its families, as a durable copy keeps it.</summary>
/// <param name="Memory">Mode and sources.</param>
/// <param name="Ids">The ids; null where no push had one.</param>
/// <param name="IdCount">The number of the newest id that belongs to it.</param>
/// <param name="Key">The key under which they are hashed.</param>
internal readonly record struct KeptMemory(GroupMemory? Memory, PushIds? Ids, long IdCount, IdKey? Key)
{
    /// <summary>That of a snapshot.</summary>
    public static KeptMemory Of(GroupSnapshot group, MetricStore store) =>
        new(group.Memory, group.IdCount > 0 ? group.Slot.Ids : null, group.IdCount, store.State.IdKey);
}
