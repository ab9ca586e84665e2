using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Engine.Consistency;

/// <summary>
/// What the store adds to the Pushgateway's sentence of a refusal, for people: which type was pushed, and which one is stored where.
/// </summary>
internal static class RefusalWords
{
    private const string Start = ": pushed as ";
    private const string Left = "...";

    /// <summary>The words, to be put behind the sentence.</summary>
    public static string Of(MetricType pushed, string holder, string what, MetricType stored) =>
        $"{Start}{PushRules.TypeName(pushed)}, but {holder} has {what} as {PushRules.TypeName(stored)}";

    /// <summary>The words of a reason, from "pushed as" on; null where it has none.</summary>
    public static string? In(string reason) => StartIn(reason) is >= 0 and var at ? reason[(at + 2)..] : null;

    /// <summary>
    /// A reason that is not much longer than so many characters: of what is too long the end of the sentence is left out, and then the
    /// middle of the words, which say the types at their start and end, and where the group is.
    /// </summary>
    public static string Cut(string reason, int most)
    {
        if (reason.Length <= most)
        {
            return reason;
        }

        string words = StartIn(reason) is >= 0 and var at ? WithoutMiddle(reason[at..], most * 2 / 3) : "";
        return Before(reason, most - words.Length) + Left + words;
    }

    // What was pushed may have these words in a label, too.
    private static int StartIn(string reason) => reason.LastIndexOf(Start, StringComparison.Ordinal);

    private static string WithoutMiddle(string words, int most)
    {
        if (words.Length <= most)
        {
            return words;
        }

        int end = words.Length - ((most - Left.Length) / 2);
        end += char.IsLowSurrogate(words[end]) ? 1 : 0;
        return Before(words, (most - Left.Length) / 2) + Left + words[end..];
    }

    private static string Before(string text, int length) =>
        text[..(length - (length > 0 && char.IsHighSurrogate(text[length - 1]) ? 1 : 0))];
}
