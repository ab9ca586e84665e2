using Exposition.Engine;

namespace Exposition.Kestrel.Routing;

/// <summary>The selectors of a query, of which one must choose a group.</summary>
internal static class SelectorList
{
    /// <summary>The most of them.</summary>
    public const int Most = 16;

    /// <summary>Reads one more.</summary>
    /// <param name="selectors">Those before it; it is added.</param>
    /// <param name="text">The value of <c>match[]</c>.</param>
    /// <returns>What is wrong with it; null if nothing is.</returns>
    public static string? Add(List<GroupSelector> selectors, string text)
    {
        if (selectors.Count == Most)
        {
            return $"match[]: more than {Most} selectors";
        }

        if (!GroupSelector.TryParse(text, out GroupSelector? selector, out string? error))
        {
            return $"match[] {selectors.Count + 1}: {error}";
        }

        selectors.Add(selector);
        return null;
    }
}
