using System.Threading.Channels;

namespace Exposition.Pusher.Tests;

/// <summary>A clock that a test moves, and that says which timers have been set: so a test knows that somebody waits.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private readonly ManualTime _time = new();
    private readonly Channel<TimeSpan> _set = Channel.CreateUnbounded<TimeSpan>();

    public override long TimestampFrequency => _time.TimestampFrequency;

    public override long GetTimestamp() => _time.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => _time.GetUtcNow();

    public void Advance(TimeSpan by) => _time.Advance(by);

    /// <summary>Waits until somebody waits for so long, and lets that time pass.</summary>
    public async Task PassAsync(TimeSpan pause)
    {
        await UntilSetAsync(pause);
        Advance(pause);
    }

    /// <summary>Waits until a timer of this length has been set.</summary>
    public Task UntilSetAsync(TimeSpan due) => UntilSetAsync(set => set == due, $"{due}");

    /// <summary>Waits until a timer of such a length has been set.</summary>
    public async Task UntilSetAsync(Predicate<TimeSpan> isMeant, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var others = new List<TimeSpan>();
        try
        {
            for (TimeSpan set; !isMeant(set = await _set.Reader.ReadAsync(limit.Token));)
            {
                others.Add(set);
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"nobody has waited for {what}, but for {string.Join(", ", others)}");
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = new Told(_time.CreateTimer(callback, state, dueTime, period), _set.Writer);
        _set.Writer.TryWrite(dueTime);
        return timer;
    }

    private sealed class Told(ITimer timer, ChannelWriter<TimeSpan> set) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool changed = timer.Change(dueTime, period);
            set.TryWrite(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
