using System.Globalization;
using System.Text;
using Exposition.Formats;
using Exposition.Store;

namespace Exposition.Kestrel.Internal;

/// <summary>The language chosen for a scrape.</summary>
internal readonly record struct ScrapeLanguage(ScrapeFormat Format, EscapingScheme Escaping);

/// <summary>
/// All that the wire asks about media types: the one file that knows how Formats answers it.
/// </summary>
internal static class FormatBridge
{
    private static readonly byte[][] s_contentTypes = MakeContentTypes();

    /// <summary>Chooses the language of a scrape by its first Accept line.</summary>
    public static ScrapeLanguage Choose(ReadOnlySpan<byte> accept)
    {
        var escaping = EscapingScheme.Underscores;
        foreach (Clause clause in Parse(Encoding.ASCII.GetString(accept)).OrderByDescending(static c => c.Quality))
        {
            escaping = clause.Parameters.GetValueOrDefault("escaping") switch
            {
                "allow-utf-8" => EscapingScheme.AllowUtf8,
                "underscores" => EscapingScheme.Underscores,
                "dots" => EscapingScheme.Dots,
                "values" => EscapingScheme.Values,
                _ => escaping,
            };
            if (clause.Type == "application/vnd.google.protobuf" && clause.Parameters.GetValueOrDefault("proto") == "io.prometheus.client.MetricFamily")
            {
                switch (clause.Parameters.GetValueOrDefault("encoding"))
                {
                    case "delimited": return new ScrapeLanguage(ScrapeFormat.ProtobufDelimited, escaping);
                    case "text": return new ScrapeLanguage(ScrapeFormat.ProtobufText, escaping);
                    case "compact-text": return new ScrapeLanguage(ScrapeFormat.ProtobufCompactText, escaping);
                }
            }
            else if (clause.Type == "text/plain" && clause.Parameters.GetValueOrDefault("version", "0.0.4") == "0.0.4")
            {
                break;
            }
        }

        return new ScrapeLanguage(ScrapeFormat.Text, escaping);
    }

    /// <summary>The Content-Type of a scrape.</summary>
    public static ReadOnlySpan<byte> ContentType(ScrapeLanguage language) => s_contentTypes[((int)language.Format * 4) + (int)language.Escaping];

    /// <summary>Whether gzip is the best encoding that the client accepts (identity wins ties, as in the reference).</summary>
    public static bool AcceptsGzip(ReadOnlySpan<byte> acceptEncoding)
    {
        float gzip = -1;
        float identity = -1;
        float any = -1;
        foreach (Clause clause in Parse(Encoding.ASCII.GetString(acceptEncoding)))
        {
            switch (clause.Type)
            {
                case "gzip": gzip = clause.Quality; break;
                case "identity": identity = clause.Quality; break;
                case "*": any = clause.Quality; break;
            }
        }

        return gzip > 0 && gzip > identity && gzip > any;
    }

    /// <summary>Whether a body of this Content-Type is delimited protobuf; everything else is text.</summary>
    public static bool IsDelimitedProtobuf(ReadOnlySpan<byte> contentType) =>
        contentType.Length > 15 && Ascii.EqualsIgnoreCase(contentType[..15], "application/vnd"u8) && System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(Encoding.ASCII.GetString(contentType), out var parsed)
        && string.Equals(parsed.MediaType, "application/vnd.google.protobuf", StringComparison.OrdinalIgnoreCase)
        && Parameter(parsed, "proto") == "io.prometheus.client.MetricFamily" && Parameter(parsed, "encoding") == "delimited";

    private static string? Parameter(System.Net.Http.Headers.MediaTypeHeaderValue type, string name) =>
        type.Parameters.FirstOrDefault(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase))?.Value?.Trim('"');

    private static IEnumerable<Clause> Parse(string list)
    {
        foreach (string item in list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = item.Split(';', StringSplitOptions.TrimEntries);
            var clause = new Clause(parts[0], 1, []);
            foreach (string part in parts.Skip(1))
            {
                string[] pair = part.Split('=', 2, StringSplitOptions.TrimEntries);
                if (pair.Length == 2 && pair[0] == "q")
                {
                    clause = clause with { Quality = float.TryParse(pair[1], CultureInfo.InvariantCulture, out float q) ? q : 0 };
                }
                else if (pair.Length == 2)
                {
                    clause.Parameters[pair[0]] = pair[1];
                }
            }

            yield return clause;
        }
    }

    private static byte[][] MakeContentTypes()
    {
        const string protobuf = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=";
        string[] types = ["text/plain; version=0.0.4; charset=utf-8", protobuf + "delimited", protobuf + "text", protobuf + "compact-text"];
        string[] schemes = ["underscores", "dots", "values", "allow-utf-8"];
        return [.. types.SelectMany(t => schemes.Select(s => Encoding.ASCII.GetBytes($"{t}; escaping={s}")))];
    }

    private sealed record Clause(string Type, float Quality, Dictionary<string, string> Parameters);
}
