using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Replication.Messages;

namespace Exposition.Replication.Sending;

/// <summary>How long the log keeps what is said of groups.</summary>
internal static class TimeToLive
{
    // The engine shall not forget a group before nodes do whose clocks are late.
    private const long Slack = 60_000_000_000;

    /// <summary>The word that a group was deleted: longer than a node may be away and go on where it was.</summary>
    public static readonly TimeSpan OfTombstones = TimeSpan.FromDays(7);

    /// <summary>A state; null for ever.</summary>
    public static TimeSpan? Of(MetricStore store, GroupingKey key, in GroupState state, TimeProvider time)
    {
        long gone = store.Shared.GoneAt(key, state);
        if (gone == 0)
        {
            return null;
        }

        double seconds = Math.Ceiling((gone - Message.Now(time) + (double)Slack) / 1e9);
        return seconds > TimeSpan.MaxValue.TotalSeconds / 2 ? null : TimeSpan.FromSeconds(Math.Max(1, seconds));
    }
}
