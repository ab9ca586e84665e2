namespace Exposition.Engine.Expiry;

/// <summary>How long ago something was pushed to a group.</summary>
internal static class GroupAge
{
    /// <summary>
    /// The seconds since the last push that was stored; of a group that never had one, since the last that was refused. Infinite where
    /// neither is known.
    /// </summary>
    public static double Of(GroupSnapshot group, Moment now) => (now.Wall / 1e9) - Since(group);

    /// <summary>Whether that is longer than a time ago; always where none is given.</summary>
    public static bool IsOver(GroupSnapshot group, TimeSpan? age, Moment now) =>
        age is not { } least || Of(group, now) > least.TotalSeconds;

    private static double Since(GroupSnapshot group)
    {
        if (group.PushTime is > 0 and var pushed)
        {
            return pushed;
        }

        double failed = Math.Max(group.FailureTime.GetValueOrDefault(), (group.LastFailure?.At ?? 0) / 1e9);
        return failed > 0 ? failed : double.NegativeInfinity;
    }
}
