using Exposition.Formats;

namespace Exposition.Engine.Groups;

/// <summary>The families that the store keeps in groups: two in every one, and a third in those that have expired.</summary>
internal static class BuiltInFamilies
{
    public static readonly byte[] PushTime = "push_time_seconds"u8.ToArray();
    public static readonly byte[] PushFailure = "push_failure_time_seconds"u8.ToArray();
    public static readonly byte[] PushTimeHelp = "Last Unix time when changing this group in the Pushgateway succeeded."u8.ToArray();
    public static readonly byte[] PushFailureHelp = "Last Unix time when changing this group in the Pushgateway failed."u8.ToArray();

    public static readonly byte[] Expired = "push_expired"u8.ToArray();
    public static readonly byte[] ExpiredHelp =
        "The metrics of this group have expired, because nothing was pushed to it for too long."u8.ToArray();

    /// <summary>Shown beside the push time where rules say how often that is expected; never stored.</summary>
    public static readonly byte[] Overdue = "push_overdue"u8.ToArray();

    public static readonly FamilyHead OverdueHead = new(Overdue, MetricType.Gauge, HasHelp: true,
        "Whether the last successful push of this group is longer ago than expected."u8.ToArray(), UnitLength: 0);

    /// <summary>All that are stored, in their order.</summary>
    public static readonly byte[][] All = [Expired, PushFailure, PushTime];

    /// <summary>How many are in every group.</summary>
    public const int Count = 2;

    /// <summary>
    /// Whether an entry is one of them, with one series that has no labels but those of the key: as the store itself makes it. Only a group
    /// of the same labels can have the same series then, but for another entry that is not so.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="families">All of its group.</param>
    public static bool IsPlain(in FamilyEntry entry, ReadOnlySpan<FamilyEntry> families)
    {
        ReadOnlySpan<byte> name = entry.Name.Span;
        if (!IsAny(name) || entry.SampleCount != 1)
        {
            return false;
        }

        // Nobody but the store makes that of the push time. Grouping labels are set on every series, so one that has more has a longer
        // line.
        return name.SequenceEqual(PushTime)
            || (GroupSnapshot.IndexOf(families, PushTime) is var time and >= 0 && LengthOfLabels(entry) == LengthOfLabels(families[time]));
    }

    /// <summary>When something was last pushed, in nanoseconds since the Unix epoch; null for families without a push time.</summary>
    public static long? PushedAt(ReadOnlySpan<FamilyEntry> families) =>
        GroupSnapshot.IndexOf(families, PushTime) is >= 0 and var at ? families[at].PushedAt : null;

    public static bool IsAny(ReadOnlySpan<byte> name) => IsEither(name) || name.SequenceEqual(Expired);

    private static int LengthOfLabels(in FamilyEntry entry) => entry.TextSpan.LastIndexOf((byte)' ') - entry.Name.Length;

    public static bool IsEither(ReadOnlySpan<byte> name) => name.SequenceEqual(PushTime) || name.SequenceEqual(PushFailure);
}
