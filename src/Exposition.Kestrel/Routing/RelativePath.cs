namespace Exposition.Kestrel.Routing;

/// <summary>Links from one place of a host to another that hold behind any proxy, as they do not say where the host is.</summary>
internal static class RelativePath
{
    /// <summary>How a page in one folder names another folder.</summary>
    /// <param name="from">The folder of the page, without a slash at its end: empty for the root. May have parameters.</param>
    /// <param name="to">The other, alike, decoded.</param>
    /// <returns>Empty for the same folder; else with a slash at its end.</returns>
    public static string Of(string from, string to)
    {
        string[] here = from.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string[] there = to.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int common = here.AsSpan().CommonPrefixLength(there);
        return string.Concat(
            [.. here.Skip(common).Select(static _ => "../"), .. there.Skip(common).Select(static s => Uri.EscapeDataString(s) + "/")]);
    }
}
