using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

/// <summary>Puts each line into a scope that says of which engine it is, by an attribute <c>engine</c>.</summary>
/// <param name="logger">Where lines go.</param>
/// <param name="engine">The name of the engine.</param>
internal sealed class EngineLogger(ILogger logger, string engine) : ILogger
{
    private readonly Scope _scope = new(engine);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        using (logger.BeginScope(_scope))
        {
            logger.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    /// <summary>As loggers know it that look for attributes, and for those that write it as text.</summary>
    private sealed class Scope(string engine) : List<KeyValuePair<string, object?>>([new("engine", engine)])
    {
        public override string ToString() => "engine=" + engine;
    }
}
