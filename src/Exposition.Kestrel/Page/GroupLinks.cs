using Exposition.Engine;

namespace Exposition.Kestrel.Page;

/// <summary>Where pushes and deletes of groups go, from the page and from a shell.</summary>
/// <param name="Deletes">What stands before the paths of deletes, relative to the page; null where nothing can be deleted.</param>
/// <param name="Pushes">The same of pushes; null where nothing can be pushed.</param>
/// <param name="Reached">The same as a URL.</param>
/// <param name="IsReachedTold">Whether that is known, and not only what the request says.</param>
/// <param name="UnescapesNames">Whether the push routes undo the U__ form of label names.</param>
internal sealed record GroupLinks(string? Deletes, string? Pushes, string Reached, bool IsReachedTold, bool UnescapesNames)
{
    /// <summary>The address that deletes a group, relative to the page; null where there is none.</summary>
    public string? DeleteOf(GroupingKey key) => Deletes is null ? null : Deletes + PushPathText.Of(key, UnescapesNames, isReadable: false);

    /// <summary>The URL of a group, for a shell, in quotes; null where there is none.</summary>
    public string? UrlOf(GroupingKey key) => Pushes is null ? null : Quoted(PushPathText.Of(key, UnescapesNames, isReadable: true));

    /// <summary>A URL below the root, for a shell, in quotes.</summary>
    public string Quoted(string path) => $"'{(Reached + path).Replace("'", "%27", StringComparison.Ordinal)}'";
}
