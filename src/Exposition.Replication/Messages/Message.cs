using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Expiry;

namespace Exposition.Replication.Messages;

/// <summary>The kinds of messages; numbers are never given another meaning.</summary>
internal enum MessageKind : byte
{
    /// <summary>The state of a group.</summary>
    State = 1,

    /// <summary>A group was deleted.</summary>
    Gone = 2,

    /// <summary>The log is in use.</summary>
    Meta = 3,

    /// <summary>All groups were deleted.</summary>
    Wipe = 4,
}

/// <summary>What was wrong with a message.</summary>
internal enum MessageFault : byte
{
    None,

    /// <summary>It does not read.</summary>
    Damaged,

    /// <summary>It was written by a later version.</summary>
    Newer,
}

/// <summary>What the body of an entry says, decoded.</summary>
/// <param name="Kind">Of what it is.</param>
/// <param name="Stamp">When it was made, in nanoseconds since the Unix epoch.</param>
/// <param name="Key">The group, if it is of one.</param>
/// <param name="State">Its state, if it says one.</param>
/// <param name="IsSeeded">Of a log in use: whether what was there before it has been put into it.</param>
internal readonly record struct Message(
    MessageKind Kind, long Stamp, GroupingKey? Key = null, GroupState State = default, bool IsSeeded = false)
{
    /// <summary>The time for a stamp.</summary>
    public static long Now(TimeProvider time) => DeadlineClock.WallOf(time);
}
