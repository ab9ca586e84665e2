using System.Text;

namespace Exposition.Engine.Tests;

/// <summary>What a store counts as it publishes, counted anew from what it shows.</summary>
internal static class Recount
{
    public static void Check(MetricStore store)
    {
        using StoreView view = store.OpenView();
        var groups = view.Groups.ToArray();
        Assert.Equal(groups.Length, store.GroupCount);

        // Of a push and a refusal at one instant only the store knows which came first.
        Assert.InRange(store.FailedGroups,
            groups.Count(static group => !group.LastPushSuccessful || IsRefusedSince(group, static (at, pushed) => at > pushed)),
            groups.Count(static group => !group.LastPushSuccessful || IsRefusedSince(group, static (at, pushed) => at >= pushed)));
        Assert.Equal(groups.Select(static group => JobOf(group.Key)).Distinct().Count(), store.JobCount);
        Assert.Equal(groups.Sum(static group => (long)group.SampleCount), store.SampleCount);
        Assert.Equal(groups.Sum(static group => group.Size), store.StoredBytes);

        Assert.All(groups, static group => Assert.Equal(
            (TimeOf(group, "push_time_seconds"u8), TimeOf(group, "push_failure_time_seconds"u8)), (group.PushTime, group.FailureTime)));

        // Of groups of many families these count on for a while.
        if (store.State.Directory.Leaving > 0)
        {
            return;
        }

        var exposed = (from @group in groups
                       from entry in @group.Families.ToArray()
                       where entry.IsExposed
                       select (Name: Encoding.UTF8.GetString(entry.Name.Span), Set: NamesOf(@group.Key))).ToArray();
        Assert.Equal(exposed.Select(static entry => entry.Name).Distinct().Count(), store.FamilyCount);
        Assert.Equal(
            exposed.Where(static entry => !entry.Name.StartsWith("push_", StringComparison.Ordinal)).Distinct()
                .GroupBy(static entry => entry.Name).Select(static family => family.Count()).DefaultIfEmpty().Max(),
            store.MostNameSets);
    }

    private static double? TimeOf(GroupSnapshot group, ReadOnlySpan<byte> name) =>
        GroupSnapshot.TryGetTime(group.Families, name, out double seconds) ? seconds : null;

    private static bool IsRefusedSince(GroupSnapshot group, Func<long, long, bool> isLater) =>
        group.TryGet("push_time_seconds"u8, out FamilyEntry time) && group.LastFailure is { } failure
            && isLater(failure.At, time.PushedAt);

    private static string JobOf(GroupingKey key)
    {
        foreach (GroupingLabel label in key.Labels)
        {
            if (label.Name.SequenceEqual("job"u8))
            {
                return Encoding.UTF8.GetString(label.Value);
            }
        }

        return "";
    }

    private static string NamesOf(GroupingKey key)
    {
        string names = "";
        foreach (GroupingLabel label in key.Labels)
        {
            names += Encoding.UTF8.GetString(label.Name) + ",";
        }

        return names;
    }
}
