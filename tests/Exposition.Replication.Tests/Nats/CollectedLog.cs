using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Exposition.Replication.Tests.Nats;

/// <summary>Keeps the lines of warnings and above, and of information.</summary>
internal sealed class CollectedLog : ILoggerFactory, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var attributes = state is IEnumerable<KeyValuePair<string, object?>> values
            ? string.Join(' ', values.Where(static v => v.Key != "{OriginalFormat}").Select(static v => $"{v.Key}={v.Value}")) : "";
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {attributes}");
    }
}
