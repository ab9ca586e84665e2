using System.Globalization;
using System.Text;
using Exposition.Formats.Go;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Logging;

/// <summary>How log lines are written.</summary>
internal enum LogFormat
{
    /// <summary><c>ts=... level=... msg=... key=value</c></summary>
    Logfmt,

    /// <summary>One JSON object per line, with the same keys.</summary>
    Json,
}

/// <summary>Writes a log line in the Pushgateway's shape: ts (UTC, milliseconds), level, msg, then the attributes.</summary>
internal static class LogLine
{
    /// <summary>The line, with its newline.</summary>
    public static byte[] Write(
        LogFormat format, DateTimeOffset now, LogLevel level, string message, IEnumerable<KeyValuePair<string, object?>> attributes)
    {
        string ts = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        return format == LogFormat.Json ? Json(ts, Name(level), message, attributes) : Logfmt(ts, Name(level), message, attributes);
    }

    /// <summary>
    /// A value as logfmt writes it: bare, or quoted where it is empty or has blanks, quotes, equals signs or unprintable characters.
    /// </summary>
    public static string Value(string text)
    {
        bool quote = text.Length == 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            quote |= rune.Value is ' ' or '"' or '=' || !GoQuote.IsClear(rune);
        }

        return quote ? GoQuote.Text(text) : text;
    }

    /// <summary>An attribute's name: <c>buildContext</c> becomes <c>build_context</c>.</summary>
    public static string Key(string name)
    {
        var key = new StringBuilder(name.Length + 4);
        foreach (char c in name)
        {
            if (char.IsAsciiLetterUpper(c))
            {
                key.Append(key.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(c));
            }
            else
            {
                key.Append(char.IsAsciiLetterOrDigit(c) || c == '.' ? c : '_');
            }
        }

        return key.ToString();
    }

    private static byte[] Logfmt(string ts, string level, string message, IEnumerable<KeyValuePair<string, object?>> attributes)
    {
        var line = new StringBuilder($"ts={ts} level={level} msg={Value(message)}");
        foreach ((string name, object? value) in attributes)
        {
            line.Append(' ').Append(Key(name)).Append('=').Append(Value(Text(value)));
        }

        return Encoding.UTF8.GetBytes(line.Append('\n').ToString());
    }

    private static byte[] Json(string ts, string level, string message, IEnumerable<KeyValuePair<string, object?>> attributes)
    {
        var line = new StringBuilder("{");
        Pair(line, "ts", ts);
        Pair(line.Append(','), "level", level);
        Pair(line.Append(','), "msg", message);
        foreach ((string name, object? value) in attributes)
        {
            Pair(line.Append(','), Key(name), value);
        }

        return Encoding.UTF8.GetBytes(line.Append("}\n").ToString());
    }

    private static void Pair(StringBuilder line, string key, object? value)
    {
        JsonText(line, key);
        line.Append(':');
        if (value is bool or int or long)
        {
            line.Append(Text(value));
        }
        else
        {
            JsonText(line, Text(value));
        }
    }

    // The framework's writer leaves alone what turns text around or does not show itself.
    private static void JsonText(StringBuilder line, string text)
    {
        line.Append('"');
        foreach (Rune rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"': line.Append("\\\""); break;
                case '\\': line.Append("\\\\"); break;
                case '\n': line.Append("\\n"); break;
                case '\r': line.Append("\\r"); break;
                case '\t': line.Append("\\t"); break;
                default: Append(line, rune); break;
            }
        }

        line.Append('"');
    }

    private static void Append(StringBuilder line, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        units = units[..rune.EncodeToUtf16(units)];
        if (GoQuote.IsClear(rune))
        {
            line.Append(units);
            return;
        }

        foreach (char unit in units)
        {
            line.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "<nil>",
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>A level as it is written.</summary>
    public static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        _ => "error",
    };
}
