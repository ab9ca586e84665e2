using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>What the engine logs, and nobody else.</summary>
internal sealed class RecordedLog : ILoggerProvider, ILogger
{
    /// <summary>Each line with the message of its exception.</summary>
    public ConcurrentQueue<string> Lines { get; private init; } = new();

    private bool IsEngine { get; init; } = true;

    public ILogger CreateLogger(string categoryName) =>
        new RecordedLog { Lines = Lines, IsEngine = categoryName == typeof(ExpositionEngine).FullName };

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => IsEngine;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue(formatter(state, exception) + exception?.Message);

    public void Dispose()
    {
    }
}
