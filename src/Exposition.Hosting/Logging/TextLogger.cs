using System.Globalization;
using System.Text;
using Exposition.Formats.Go;
using Microsoft.Extensions.Logging;

namespace Exposition.Hosting.Logging;

// Our messages are constants, so that operators can search for them, and their values are attributes. The framework's console writes the
// text alone: without the values it says that a file could not be read, but not which one, nor why.

/// <summary>Gives the text of each line its values, for loggers that show no attributes. The state stays as it is.</summary>
internal sealed class TextLogger(ILogger logger) : ILogger
{
    internal const string MessageKey = "{OriginalFormat}";

    /// <summary>The message of a line, if that is a constant; else null.</summary>
    public static string? ConstantOf(IReadOnlyList<KeyValuePair<string, object?>> state) =>
        state.Count > 0 && state[^1] is { Key: MessageKey, Value: string message } && !message.Contains('{', StringComparison.Ordinal)
            ? message
            : null;

    /// <summary>A value as people read it: as it is, or quoted where it would be mistaken for something else.</summary>
    public static string Shown(string text)
    {
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is ' ' or '"' or '=' || !GoQuote.IsPrintable(rune))
            {
                return GoQuote.Text(Encoding.UTF8.GetBytes(text));
            }
        }

        return text.Length == 0 ? "\"\"" : text;
    }

    /// <summary>Adds values to the message of a line.</summary>
    public static void Append(StringBuilder text, IEnumerable<KeyValuePair<string, object?>> values)
    {
        foreach ((string name, object? value) in values)
        {
            if (name != MessageKey && value is not null)
            {
                text.Append(' ').Append(name).Append('=').Append(Shown(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        logger.Log(logLevel, eventId, state, exception, (values, thrown) => TextOf(values, formatter(values, thrown)));

    private static string TextOf<TState>(TState state, string message)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> values || ConstantOf(values) is null)
        {
            return message;
        }

        var text = new StringBuilder(message);
        Append(text, values);
        return text.ToString();
    }
}
