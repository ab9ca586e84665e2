using Exposition.Engine.Expiry;
using Exposition.Engine.Groups;
using Exposition.Engine.Publishing;

namespace Exposition.Engine.Finding;

/// <summary>Counts the groups that a query looks for, and keeps the first of them.</summary>
internal sealed class GroupSearch(GroupQuery query, StoreState state) : IGroupVisitor
{
    private readonly Moment _now = state.Clock.Read();
    private readonly bool _needsCondition = query.State is not null || SortValue.NeedsCondition(query.Sort);

    /// <summary>How many there are.</summary>
    public long Total { get; private set; }

    /// <summary>Their sample lines.</summary>
    public long Series { get; private set; }

    /// <summary>The first behind the cursor.</summary>
    public FirstGroups First { get; } = new(query.Sort, query.Descending, query.Limit);

    public bool ReadsKeys => query.ReadsKeys;

    public bool Wants(GroupSlot slot) => query.Chooses(slot.Key);

    public void Visit(GroupSlot slot, GroupSnapshot group)
    {
        GroupCondition condition = _needsCondition ? GroupCondition.Of(group, _now) : default;
        if ((query.State is { } state && !IsIn(condition.States, state)) || !GroupAge.IsOver(group, query.OlderThan, _now))
        {
            return;
        }

        Total++;
        Series += group.SampleCount;
        long value = query.Sort == GroupSort.Job ? SortValue.OfJob(slot.Key) : SortValue.Of(group, condition, query.Sort);
        if (query.After is not { } after || First.IsAfter(value, slot.Key, after))
        {
            First.Offer(new Ranked(value, slot));
        }
    }

    /// <summary>Answers a plain query.</summary>
    public void TakeFrom(ReadOnlySpan<GroupSlot> slots, StoreCounts counts)
    {
        Total = slots.Length;
        Series = Volatile.Read(ref counts.Samples);
        int step = query.Descending ? -1 : 1;
        GroupingKey? after = query.After?.Key;
        int at = !query.Descending ? ByKey.PlaceBehind(slots, after) : (after is null ? slots.Length : ByKey.PlaceOf(slots, after)) - 1;
        for (; at >= 0 && at < slots.Length && !First.HasMore; at += step)
        {
            First.Offer(new Ranked(0, slots[at]));
        }
    }

    private static bool IsIn(GroupStates states, GroupStates wanted) =>
        wanted == GroupStates.None ? states == GroupStates.None : (states & wanted) != 0;
}
