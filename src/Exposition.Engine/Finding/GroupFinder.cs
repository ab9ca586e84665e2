using System.Text;
using Exposition.Engine.Expiry;
using Exposition.Engine.Overdue;
using Exposition.Engine.Publishing;
using Exposition.Engine.Reading;

namespace Exposition.Engine.Finding;

/// <summary>Finds groups and jobs for operators: one pass over all groups, memory for what is answered.</summary>
internal sealed class GroupFinder(StoreState state, GroupReads reads)
{
    private const int MostHidden = 20;

    private readonly GroupScan _scan = new(state, reads);

    /// <summary>Finds groups.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<FoundGroups> FindAsync(GroupQuery query, CancellationToken cancellation = default)
    {
        var search = new GroupSearch(query, state);
        if (query.IsPlain)
        {
            reads.BringUpToDate();
            search.TakeFrom(state.Maps.Newest.Slots, state.Counts);
        }
        else
        {
            await _scan.VisitAsync(search, cancellation).ConfigureAwait(false);
        }

        List<Ranked> first = search.First.Sorted();
        GroupCursor? next = search.First.HasMore && first.Count > 0
            ? new GroupCursor(query.Sort, first[^1].Value, first[^1].Slot.Key) : null;
        var rows = new List<FoundGroup>(first.Count);
        foreach (Ranked group in first)
        {
            if (reads.TryRead(group.Slot.Key, this, static (found, self) => self.RowOf(found), out FoundGroup? row))
            {
                rows.Add(row!);
            }
        }

        return new FoundGroups(rows, next, search.Total, search.Series, Missing(query));
    }

    /// <summary>Finds jobs, in byte order of their names.</summary>
    /// <param name="query">Which groups count; its order, limit and cursor are not looked at.</param>
    /// <param name="after">Only jobs behind this one; null for all.</param>
    /// <param name="limit">The most jobs.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The jobs, and whether there are more.</returns>
    public async ValueTask<(IReadOnlyList<FoundJob> Jobs, bool HasMore)> FindJobsAsync(
        GroupQuery query, string? after, int limit, CancellationToken cancellation = default)
    {
        var search = new JobSearch(query, after, limit);
        await _scan.VisitAsync(search, cancellation).ConfigureAwait(false);
        return (search.Found(), search.HasMore);
    }

    private FoundGroup RowOf(GroupSnapshot group)
    {
        GroupCondition condition = GroupCondition.Of(group, state.Clock.Read());
        var hidden = new List<(string, string)>();
        foreach (HiddenFamily family in group.Hidden[..Math.Min(group.Hidden.Length, MostHidden)])
        {
            hidden.Add((Encoding.UTF8.GetString(family.Name.Span), family.Reason));
        }

        return new FoundGroup(
            group.Key, condition.States, group.SampleCount, group.Size, GroupCopies.TimeOf(group.PushTime),
            GroupCopies.TimeOf(group.FailureTime), group.LastFailure, state.Deadlines.ExpiryOf(group), RuleOf(group), hidden,
            group.Hidden.Length, state.Overdue?.Of(group))
        { Memory = MemoryView.Of(group) };
    }

    // At the start of a list, where it is not of something else.
    private List<Expected> Missing(GroupQuery query) =>
        query.After is null && query.OlderThan is null && query.State is null or GroupStates.Overdue
            ? state.Overdue?.Missing().FindAll(expected => query.Chooses(expected.Key) && (query.State is null || expected.IsOverdue)) ?? []
            : [];

    /// <summary>How often a group is to be pushed to; null where no rule says so.</summary>
    public Expected? ExpectedOf(GroupSnapshot group) => state.Overdue?.Of(group);

    /// <summary>What sets when a group expires: a rule as the flag spells it, <c>push</c> for its last push, or null for nothing.</summary>
    public string? RuleOf(GroupSnapshot group)
    {
        if (group.HasExplicitExpiry)
        {
            return "push";
        }

        foreach (ExpiryRule rule in state.Options.ExpiryRules)
        {
            if (rule.Groups?.Matches(group.Key) ?? true)
            {
                return RuleText.Of(rule.Groups, rule.After);
            }
        }

        return null;
    }
}
