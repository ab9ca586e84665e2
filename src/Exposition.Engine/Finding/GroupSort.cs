using System.Buffers.Binary;

namespace Exposition.Engine.Finding;

/// <summary>In which order groups are listed. Among equals the key decides.</summary>
internal enum GroupSort : byte
{
    /// <summary>Their keys.</summary>
    Key,

    /// <summary>Their jobs.</summary>
    Job,

    /// <summary>What is wrong with them: by state, and in each the newest first. By default the worst come first.</summary>
    Trouble,

    /// <summary>Their last stored push; never is before all.</summary>
    Pushed,

    /// <summary>When their series expire; never is after all.</summary>
    Expires,

    /// <summary>How many series they have. By default the largest come first.</summary>
    Series,

    /// <summary>How many bytes they take. By default the largest come first.</summary>
    Size,
}

/// <summary>What groups are sorted by, as numbers.</summary>
internal static class SortValue
{
    // Above that stands the state. Milliseconds since the epoch need 41 bits.
    private const int TimeBits = 48;
    private const long MostMilliseconds = (1L << TimeBits) - 1;

    /// <summary>Whether the greatest come first unless somebody says otherwise.</summary>
    public static bool IsDescending(GroupSort sort) => sort is GroupSort.Trouble or GroupSort.Series or GroupSort.Size;

    /// <summary>Whether the key alone says where a group stands.</summary>
    public static bool IsOfKey(GroupSort sort) => sort is GroupSort.Key or GroupSort.Job;

    /// <summary>Whether the condition of a group must be known.</summary>
    public static bool NeedsCondition(GroupSort sort) => sort is GroupSort.Trouble or GroupSort.Pushed;

    /// <summary>The number of a group; 0 where the key alone says it.</summary>
    public static long Of(GroupSnapshot group, in GroupCondition condition, GroupSort sort) => sort switch
    {
        GroupSort.Trouble => Trouble(group, condition),
        GroupSort.Pushed => (long)(Math.Clamp(condition.PushedAt, 0, 9e9) * 1e9),
        GroupSort.Expires => group.ExpiresAt is not 0 and var at ? at : long.MaxValue,
        GroupSort.Series => group.SampleCount,
        GroupSort.Size => group.Size,
        _ => 0,
    };

    /// <summary>The start of a job's name: of two that differ there the greater number comes later.</summary>
    public static long OfJob(GroupingKey key)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        ReadOnlySpan<byte> job = key.Job;
        start.Clear();
        job[..Math.Min(job.Length, start.Length)].CopyTo(start);
        return (long)(BinaryPrimitives.ReadUInt64BigEndian(start) ^ (1UL << 63));
    }

    private static long Trouble(GroupSnapshot group, in GroupCondition condition)
    {
        (long rank, double milliseconds) = condition.States switch
        {
            var states when (states & GroupStates.Failed) != 0 => (6, condition.FailedAt * 1e3),
            var states when (states & GroupStates.Expired) != 0 => (5, group.ExpiresAt / 1e6),
            var states when (states & GroupStates.Overdue) != 0 => (4, condition.PushedAt * 1e3),
            var states when (states & GroupStates.Hidden) != 0 => (3, condition.PushedAt * 1e3),
            var states when (states & GroupStates.Expiring) != 0 => (2L, MostMilliseconds - (group.ExpiresAt / 1e6)),
            var states when (states & GroupStates.Stale) != 0 => (1, condition.PushedAt * 1e3),
            _ => (0, 0.0),
        };
        return (rank << TimeBits) | (long)Math.Clamp(milliseconds, 0, MostMilliseconds);
    }
}
