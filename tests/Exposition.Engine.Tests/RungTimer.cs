namespace Exposition.Engine.Tests;

/// <summary>The timer of a clock that calls back when the test says so, whatever it was set to.</summary>
internal sealed class RungTimer : ITimer
{
    /// <summary>When it would ring.</summary>
    public TimeSpan Due { get; private set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        Due = dueTime;
        return true;
    }

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
