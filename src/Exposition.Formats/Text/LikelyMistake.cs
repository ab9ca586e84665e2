using System.Buffers;
using System.Text.Unicode;

namespace Exposition.Formats.Text;

// Looked at only when a body has been refused, and only at its beginning and its end, whatever its size. What is told is what the sender
// can change.

/// <summary>Says what the sender of a refused body has probably done.</summary>
internal static class LikelyMistake
{
    private const int Beginning = 4096;

    // What reads a body knows no headers: those who read it themselves are told of methods, and who has sent it of headers (AsSent).
    private const string OpenMetricsType = "application/openmetrics-text";
    private const string ProtobufType = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    private const string Binary = "the body is binary: delimited protobuf is read by ProtobufFormat.TryRead, or by ExpositionText.Parse "
        + $"with the content type {ProtobufType}; what is packed is unpacked first, and Prometheus remote write is not understood";

    /// <summary>The hint that is in vain for a body that was read so.</summary>
    public const string OpenMetrics = "this looks like OpenMetrics, which is read by OpenMetricsFormat.TryRead, or by ExpositionText.Parse "
        + $"with the content type {OpenMetricsType}";

    private static readonly SearchValues<byte> s_binary = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Except(['\t', '\n', '\r']).Select(static b => (byte)b)]);

    private static readonly SearchValues<byte> s_formBytes =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~*%+&=\r\n"u8);

    /// <summary>The mistake and what to do instead, for the line of a body that was refused; or null.</summary>
    public static string? Of(ReadOnlySpan<byte> body, int lineStart)
    {
        ReadOnlySpan<byte> start = body[..Math.Min(body.Length, Beginning)];
        ReadOnlySpan<byte> line = WithoutMark(body[lineStart..]);
        return OfLanguage(WithoutMark(start)) ?? OfLine(line) ?? (IsOpenMetrics(body, line) ? OpenMetrics : null);
    }

    /// <summary>A hint in words for who has sent the body in a request.</summary>
    public static string? AsSent(string? hint) => hint switch
    {
        OpenMetrics => $"this looks like OpenMetrics, which is sent with the Content-Type {OpenMetricsType}",
        Binary => $"the body is binary: protobuf needs the Content-Type {ProtobufType}, packed bodies their Content-Encoding, "
            + "and Prometheus remote write is not understood",
        _ => hint,
    };

    // As it is sent, "# EOF" may have lost its end, or got one of Windows.
    private static bool IsOpenMetrics(ReadOnlySpan<byte> body, ReadOnlySpan<byte> line)
    {
        int length = line.IndexOf((byte)'\n');
        line = (length < 0 ? line : line[..length]).TrimEnd(" \r"u8);
        ReadOnlySpan<byte> type = line[(line.LastIndexOf((byte)' ') + 1)..];
        bool isType = type.SequenceEqual("unknown"u8) || type.SequenceEqual("info"u8) || type.SequenceEqual("stateset"u8);
        return (line.StartsWith("# TYPE "u8) && isType)
            || (!line.StartsWith((byte)'#') && line.IndexOf(" # {"u8) > 0)
            || body.TrimEnd("\r\n"u8).EndsWith("\n# EOF"u8);
    }

    /// <summary>Whether a comment holds another HELP or TYPE, as when the line ends have been lost.</summary>
    public static bool HoldsAnother(ReadOnlySpan<byte> line)
    {
        line = line.TrimStart(" \t"u8);
        return line.StartsWith("#"u8) && (line[1..].IndexOf("# HELP "u8) >= 0 || line[1..].IndexOf("# TYPE "u8) >= 0);
    }

    private static string? OfLanguage(ReadOnlySpan<byte> start)
    {
        ReadOnlySpan<byte> text = start.TrimStart(" \t\r\n"u8);
        return text.IsEmpty ? null
            : text[0] == '<' ? "the body is HTML or XML, not metrics"
            : IsJson(text) ? "the body is JSON; metrics are sent as lines of text: name{label=\"value\"} 1"
            : text.StartsWith("--"u8) && (text.IndexOf("Content-Disposition"u8) >= 0 || text.IndexOf("Content-Type"u8) >= 0)
                ? "the body is in several parts (multipart), as curl -F sends it: use curl --data-binary @FILE"
            : start.ContainsAny(s_binary)
                ? Binary
            : IsForm(text) ? "the body is percent-encoded or a form, as curl --data-urlencode sends it: use curl --data-binary"
            : null;
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith(TextBodyReader.ByteOrderMark) ? text[TextBodyReader.ByteOrderMark.Length..] : text;

    private static string? OfLine(ReadOnlySpan<byte> line)
    {
        int length = line.IndexOf((byte)'\n');
        bool ended = length >= 0;
        line = ended ? line[..length] : line;
        return line[..Math.Max(0, line.Length - 1)].Contains((byte)'\r') ? "lines end in LF or CR LF, and CR alone ends none"
            : !ended && line.TrimStart(" \t"u8).StartsWith("#"u8)
                ? "the last line is a comment without a line end: curl -d takes the line ends out of a file, curl --data-binary keeps them"
            : IsGlued(line)
                ? "line ends are missing: curl -d takes them out of a file, and so does echo $VARIABLE without quotes; curl "
                + "--data-binary @FILE keeps them"
            : line.IndexOf("\\n"u8) is var at && at >= 0
                && !line[at..].Contains((byte)'"') ? "a backslash and an n are no line end: write it with printf, or in bash as $'...\\n'"
            : HasJoint(line) ? "an & joins what curl sends of several -d: send one body of whole lines with curl --data-binary"
            : !Utf8.IsValid(line) ? "the line has bytes that are not UTF-8, as text in Latin-1 or Windows-1252 has"
            : !ended ? "the last line is cut short"
            : null;
    }

    // Between a value and the next name, so not in a label value.
    private static bool HasJoint(ReadOnlySpan<byte> line)
    {
        bool isQuoted = false;
        for (int at; !line.StartsWith((byte)'#') && (at = line.IndexOfAny((byte)'"', (byte)'&')) >= 0; line = line[(at + 1)..])
        {
            if (line[at] == '&' && !isQuoted)
            {
                return true;
            }

            isQuoted ^= line[at] == '"';
        }

        return false;
    }

    private static bool IsGlued(ReadOnlySpan<byte> line) => line.IndexOf("# HELP "u8) > 0 || line.IndexOf("# TYPE "u8) > 0;

    // An array or a string, which no line begins with. An object begins with a name and a colon, where a line of metrics that begins with a
    // brace has "=", "," or "}" behind a name.
    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        if (text[0] is (byte)'[' or (byte)'"')
        {
            return true;
        }

        ReadOnlySpan<byte> rest = text[1..].TrimStart(" \t\r\n"u8);
        int end = text[0] == '{' && rest.StartsWith("\""u8) ? rest[1..].IndexOf((byte)'"') : -1;
        return end >= 0 && rest[(end + 2)..].TrimStart(" \t\r\n"u8).StartsWith(":"u8);
    }

    // No blank, but an escape, or a name and "=".
    private static bool IsForm(ReadOnlySpan<byte> text) =>
        !text.ContainsAnyExcept(s_formBytes) && (text.Contains((byte)'%') || text.Contains((byte)'='));
}
