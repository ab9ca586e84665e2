using Exposition.Engine.Expiry;
using Exposition.Formats.Go;

namespace Exposition.Engine.Overdue;

/// <summary>Rules that give groups a time, as their flags spell them.</summary>
internal static class RuleText
{
    /// <summary>The text of one.</summary>
    /// <param name="groups">The groups that it is for; null for all.</param>
    /// <param name="time">What they are given.</param>
    public static string Of(GroupSelector? groups, TimeSpan time)
    {
        string text = GoDuration.Format(DeadlineSchedule.Nanoseconds(time));
        return groups is null ? text : $"{groups}={text}";
    }
}
