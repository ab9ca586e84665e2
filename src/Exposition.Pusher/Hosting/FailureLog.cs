using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Hosting;

/// <summary>
/// Logs what fails again and again: each text when it comes first, then once a minute, also if it succeeds in between. Few texts at a
/// time; those beyond are counted with the next line. Safe for concurrent use.
/// </summary>
internal sealed class FailureLog(ILogger logger, TimeProvider time)
{
    private const int MostTexts = 20;
    private static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _lastLine = new(StringComparer.Ordinal);
    private long _unlogged;
    private long _failed;
    private bool _isLogged;

    public void Failed(string what, Exception? exception)
    {
        long unlogged;
        lock (_lock)
        {
            _failed++;
            long now = time.GetTimestamp();
            if (_lastLine.TryGetValue(what, out long last) && time.GetElapsedTime(last, now) < s_pause)
            {
                _unlogged++;
                return;
            }

            if (_lastLine.Count >= MostTexts)
            {
                string[] old = [.. _lastLine.Where(line => time.GetElapsedTime(line.Value, now) >= s_pause).Select(static l => l.Key)];
                Array.ForEach(old, text => _lastLine.Remove(text));

                if (_lastLine.Count >= MostTexts)
                {
                    _unlogged++;
                    return;
                }
            }

            _lastLine[what] = now;
            (unlogged, _unlogged, _isLogged) = (_unlogged, 0, true);
        }

        PushLog.Failed(logger, what, unlogged, exception);
    }

    /// <summary>
    /// It has succeeded. Gives how often it has failed before, if a line has said so: then another tells that it is over.
    /// </summary>
    public long Succeeded()
    {
        lock (_lock)
        {
            long failed = _isLogged ? _failed : 0;
            (_failed, _isLogged) = (0, false);
            return failed;
        }
    }
}
