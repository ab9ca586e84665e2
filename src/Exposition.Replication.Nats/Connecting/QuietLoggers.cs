using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Replication.Nats.Connecting;

// The client tells of each attempt to reconnect at the level of information and warnings, without an end while an engine is away. This
// library says itself, once, that it is; what the client has to say is there for those who ask for its details.

/// <summary>Gives the client loggers whose every message is a detail.</summary>
internal sealed class QuietLoggers(ILoggerFactory loggers) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName)
    {
        ILogger logger = loggers.CreateLogger(categoryName);
        return logger.IsEnabled(LogLevel.Debug) ? new QuietLogger(logger) : NullLogger.Instance;
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the client adds no provider");

    public void Dispose()
    {
    }

    private sealed class QuietLogger(ILogger logger) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && logger.IsEnabled(LogLevel.Debug);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel != LogLevel.None)
            {
                logger.Log(logLevel < LogLevel.Debug ? logLevel : LogLevel.Debug, eventId, state, exception, formatter);
            }
        }
    }
}
