using Microsoft.Extensions.Logging;

namespace Exposition.OpenTelemetry.Diagnostics;

/// <summary>Logs to the host, if it has loggers, and to the event source in any case: a job often has no host.</summary>
internal sealed class ExporterLogger(ILogger? host) : ILogger
{
    public const string Category = "Exposition.OpenTelemetry";

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => host?.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (ExporterEventSource.Log.IsEnabled())
        {
            string line = formatter(state, exception);
            switch (logLevel)
            {
                case LogLevel.Critical or LogLevel.Error:
                    ExporterEventSource.Log.Error(line);
                    break;
                case LogLevel.Warning:
                    ExporterEventSource.Log.Warning(line);
                    break;
                default:
                    ExporterEventSource.Log.Information(line);
                    break;
            }
        }

        host?.Log(logLevel, eventId, state, exception, formatter);
    }
}
