using Exposition.Kestrel.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Logging;

/// <summary>Logs to a stream, a line in one write, so that lines of several threads never mix.</summary>
/// <param name="stream">Where to.</param>
/// <param name="format">How lines are written.</param>
/// <param name="time">The clock.</param>
/// <param name="budget">Bounds what the framework writes: most of it is about what clients do.</param>
internal sealed class StreamLoggerProvider(Stream stream, LogFormat format, TimeProvider time, LogBudget budget) : ILoggerProvider
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("Exposition.", StringComparison.Ordinal) ? new OwnLogger(this) : new FrameworkLogger(this, categoryName);

    public void Dispose()
    {
        lock (_gate)
        {
            stream.Flush();
        }
    }

    private void WriteBounded(LogLevel level, string category, string reason, string sentence, Exception? exception)
    {
        if (!budget.TryTake(level, category, reason, out long suppressed))
        {
            return;
        }

        List<KeyValuePair<string, object?>> attributes = [new("logger", category)];
        if (exception is not null)
        {
            attributes.Add(new("err", LogText.Cut($"{exception.GetType().Name}: {exception.Message}", LogText.ValueBytes)));
        }

        if (suppressed > 0)
        {
            attributes.Add(new("suppressed", suppressed));
        }

        Write(level, LogText.Cut(sentence, LogText.ValueBytes), attributes);
    }

    private void Write(LogLevel level, string message, List<KeyValuePair<string, object?>> attributes)
    {
        byte[] line = LogLine.Write(format, time.GetUtcNow(), level, message, attributes);
        lock (_gate)
        {
            try
            {
                stream.Write(line);
                stream.Flush();
            }
            catch (IOException)
            {
                // Nobody reads our log any more; that is no reason to stop serving.
            }
        }
    }

    /// <summary>Our own messages are constants with attributes.</summary>
    private sealed class OwnLogger(StreamLoggerProvider owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var attributes = new List<KeyValuePair<string, object?>>();
            if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                attributes.AddRange(values.Where(static value => value.Key != "{OriginalFormat}"));
            }

            if (exception is not null)
            {
                attributes.Add(new("err", exception.Message));
                attributes.Add(new("stack", exception.StackTrace));
            }

            owner.Write(logLevel, state is ClientLine line ? line.Message : formatter(state, exception), attributes);
        }
    }

    /// <summary>Those of the framework are sentences with the values in them. Its stacks help nobody who reads our log.</summary>
    private sealed class FrameworkLogger(StreamLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner.WriteBounded(logLevel, category, eventId.Name ?? "", formatter(state, exception), exception);
    }
}
