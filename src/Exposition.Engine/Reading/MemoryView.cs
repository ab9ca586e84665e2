using System.Globalization;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Reading;

/// <summary>A copy of what a group remembers of the pushes that add to it. The caller's to keep.</summary>
/// <param name="Mode">What its last push did, in the words of the flag; null where that was to replace families, or all.</param>
/// <param name="Sources">The newest of its sources, the newest first, with the time of their last push.</param>
/// <param name="SourceCount">How many it knows the values of.</param>
/// <param name="Ids">The newest of its ids, the newest first, as the hashes that are kept, with the time of the push.</param>
/// <param name="IdCount">How many it knows.</param>
internal sealed record MemoryView(
    string? Mode, IReadOnlyList<(string Name, DateTimeOffset At)> Sources, int SourceCount,
    IReadOnlyList<(string Hash, DateTimeOffset At)> Ids, int IdCount)
{
    private const int MostSources = 20;
    private const int MostIds = 5;

    /// <summary>That of a snapshot; null where there is nothing to show.</summary>
    public static MemoryView? Of(GroupSnapshot group)
    {
        PushIds? ids = group.Slot.Ids;
        return group.Memory is null && ids is null ? null : new MemoryView(
            group.Memory is { } memory && PushModes.Joins(memory.Mode) ? PushModes.NameOf(memory.Mode) : null,
            [.. (group.Memory?.Sources?.All ?? []).Where(static source => !source.Value.IsForgotten)
                .OrderByDescending(static source => source.Value.LastPush).Take(MostSources)
                .Select(static source => (source.Key, GroupCopies.MomentOf(source.Value.LastPush)!.Value))],
            group.Memory?.Sources?.Count ?? 0,
            [.. (ids?.Newest(MostIds) ?? [])
                .Select(static id => (id.Id.ToString("x32", CultureInfo.InvariantCulture), GroupCopies.MomentOf(id.At)!.Value))],
            ids?.Count ?? 0);
    }
}
