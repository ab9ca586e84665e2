using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Logging;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Serving;

/// <summary>The lines about what operators do by HTTP: who, from where, and what came of it.</summary>
internal static class OperatorLines
{
    /// <summary>An operator has done what concerns everybody: wiped, deleted in bulk, written a snapshot, reloaded, quit.</summary>
    /// <param name="log">The log.</param>
    /// <param name="context">The request.</param>
    /// <param name="message">What was done, a constant.</param>
    /// <param name="level">The level; that of the Pushgateway where it has the event.</param>
    /// <param name="values">What came of it.</param>
    public static void Acted(
        this ClientLog log, HttpContext context, string message, LogLevel level = LogLevel.Information,
            params ReadOnlySpan<(string Name, object? Value)> values)
    {
        if (log.BeginAction(level, message) is not { } line)
        {
            return;
        }

        line.Add("logged_source", Sender.Of(context)).Add("user", KnownUser.Of(context));
        foreach ((string name, object? value) in values)
        {
            _ = value is int or long ? line.Add(name, Convert.ToInt64(value, null)) : line.Add(name, value);
        }

        line.Write();
    }
}
