using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Logging;

/// <summary>Logs to a stream, a line in one write, so that lines of several threads never mix.</summary>
internal sealed class StreamLoggerProvider(Stream stream, LogFormat format, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) => new StreamLogger(this, categoryName.StartsWith("Exposition.", StringComparison.Ordinal));

    public void Dispose()
    {
        lock (_gate)
        {
            stream.Flush();
        }
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

    // Our own messages are constant texts with attributes; those of the framework are sentences with the values in them.
    private sealed class StreamLogger(StreamLoggerProvider owner, bool ours) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var attributes = new List<KeyValuePair<string, object?>>();
            if (ours && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                attributes.AddRange(values.Where(static value => value.Key != "{OriginalFormat}"));
            }

            if (exception is not null)
            {
                attributes.Add(new("err", ours ? exception.Message : exception.ToString()));
                if (ours)
                {
                    attributes.Add(new("stack", exception.StackTrace));
                }
            }

            owner.Write(logLevel, formatter(state, exception), attributes);
        }
    }
}
