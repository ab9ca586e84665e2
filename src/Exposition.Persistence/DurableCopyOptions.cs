namespace Exposition.Persistence;

/// <summary>How a durable copy follows its store. Read once.</summary>
public sealed class DurableCopyOptions
{
    // Timers take no more than 49 days.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(7);

    /// <summary>
    /// How old a change may become before it is written, as long as the place keeps up; changes in between are written together. Default:
    /// 1 second. 0 or less writes at once, and more than a week is a week.
    /// </summary>
    public TimeSpan Interval { get; set => field = value < s_longest ? value : s_longest; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock. Default: that of the system.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Is told of loads, saves and failures; called on the thread that does them. Must not throw. Default: nobody.</summary>
    public Action<DurableNotice> Report { get; set; } = static _ => { };
}
