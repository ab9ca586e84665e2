using System.Text;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>A logger that keeps what it is given.</summary>
internal sealed class LinesKept : ILogger
{
    private readonly Lock _gate = new();
    private readonly List<(LogLevel Level, string Text, Dictionary<string, object?> Values)> _lines = [];

    public LogLevel Least { get; init; } = LogLevel.Debug;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _lines.Count;
            }
        }
    }

    public int Bytes => All.Sum(static line => Encoding.UTF8.GetByteCount(line.Text));

    public (LogLevel Level, string Text, Dictionary<string, object?> Values)[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>The attributes of the last line.</summary>
    public Dictionary<string, object?> Last => All[^1].Values;

    /// <summary>The last line as those see it who know no attributes.</summary>
    public string Text => All[^1].Text;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= Least;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var values = ((IReadOnlyList<KeyValuePair<string, object?>>)state!).Where(static value => value.Key != "{OriginalFormat}")
            .ToDictionary();
        lock (_gate)
        {
            _lines.Add((logLevel, formatter(state, exception), values));
        }
    }
}
