using System.Diagnostics.CodeAnalysis;
using Exposition.Formats.Go;

namespace Exposition.Engine.Expiry;

/// <summary>The text of rules: a word, or a selector and a word with <c>=</c> between them.</summary>
internal static class RuleText
{
    /// <summary>Takes the text of a rule apart.</summary>
    public static bool TrySplit(string text, out string? selector, out string word)
    {
        (selector, word) = (null, text);
        if (!text.StartsWith('{'))
        {
            return true;
        }

        int end = text.LastIndexOf('}') + 1;
        if (end == 0 || end == text.Length || text[end] != '=')
        {
            return false;
        }

        (selector, word) = (text[..end], text[(end + 1)..]);
        return true;
    }

    /// <summary>Reads the groups of a rule, and takes out its word.</summary>
    /// <param name="text">The rule.</param>
    /// <param name="wanted">What the word is to be, for the error.</param>
    /// <param name="groups">The groups that it is for; null for all.</param>
    /// <param name="word">The word, which is not looked at.</param>
    /// <param name="error">What is wrong with the rest.</param>
    public static bool TryRead(
        string text, string wanted, out GroupSelector? groups, out string word, [NotNullWhen(false)] out string? error)
    {
        groups = null;
        error = TrySplit(text, out string? selector, out word) ? null : $"expected {{SELECTOR}}={wanted}";
        return error is null && (selector is null || GroupSelector.TryParse(selector, out groups, out error));
    }

    /// <summary>The text of a rule that gives groups a time.</summary>
    /// <param name="groups">The groups that it is for; null for all.</param>
    /// <param name="time">What they are given.</param>
    public static string Of(GroupSelector? groups, TimeSpan time)
    {
        string text = GoDuration.Format(DeadlineSchedule.Nanoseconds(time));
        return groups is null ? text : $"{groups}={text}";
    }
}
