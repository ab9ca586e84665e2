using Exposition.Hosting.Logging;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.SelfMetrics;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Logging;

/// <summary>Logs lines as the flags want them.</summary>
/// <param name="write">Takes a line, with its line end; false where it is lost.</param>
/// <param name="format">How lines are written.</param>
/// <param name="time">The clock.</param>
/// <param name="budget">Bounds what the framework writes: most of it is about what clients do.</param>
internal sealed class LineLoggerProvider(Func<byte[], bool> write, LogFormat format, TimeProvider time, LogBudget budget) : ILoggerProvider
{
    private static readonly string[] s_levels = ["debug", "info", "warn", "error"];

    private long _lost;
    private Action<SuppressedLines>? _later;
    private long _allLost;

    /// <summary>Lines that were written, by their level.</summary>
    public NamedCounters Written { get; } = new(s_levels);

    /// <summary>Lines that were lost.</summary>
    public long Lost => Volatile.Read(ref _allLost);

    public ILogger CreateLogger(string categoryName) =>
        categoryName.StartsWith("Exposition.", StringComparison.Ordinal) ? new OwnLogger(this) : new FrameworkLogger(this, categoryName);

    public void Dispose()
    {
    }

    private void WriteBounded(LogLevel level, string category, string reason, string sentence, Exception? exception)
    {
        if (!budget.TryTake(level, category, reason, out long suppressed, _later ??= WriteLater))
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

    private void WriteLater(SuppressedLines lines) =>
        Write(lines.Level, "lines of the framework", [new("logger", lines.Message), new("suppressed", lines.Count)]);

    private void Write(LogLevel level, string message, List<KeyValuePair<string, object?>> attributes)
    {
        long lost = Interlocked.Exchange(ref _lost, 0);
        if (lost > 0)
        {
            attributes.Add(new("lost_before", lost));
        }

        if (write(LogLine.Write(format, time.GetUtcNow(), level, message, attributes)))
        {
            Written.Count(Array.IndexOf(s_levels, LogLine.Name(level)));
        }
        else
        {
            Interlocked.Add(ref _lost, lost + 1);
            Interlocked.Increment(ref _allLost);
        }
    }

    /// <summary>Our own messages are constants with attributes.</summary>
    private sealed class OwnLogger(LineLoggerProvider owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var attributes = new List<KeyValuePair<string, object?>>();
            string? message = null;
            if (state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                attributes.AddRange(values.Where(static value => value.Key != TextLogger.MessageKey));
                message = TextLogger.ConstantOf(values);
            }

            if (exception is not null)
            {
                attributes.Add(new("err", exception.Message));
                attributes.Add(new("stack", exception.StackTrace));
            }

            owner.Write(logLevel, message ?? formatter(state, exception), attributes);
        }
    }

    /// <summary>Those of the framework are sentences with the values in them. Its stacks help nobody who reads our log.</summary>
    private sealed class FrameworkLogger(LineLoggerProvider owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner.WriteBounded(logLevel, category, eventId.Name ?? "", formatter(state, exception), exception);
    }
}
