using System.Text.RegularExpressions;

namespace Exposition.Conformance.Tests.House;

/// <summary>What the documents point at is there.</summary>
public sealed partial class DocumentsTests
{
    private const int MostReadmeLines = 200;

    [Fact]
    public void Links_lead_to_files_and_headings()
    {
        var links = (from path in Documents.All
                     from Match link in Link().Matches(Code().Replace(File.ReadAllText(path), ""))
                     where !link.Groups[1].Value.Contains("://", StringComparison.Ordinal)
                     select (From: path, To: link.Groups[1].Value)).ToList();
        Assert.True(links.Count > 30, "links were not found");
        Assert.Empty(links.Where(link => !Leads(link.From, link.To)).Select(link => $"{Documents.NameOf(link.From)}: {link.To}"));
    }

    [Fact]
    public void Files_that_are_named_exist() => Assert.Empty(
        from path in Documents.All
        from Match named in FileName().Matches(File.ReadAllText(path))
        where !Path.Exists(Path.Combine(Checkout.Root, named.Value.TrimEnd('.')))
        select $"{Documents.NameOf(path)}: {named.Value}");

    [Fact]
    public void Tests_that_are_named_exist()
    {
        var classes = Directory.EnumerateFiles(Path.Combine(Checkout.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(path => ClassName().Matches(File.ReadAllText(path)))
            .Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Empty(
            from path in Documents.All
            from Match named in TestName().Matches(File.ReadAllText(path))
            where named.Value.StartsWith('*')
                ? !classes.Any(name => name.EndsWith(named.Value[1..], StringComparison.Ordinal))
                : !classes.Contains(named.Value)
            select $"{Documents.NameOf(path)}: {named.Value}");
    }

    [Fact]
    public void The_readme_is_short() =>
        Assert.InRange(File.ReadLines(Path.Combine(Checkout.Root, "README.md")).Count(), 50, MostReadmeLines);

    private static bool Leads(string from, string to)
    {
        var parts = to.Split('#', 2);
        var target = parts[0].Length == 0 ? from : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(from)!, parts[0]));
        return Path.Exists(target)
            && (parts.Length == 1 || File.ReadLines(target).Where(line => line.StartsWith('#')).Select(Anchor).Contains(parts[1]));
    }

    // As GitHub makes them of headings.
    private static string Anchor(string heading) =>
        NotInAnchors().Replace(heading.TrimStart('#').Trim(), "").Replace(' ', '-').ToLowerInvariant();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^```.*?^```|`[^`\n]*`", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Code();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchors();

    // From the root. What goes on with a variable or a pattern is no name.
    [GeneratedRegex(@"(?<![\w/.-])(?>(?:src|tests|bench|fuzz|\.ci|\.github)/[\w.-]+(?:/[\w.-]+)*)(?![/$*<{])")]
    private static partial Regex FileName();

    [GeneratedRegex(@"\*?\b[A-Z]\w+Tests\b")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\bclass (\w+Tests)\b")]
    private static partial Regex ClassName();
}
