namespace Exposition.Gateway.Tests;

/// <summary>The programs of <c>src/samples</c>.</summary>
internal static class Samples
{
    /// <summary>Their names, without the ending.</summary>
    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(Folder, "*.cs").Select(static path => Path.GetFileNameWithoutExtension(path)).Order()];

    private static string Folder => Path.Combine(Checkout.Root, "src", "samples");

    public static string PathOf(string name) => Path.Combine(Folder, name + ".cs");

    public static string Read(string name) => File.ReadAllText(PathOf(name));
}

/// <summary>Tests that build programs: alone, as they take all cores and share what is built.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Builds
{
    public const string Name = "builds";
}
