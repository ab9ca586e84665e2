using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

// The one way to log what a client causes. Messages are constants and values are attributes, so that lines can be counted and searched; how
// many lines there are is bounded by the budget, and so is each of them. What is not logged costs no garbage:
//
//     log.Begin(LogLevel.Warning, "a constant", "one of few constants")?.Add("logged_source", peer).Write();

/// <summary>Logs what clients cause, within bounds that they cannot exceed.</summary>
/// <param name="logger">Where.</param>
/// <param name="budget">How much.</param>
/// <param name="engine">The name of the engine, which each line has as an attribute; empty for the one without a name.</param>
internal sealed class ClientLog(ILogger logger, LogBudget budget, string engine = "")
{
    private const int NameBytes = 200;

    private Action<SuppressedLines>? _later;

    /// <summary>For what clients do not cause.</summary>
    public ILogger Logger { get; } = engine.Length == 0 ? logger : new EngineLogger(logger, engine);

    /// <summary>The name of the engine, or null.</summary>
    public string? Engine { get; } = engine.Length == 0 ? null : LogText.Cut(engine, NameBytes);

    /// <summary>Starts a line.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="message">Its text, a constant.</param>
    /// <param name="reason">One of few constants: lines are bounded for each message and reason.</param>
    /// <returns>Null if it is not wanted or would be too much.</returns>
    public ClientLine? Begin(LogLevel level, string message, string reason) =>
        logger.IsEnabled(level) && budget.TryTake(level, message, reason, out long suppressed, _later ??= WriteLater)
            ? new ClientLine(this, level, message, reason, suppressed)
            : null;

    /// <summary>Starts a line about what an operator has done: no flood of clients leaves it out.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="message">Its text, a constant.</param>
    /// <returns>Null if it is not wanted or would be too much.</returns>
    public ClientLine? BeginAction(LogLevel level, string message) =>
        logger.IsEnabled(level) && budget.TryTakeAction() ? new ClientLine(this, level, message) : null;

    /// <summary>Whether lines of a level are wanted.</summary>
    public bool Shows(LogLevel level) => logger.IsEnabled(level);

    internal void Write(ClientLine line, int unusedBytes)
    {
        if (!line.IsAction)
        {
            budget.Return(line.Level, unusedBytes);
        }

        logger.Log(line.Level, default, line, null, static (state, _) => state.ToString());
    }

    private void WriteLater(SuppressedLines lines) => new ClientLine(this, lines.Level, lines.Message, lines.Reason, lines.Count).Write();
}
