namespace Exposition.Engine.Remembering;

/// <summary>What a group remembers beside its families and ids. Immutable.</summary>
/// <param name="Mode">What its last push did.</param>
/// <param name="Sources">Those that push cumulative values to it; null for none.</param>
internal sealed record GroupMemory(PushMode Mode, SourceTable? Sources = null)
{
    private static readonly GroupMemory s_series = new(PushMode.Series);
    private static readonly GroupMemory s_add = new(PushMode.Add);

    /// <summary>What it counts for in <see cref="MetricStore.StoredBytes"/>.</summary>
    public long Bytes => Sources?.Bytes ?? 0;

    /// <summary>That of a group after a push; null where there is nothing to remember.</summary>
    public static GroupMemory? After(PushMode mode, SourceTable? sources) =>
        sources is not null ? new GroupMemory(mode, sources)
        : mode switch
        {
            PushMode.Series => s_series,
            PushMode.Add => s_add,
            _ => null,
        };
}
