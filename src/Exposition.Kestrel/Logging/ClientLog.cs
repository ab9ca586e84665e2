using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Logging;

// The one way to log what a client causes. Messages are constants and values are attributes, so that lines can be counted and searched; how
// many lines there are is bounded by the budget, and so is each of them. What is not logged costs no garbage:
//
//     log.Begin(LogLevel.Warning, "a constant", "one of few constants")?.Add("logged_source", peer).Write();

/// <summary>Logs what clients cause, within bounds that they cannot exceed.</summary>
internal sealed class ClientLog(ILogger logger, LogBudget budget)
{
    /// <summary>For what clients do not cause.</summary>
    public ILogger Logger => logger;

    /// <summary>Starts a line.</summary>
    /// <param name="level">Its level.</param>
    /// <param name="message">Its text, a constant.</param>
    /// <param name="reason">One of few constants: lines are bounded for each message and reason.</param>
    /// <returns>Null if it is not wanted or would be too much.</returns>
    public ClientLine? Begin(LogLevel level, string message, string reason) =>
        logger.IsEnabled(level) && budget.TryTake(level, message, reason, out long suppressed)
            ? new ClientLine(this, level, message, reason, suppressed)
            : null;

    internal void Write(ClientLine line, int unusedBytes)
    {
        budget.Return(line.Level, unusedBytes);
        logger.Log(line.Level, default, line, null, static (state, _) => state.ToString());
    }
}
