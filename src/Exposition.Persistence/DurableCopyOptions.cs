namespace Exposition.Persistence;

/// <summary>How a durable copy follows its store. Read once.</summary>
public sealed class DurableCopyOptions
{
    /// <summary>
    /// How old a change may become before it is written, as long as the place keeps up; changes in between are written together. Zero or
    /// less writes at once.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Is told of loads, saves and failures; called on the thread that does them. Must not throw.</summary>
    public Action<DurableNotice> Report { get; set; } = static _ => { };
}
