using System.Text.RegularExpressions;

namespace Exposition.Conformance.Tests.House;

/// <summary>The page on how the project is built names files that there are, and every room.</summary>
public sealed partial class ArchitectureDocumentTests
{
    private static readonly string s_source = Path.Combine(Checkout.Root, "src");
    private static readonly string s_page = File.ReadAllText(Path.Combine(s_source, "ARCHITECTURE.md"));
    private static readonly ILookup<string, string> s_files = Directory.EnumerateFiles(s_source, "*.cs", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(s_source, path))
        .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
        .ToLookup(path => Path.GetFileName(path));

    [Fact]
    public void Each_file_that_is_named_is_one_file()
    {
        var named = FileName().Matches(s_page).Select(match => match.Groups[1].Value).Distinct().ToList();
        Assert.InRange(named.Count, 40, 200);
        Assert.All(named, name => Assert.Single(s_files[name]));
    }

    [Fact]
    public void The_rooms_are_the_folders()
    {
        var rooms = Room().Matches(s_page).Select(match => match.Groups[1].Value);
        var folders = s_files.SelectMany(files => files).Select(path => Path.GetDirectoryName(path)!.Replace('\\', '/')).Distinct();
        Assert.Equal(folders.Order(StringComparer.Ordinal), rooms.Order(StringComparer.Ordinal));
    }

    [GeneratedRegex(@"`([A-Z][\w.]*\.cs)`")]
    private static partial Regex FileName();

    [GeneratedRegex(@"^\| `(Exposition\.[\w./]+|samples)` \|", RegexOptions.Multiline)]
    private static partial Regex Room();
}
