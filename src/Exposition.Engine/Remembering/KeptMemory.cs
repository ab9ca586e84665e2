namespace Exposition.Engine.Remembering;

/// <summary>What a group remembers beside its families, as a durable copy keeps it.</summary>
/// <param name="Memory">Mode and sources.</param>
/// <param name="Ids">The ids; null where no push had one.</param>
/// <param name="IdCount">The number of the newest id that belongs to it.</param>
/// <param name="Key">The key under which they are hashed, unless they have their own.</param>
internal readonly record struct KeptMemory(GroupMemory? Memory, PushIds? Ids, long IdCount, IdKey? Key)
{
    /// <summary>Whether the ids themselves are in it, as in a message; else they have rows of their own.</summary>
    public bool HasIds { get; init; }

    /// <summary>How it stands in the log of several nodes; null where there is none.</summary>
    public LogPlace? Place { get; init; }
}
