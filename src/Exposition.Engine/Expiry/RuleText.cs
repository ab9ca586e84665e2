namespace Exposition.Engine.Expiry;

/// <summary>Takes rules apart: a word, or a selector and a word with <c>=</c> between them.</summary>
internal static class RuleText
{
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
}
