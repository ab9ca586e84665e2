using System.Runtime.CompilerServices;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Pacing;

namespace Exposition.Kestrel.Serving;

// A reader may take as long as his timeout says, and must keep a least rate meanwhile. The rate counts his own time only: from the first
// byte on that he did not take at once, and only while something waits to be taken. What it takes to prepare the next piece is not his.

/// <summary>Somebody who reads a long answer: until when he may go on, and how fast he is. Disposing of it gives his seat back.</summary>
internal sealed class Reader(OpenReaders readers, Limit kind, TimeSpan timeout) : IDisposable
{
    private const long Never = long.MinValue;

    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time = readers.Time;
    private readonly long _started = readers.Time.GetTimestamp();
    private volatile IScrapeOutput? _output;
    private volatile LeastRate? _rate;
    private volatile bool _ended;
    private long _waitingSince = Never;
    private long _pausedAt;
    private double _lastSpeed = double.PositiveInfinity;
    private Limit _binding = Limit.ScrapeDuration;
    private bool _counted;

    /// <summary>What he reads, by the limit on the number of such readers.</summary>
    public Limit Kind => kind;

    public TimeSpan Age => _time.GetElapsedTime(_started);

    public bool IsEnded => _ended;

    /// <summary>How fast he is at present, in bytes per second of his own time; infinite as long as that cannot be said.</summary>
    public double Speed => Volatile.Read(ref _waitingSince) == Never ? Volatile.Read(ref _lastSpeed) : _rate!.BytesPerSecond;

    /// <summary>How long something has waited for him.</summary>
    public TimeSpan Waiting => Volatile.Read(ref _waitingSince) is not Never and var since ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Sends what was written to an output.</summary>
    /// <returns>False if he has gone, or must go.</returns>
    public ValueTask<bool> FlushAsync(IScrapeOutput output, long bytes, CancellationToken cancellation)
    {
        _output = output;
        if (_ended || IsOver(TimeSpan.MaxValue))
        {
            Stop(output);
            return ValueTask.FromResult(false);
        }

        ValueTask<bool> flush = output.FlushAsync(cancellation);
        if (!flush.IsCompleted)
        {
            return WaitAsync(flush, output, bytes);
        }

        _rate?.Count(bytes);
        return flush;
    }

    /// <summary>Ends him: he gets no further than what he is being sent. Safe to be called from other threads.</summary>
    public void MarkEnded() => _ended = true;

    /// <summary>Breaks his connection, if something is being sent. Safe to be called from other threads.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            _output?.Abort("the place of a reader was needed");
        }
    }

    /// <summary>Counts him as one who was too slow, once.</summary>
    public void CountTooSlow()
    {
        if (!_ended && !_counted)
        {
            _counted = true;
            readers.TooSlow(this, _binding);
        }
    }

    /// <summary>
    /// Gives the seat back. Who was to be ended and has just gone by himself is left alone: his connection may serve something else by now.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _output = null;
        }

        readers.Leave(this);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAsync(ValueTask<bool> flush, IScrapeOutput output, long bytes)
    {
        long now = _time.GetTimestamp();
        if (_rate is { } rate)
        {
            rate.Excuse(_time.GetElapsedTime(_pausedAt, now));
        }
        else
        {
            rate = new LeastRate(_time, readers.LeastRate, readers.LeastRate > 0 ? s_window : TimeSpan.Zero);
            rate.Start(now);
            _rate = rate;
        }

        Volatile.Write(ref _waitingSince, now);
        Allow(output, rate.Left);
        if (!await flush)
        {
            // The deadline stays: whoever sends looks whether that was the reason.
            return false;
        }

        if (IsOver(rate.Left))
        {
            Stop(output);
            return false;
        }

        rate.Count(bytes);
        _pausedAt = _time.GetTimestamp();
        Volatile.Write(ref _lastSpeed, rate.BytesPerSecond);
        Volatile.Write(ref _waitingSince, Never);
        Allow(output, Timeout.InfiniteTimeSpan);
        return true;
    }

    private bool IsOver(TimeSpan leftByRate) =>
        (leftByRate <= TimeSpan.Zero && leftByRate != Timeout.InfiniteTimeSpan)
            || (timeout > TimeSpan.Zero && Age >= timeout);

    private void Stop(IScrapeOutput output)
    {
        CountTooSlow();
        _ended = true;
        output.Abort("the reader was too slow");
    }

    private void Allow(IScrapeOutput output, TimeSpan byRate)
    {
        TimeSpan left = timeout > TimeSpan.Zero ? timeout - Age : TimeSpan.MaxValue;
        _binding = Limit.ScrapeDuration;
        if (byRate != Timeout.InfiniteTimeSpan && byRate < left)
        {
            (left, _binding) = (byRate, Limit.ScrapeRate);
        }

        output.Allow(
            left == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : left > TimeSpan.Zero ? left : TimeSpan.FromTicks(1));
    }
}
