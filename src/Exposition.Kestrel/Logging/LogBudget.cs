using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

// Per message and reason 5 lines at once, then one in 10 s; over all of them 200 lines and 256 KiB at once, then 3 lines and 20 KiB in a
// second. So 30 s hold at most 290 lines and 856 KiB, whatever clients do. Lines for debugging come out of a purse of their own, as they
// are many: they would leave nothing for what matters.

/// <summary>How much may be logged about what clients do. Safe for concurrent use.</summary>
internal sealed class LogBudget(TimeProvider time)
{
    /// <summary>The longest line in bytes, however it is written.</summary>
    public const int LineBytes = 4 << 10;

    private const int MostAtOnce = 5;
    private const double MostPerSecond = 0.1;
    private const int MostLines = 200;
    private const double LinesPerSecond = 3;
    private const int MostBytes = 256 << 10;
    private const double BytesPerSecond = 20 << 10;

    // Messages and reasons are constants, far fewer than this.
    private const int MostVoices = 1000;

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<(string Message, string Reason), Voice> _voices = [];
    private readonly Purse _lines = new();
    private readonly Purse _details = new();

    /// <summary>Takes one line of <see cref="LineBytes"/>.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="message">Its text, a constant.</param>
    /// <param name="reason">One of few constants.</param>
    /// <param name="suppressed">How many such lines have not been written since the last that was.</param>
    /// <returns>False if it must not be written.</returns>
    public bool TryTake(LogLevel level, string message, string reason, out long suppressed)
    {
        lock (_lock)
        {
            TimeSpan now = time.GetElapsedTime(_start);
            Voice voice = Find(message, reason);
            suppressed = voice.Suppressed;
            if (!voice.Lines.Has(1, now) || !PurseOf(level).TryTake(now))
            {
                voice.Suppressed++;
                return false;
            }

            voice.Lines.Take(1);
            voice.Suppressed = 0;
            return true;
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

    private Purse PurseOf(LogLevel level) => level <= LogLevel.Debug ? _details : _lines;

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
    }

    /// <summary>What all messages share.</summary>
    private sealed class Purse
    {
        public Allowance Bytes { get; } = new(MostBytes, BytesPerSecond);

        private Allowance Lines { get; } = new(MostLines, LinesPerSecond);

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
