using Exposition.Engine.Expiry;

namespace Exposition.Engine.Finding;

/// <summary>What an operator may want to know of a group; several may be true of one.</summary>
[Flags]
internal enum GroupStates : byte
{
    /// <summary>Nothing of it.</summary>
    None = 0,

    /// <summary>Its last push was refused, for whatever reason.</summary>
    Failed = 1,

    /// <summary>Its series have expired.</summary>
    Expired = 2,

    /// <summary>Some of its families are left out of scrapes.</summary>
    Hidden = 4,

    /// <summary>
    /// Its series expire soon, and more than half of their time is over: groups that are pushed to all the time never are.
    /// </summary>
    Expiring = 8,

    /// <summary>Nothing was pushed to it for long.</summary>
    Stale = 16,

    /// <summary>Its last push is longer ago than a rule expects.</summary>
    Overdue = 32,
}

/// <summary>The states of one group at a time.</summary>
/// <param name="PushedAt">The last push that was stored, in seconds since the Unix epoch; 0 for never.</param>
/// <param name="FailedAt">The last push that was refused, for whatever reason; 0 for none.</param>
/// <param name="States">All that is true of it.</param>
internal readonly record struct GroupCondition(double PushedAt, double FailedAt, GroupStates States)
{
    /// <summary>Within which time series expire soon.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromMinutes(15);

    /// <summary>After which time without a push a group is stale.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromDays(1);

    /// <summary>Looks at a group, which must stay what it is meanwhile.</summary>
    public static GroupCondition Of(GroupSnapshot group, Moment now)
    {
        double? pushed = group.PushTime;
        GroupStates states = group.Slot.IsFailing ? GroupStates.Failed : GroupStates.None;
        states |= group.Slot.IsOverdue ? GroupStates.Overdue : GroupStates.None;
        states |= group.IsExpired ? GroupStates.Expired : GroupStates.None;
        states |= group.Hidden.IsEmpty ? GroupStates.None : GroupStates.Hidden;
        double at = now.Wall / 1e9;
        double refused = Math.Max(group.FailureTime.GetValueOrDefault(), (group.LastFailure?.At ?? 0) / 1e9);
        double since = pushed is > 0 and var stored ? stored : refused;
        double left = group.ExpiresAt == 0 || group.IsExpired ? double.PositiveInfinity : (group.ExpiresAt - now.Steady) / 1e9;
        states |= left <= Soon.TotalSeconds && left < at - since ? GroupStates.Expiring : GroupStates.None;
        states |= at - since > Long.TotalSeconds ? GroupStates.Stale : GroupStates.None;
        return new GroupCondition(pushed.GetValueOrDefault(), refused, states);
    }
}
