using System.Diagnostics;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Content;

/// <summary>What a content says of its group, decoded.</summary>
/// <param name="Families">Its families in byte order of their names.</param>
/// <param name="ExpiresAt">When its series expire, in nanoseconds since the Unix epoch, 0 for never, if its last push said so; null where
/// the rules say it.</param>
/// <param name="LastFailure">The last push that was refused, as far as it is known.</param>
[DebuggerDisplay("{Families.Length} families")]
internal readonly record struct GroupState(FamilyEntry[] Families, long? ExpiresAt = null, PushFailure? LastFailure = null)
{
    /// <summary>What its last push did, as far as that is kept.</summary>
    public PushMode Mode { get; init; }

    /// <summary>Those that push cumulative values to it; null for none.</summary>
    public Dictionary<string, SourceState>? Sources { get; init; }

    /// <summary>Which ids are its own.</summary>
    public long Incarnation { get; init; }

    /// <summary>The number of its newest id; 0 where it has none.</summary>
    public long IdCount { get => Ids?.Last ?? field; init; }

    /// <summary>Its ids, where they are in it; in a durable copy they are beside it.</summary>
    public PushIds? Ids { get; init; }

    /// <summary>The key under which its ids are hashed, if they have their own.</summary>
    public IdKey? IdKey { get; init; }

    /// <summary>How it stands in the log of several nodes, as far as that is kept; null where there is none.</summary>
    public LogPlace? Place { get; init; }

    /// <summary>See <see cref="LogPlace.ReplacedAt"/>.</summary>
    public long ReplacedAt => Place?.ReplacedAt ?? 0;

    /// <summary>See <see cref="LogPlace.Height"/>.</summary>
    public long Height => Place?.Height ?? 0;

    /// <summary>Mode and sources.</summary>
    public GroupMemory? Memory
    {
        get => field ?? GroupMemory.After(Mode, Sources is null ? null : SourceTable.Of(Sources));
        init;
    }

    /// <summary>Ids that it has, in their order, the newest as the last one.</summary>
    public PushIds IdsOf(ReadOnlySpan<StoredId> ids, int most)
    {
        var all = new PushIds(Incarnation, IdCount) { Key = IdKey };
        all.Restore(ids, most);
        return all;
    }
}

/// <summary>The same, to be written.</summary>
internal readonly ref struct GroupToWrite(
    ReadOnlySpan<FamilyEntry> families, long? expiresAt, PushFailure? lastFailure, KeptMemory memory = default)
{
    public GroupToWrite(in GroupState state)
        : this(state.Families, state.ExpiresAt, state.LastFailure,
            new KeptMemory(state.Memory, state.Ids, state.IdCount, null) { Place = state.Place, HasIds = true })
    {
    }

    public ReadOnlySpan<FamilyEntry> Families { get; } = families;

    public long? ExpiresAt { get; } = expiresAt;

    public PushFailure? LastFailure { get; } = lastFailure;

    public KeptMemory Memory { get; } = memory;
}
