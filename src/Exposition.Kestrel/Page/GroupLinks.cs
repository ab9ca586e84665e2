using Exposition.Engine;

namespace Exposition.Kestrel.Page;

/// <summary>Where pushes and deletes of groups go, from the page and from a shell.</summary>
/// <param name="Deletes">What stands before the paths of deletes, relative to the page; null where nothing can be deleted.</param>
/// <param name="Pushes">The same of pushes, as a URL; null where nothing can be pushed.</param>
/// <param name="UnescapesNames">Whether the push routes undo the U__ form of label names.</param>
internal sealed record GroupLinks(string? Deletes, string? Pushes, bool UnescapesNames)
{
    /// <summary>The address that deletes a group, relative to the page; null where there is none.</summary>
    public string? DeleteOf(GroupingKey key) => Deletes is null ? null : Deletes + PushPathText.Of(key, UnescapesNames, isReadable: false);

    /// <summary>The URL of a group, for a shell, in single quotes; null where there is none.</summary>
    public string? UrlOf(GroupingKey key) => Pushes is null ? null : Pushes + PushPathText.Of(key, UnescapesNames, isReadable: true);
}
