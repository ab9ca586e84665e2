namespace Exposition.Engine.Expiry;

/// <summary>How long ago something was pushed to a group.</summary>
internal static class GroupAge
{
    /// <summary>
    /// The seconds since the last push that was stored; of a group that never had one, since the last that was refused. Infinite where
    /// neither is known.
    /// </summary>
    public static double Of(GroupSnapshot group, Moment now) => (now.Wall / 1e9) - Since(group);

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
