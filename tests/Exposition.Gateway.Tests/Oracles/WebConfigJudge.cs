using System.Text.RegularExpressions;
using Exposition.Gateway.Web;

namespace Exposition.Gateway.Tests;

/// <summary>
/// What the reader of the web configuration promises: it does not crash, an error names a line that is there, and it takes what a naive
/// reader takes, with the same meaning.
/// </summary>
internal static partial class WebConfigJudge
{
    /// <summary>What is wrong, or null.</summary>
    public static string? Complaint(string text)
    {
        SortedDictionary<string, string>? expected = NaiveWebConfig.Read(text);
        WebConfig config;
        try
        {
            config = WebConfigReader.Read(text, "/etc");
        }
        catch (WebConfigException e)
        {
            // YamlDotNet may stand in the line behind the last.
            int lines = text.Count(static c => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029') + 1;
            return Line().Match(e.Message) is not { Success: true } match || !int.TryParse(match.Groups[1].Value, out int line) || line < 1
                || line > lines + 1 ? $"which line? {e.Message}"
                : expected is not null && !IsStricter(text, e.Message) ? $"refused without need: {e.Message}"
                : null;
        }

        // Tags may mean anything to the naive reader.
        SortedDictionary<string, string> told = NaiveWebConfig.Tell(config);
        return expected is null ? text.Contains('!', StringComparison.Ordinal) ? null : $"taken in error: {Join(told)}"
            : Join(told) != Join(expected) ? $"read as\n{Join(told)}\ninstead of\n{Join(expected)}"
            : null;
    }

    // Aliases, further documents and depths are refused on purpose.
    private static bool IsStricter(string text, string message) =>
        text.Contains('!', StringComparison.Ordinal)
        || message.Contains("aliases are not supported", StringComparison.Ordinal)
        || message.Contains("single document", StringComparison.Ordinal)
        || message.Contains("nested too deep", StringComparison.Ordinal);

    private static string Join(SortedDictionary<string, string> told) =>
        string.Join('\n', told.Select(static pair => $"{pair.Key}={pair.Value}"));

    [GeneratedRegex(@"\bline (\d+)")]
    private static partial Regex Line();
}
