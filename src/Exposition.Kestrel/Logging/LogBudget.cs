using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

// Per message and reason 5 lines at once, then one in 10 s; over all of them 200 lines and 256 KiB at once, then 3 lines and 20 KiB in a
// second. What operators do has a purse of its own, of 7 lines at once and then one in 10 s, so that no flood hides who has wiped the
// store. So 30 s hold at most 300 lines and 900 KiB, whatever clients do. Lines for debugging come out of a purse of their own, as they
// are many: they would leave nothing for what matters.
//
// How many lines were left out stands in the next one of that message and reason. Where none comes for 10 s, as the flood is over, a timer
// has a line written that says that alone; it runs only while something is left to say. What is left at the end is said then.

/// <summary>How much may be logged about what clients do. Safe for concurrent use.</summary>
internal sealed class LogBudget(TimeProvider time)
{
    /// <summary>The longest line in bytes, however it is written.</summary>
    public const int LineBytes = 4 << 10;

    private const int MostAtOnce = 5;
    private const double MostPerSecond = 0.1;

    // Messages and reasons are constants, far fewer than this.
    private const int MostVoices = 1000;
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<(string Message, string Reason), Voice> _voices = [];
    private readonly Purse _lines = new(200, 3, 256 << 10, 20 << 10);
    private readonly Purse _details = new(200, 3, 256 << 10, 20 << 10);
    private readonly Purse _actions = new(7, 0.1, 32 << 10, 512);
    private ITimer? _timer;
    private bool _isTimed;
    private long _suppressed;

    /// <summary>How many lines were not to be written so far.</summary>
    public long Suppressed => Volatile.Read(ref _suppressed);

    /// <summary>Takes one line of <see cref="LineBytes"/>.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="message">Its text, a constant.</param>
    /// <param name="reason">One of few constants.</param>
    /// <param name="suppressed">How many such lines have not been written since the last that was.</param>
    /// <param name="later">Writes later how many there were, where no other such line does.</param>
    /// <returns>False if it must not be written.</returns>
    public bool TryTake(LogLevel level, string message, string reason, out long suppressed, Action<SuppressedLines>? later = null)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            Voice voice = Find(message, reason);
            suppressed = voice.Suppressed;
            if (!voice.Lines.Has(1, now) || !PurseOf(level).TryTake(now))
            {
                voice.Suppressed++;
                (voice.LastAt, voice.Level, voice.Later) = (now, level, later ?? voice.Later);
                Watch();
                _suppressed++;
                return false;
            }

            voice.Lines.Take(1);
            voice.Suppressed = 0;
            return true;
        }
    }

    /// <summary>Takes one line about what an operator has done.</summary>
    /// <returns>False if it must not be written.</returns>
    public bool TryTakeAction()
    {
        lock (_lock)
        {
            bool taken = _actions.TryTake(time.GetElapsedTime(_start));
            _suppressed += taken ? 0 : 1;
            return taken;
        }
    }

    /// <summary>Gives back what a line has not used.</summary>
    public void Return(LogLevel level, int unusedBytes)
    {
        lock (_lock)
        {
            PurseOf(level).Bytes.Take(-unusedBytes);
        }
    }

    /// <summary>Has all that is left to say said now, as far as there is room: nothing will come any more.</summary>
    public void Settle() => TellWhatIsLeft(atEnd: true);

    private Purse PurseOf(LogLevel level) => level <= LogLevel.Debug ? _details : _lines;

    // Under the lock.
    private void Watch()
    {
        if (!_isTimed)
        {
            _isTimed = true;
            _timer ??= time.CreateTimer(static budget => ((LogBudget)budget!).TellWhatIsLeft(atEnd: false), this, Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan);
            _timer.Change(s_quiet, Timeout.InfiniteTimeSpan);
        }
    }

    private void TellWhatIsLeft(bool atEnd)
    {
        var left = new List<(Action<SuppressedLines> Later, SuppressedLines Lines)>();
        lock (_lock)
        {
            _isTimed = atEnd;
            TimeSpan now = time.GetElapsedTime(_start);
            foreach (((string message, string reason), Voice voice) in _voices)
            {
                if (voice is not { Suppressed: > 0, Later: { } later })
                {
                    continue;
                }

                bool isDue = atEnd || (now - voice.LastAt >= s_quiet && voice.Lines.Has(1, now));
                if (!isDue || !PurseOf(voice.Level).TryTake(now))
                {
                    Watch();
                    continue;
                }

                voice.Lines.Take(1);
                left.Add((later, new SuppressedLines(voice.Level, message, reason, voice.Suppressed)));
                voice.Suppressed = 0;
            }
        }

        foreach ((Action<SuppressedLines> later, SuppressedLines lines) in left)
        {
            later(lines);
        }
    }

    private Voice Find(string message, string reason)
    {
        if (!_voices.TryGetValue((message, reason), out Voice? voice))
        {
            (string, string) key = _voices.Count < MostVoices ? (message, reason) : ("", "");
            if (!_voices.TryGetValue(key, out voice))
            {
                _voices.Add(key, voice = new Voice());
            }
        }

        return voice;
    }

    /// <summary>All lines of one message and reason.</summary>
    private sealed class Voice
    {
        public Allowance Lines { get; } = new(MostAtOnce, MostPerSecond);

        public long Suppressed { get; set; }

        public TimeSpan LastAt { get; set; }

        public LogLevel Level { get; set; }

        public Action<SuppressedLines>? Later { get; set; }
    }

    /// <summary>What all messages share.</summary>
    private sealed class Purse(int mostLines, double linesPerSecond, int mostBytes, double bytesPerSecond)
    {
        public Allowance Bytes { get; } = new(mostBytes, bytesPerSecond);

        private Allowance Lines { get; } = new(mostLines, linesPerSecond);

        public bool TryTake(TimeSpan now)
        {
            if (!Lines.Has(1, now) || !Bytes.Has(LineBytes, now))
            {
                return false;
            }

            Lines.Take(1);
            Bytes.Take(LineBytes);
            return true;
        }
    }

    /// <summary>A number that is refilled with time.</summary>
    private sealed class Allowance(double most, double perSecond)
    {
        private double _taken;
        private TimeSpan _at;

        public bool Has(double amount, TimeSpan now)
        {
            _taken = Math.Max(0, _taken - ((now - _at).TotalSeconds * perSecond));
            _at = now;
            return _taken + amount <= most;
        }

        public void Take(double amount) => _taken += amount;
    }
}
