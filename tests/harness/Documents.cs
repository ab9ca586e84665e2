namespace Exposition.Harness;

/// <summary>The documents of the checkout.</summary>
public static class Documents
{
    /// <summary>The paths of all of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Directory.EnumerateFiles(Checkout.Root, "*.md"),
        .. new[] { ".github", "src", "tests", "bench", "fuzz" }
            .SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(Checkout.Root, folder), "*.md", SearchOption.AllDirectories))
            .Where(static path => !path.Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj" or "node_modules"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The path of one of them below the root.</summary>
    public static string NameOf(string path) => Path.GetRelativePath(Checkout.Root, path);
}
