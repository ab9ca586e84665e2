using Exposition.Engine;

namespace Exposition.Kestrel.Page;

/// <summary>How many groups there are, as the store counts them: nothing is gone through for that.</summary>
/// <param name="Groups">All.</param>
/// <param name="Failed">Those whose last push was refused.</param>
/// <param name="Expired">Those whose metrics have expired.</param>
/// <param name="Overdue">
/// Those whose last push is longer ago than a rule expects, also those that a rule names and that are not there; null where there are no
/// rules.
/// </param>
/// <param name="HiddenFamilies">Families that scrapes leave out.</param>
/// <param name="Jobs">Different jobs of groups.</param>
internal readonly record struct GroupCounts(long Groups, long Failed, long Expired, long? Overdue, long HiddenFamilies, long Jobs)
{
    /// <summary>Those of a store now.</summary>
    public static GroupCounts Of(MetricStore store) =>
        new(store.GroupCount, store.FailedGroups, store.ExpiredGroups,
            store.State.Overdue is { } overdue ? store.OverdueGroups + overdue.Missing().Count(static missing => missing.IsOverdue) : null,
            store.HiddenFamilies, store.JobCount);
}
