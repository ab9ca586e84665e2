namespace Exposition.Harness;

/// <summary>Where the repository is, and the recordings that may lie beside it.</summary>
public static class Checkout
{
    /// <summary>The environment variable that points at the recordings when they are not at <c>../shared</c>.</summary>
    public const string SharedVariable = "EXPOSITION_SHARED";

    /// <summary>The directory that holds <c>Engine.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// The path of a file or directory below the recordings. Skips the calling test when they are not there: a plain
    /// clone has none, so this is no failure even on CI.
    /// </summary>
    public static string Shared(params string[] parts)
    {
        var root = Environment.GetEnvironmentVariable(SharedVariable) is { Length: > 0 } set
            ? set
            : Path.Combine(Path.GetDirectoryName(Root)!, "shared");
        var path = Path.Combine([root, .. parts]);
        Assert.SkipUnless(Path.Exists(path), $"{string.Join('/', parts)} is not beside the checkout (../shared or ${SharedVariable})");
        return path;
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Engine.sln")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("Engine.sln is in no parent of " + AppContext.BaseDirectory);
    }
}
