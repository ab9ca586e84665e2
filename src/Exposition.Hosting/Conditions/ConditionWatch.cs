using Microsoft.Extensions.Logging;

namespace Exposition.Hosting.Conditions;

// A condition is known by its type and subject: while it is found at each look, its beginning stays. So it is looked at by a timer too, and
// not only when somebody asks, who would be told that all began just now.

/// <summary>Knows what is not as it should be, and since when. Safe for concurrent use.</summary>
internal sealed partial class ConditionWatch : IDisposable
{
    private const int Most = 64;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly IConditionSource[] _sources;
    private readonly bool[] _failing;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly List<Condition> _found = [];
    private IReadOnlyList<Condition> _known = [];

    /// <summary>Starts to look every two seconds.</summary>
    public ConditionWatch(IEnumerable<IConditionSource> sources, TimeProvider time, ILogger logger)
    {
        _sources = [.. sources];
        _failing = new bool[_sources.Length];
        (_time, _logger) = (time, logger);
        Read();
        _timer = time.CreateTimer(static watch => ((ConditionWatch)watch!).Read(), this, s_every, s_every);
    }

    /// <summary>What holds now: each with its beginning, the oldest first, 64 at most.</summary>
    public IReadOnlyList<Condition> Read()
    {
        lock (_lock)
        {
            _found.Clear();
            for (int i = 0; i < _sources.Length; i++)
            {
                Ask(i);
            }

            DateTimeOffset now = _time.GetUtcNow();
            return _known = [.. _found.Select(condition => condition with { Since = condition.Since ?? SinceOf(condition) ?? now })
                .OrderBy(static condition => condition.Since).Take(Most)];
        }
    }

    public void Dispose() => _timer.Dispose();

    // What a timer throws ends the process. Of a source that goes on failing it is said once.
    private void Ask(int source)
    {
        try
        {
            _sources[source].Look(_found);
            _failing[source] = false;
        }
        catch (Exception e)
        {
            if (!_failing[source])
            {
                _failing[source] = true;
                CannotLook(_logger, _sources[source].GetType().Name, $"{e.GetType().Name}: {e.Message}");
            }
        }
    }

    private DateTimeOffset? SinceOf(Condition condition)
    {
        foreach (Condition known in _known)
        {
            if (known.Type == condition.Type && known.Subject == condition.Subject)
            {
                return known.Since;
            }
        }

        return null;
    }

    [LoggerMessage(70, LogLevel.Error, "a condition cannot be looked at, it is left out of the status")]
    private static partial void CannotLook(ILogger logger, string source, string err);
}
