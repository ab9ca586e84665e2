namespace Exposition.Conformance.Tests.House;

/// <summary>What a reader may rely on in every file of the project.</summary>
public sealed class TidyTests
{
    private const int MaxLines = 500;
    private const int MaxColumns = 140;

    // A line that is nearly all one literal.
    private const int LongText = 80;

    /// <summary>Words that announce unfinished work, spelled so that this file does not contain them.</summary>
    private static readonly string[] s_unfinished = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception", "XX" + "X:"];

    [Fact]
    public void No_source_file_is_longer_than_a_reader_can_hold()
    {
        var tooLong = Files("*.cs").Select(path => (Name: Relative(path), Lines: File.ReadLines(path).Count()))
            .Where(file => file.Lines > MaxLines);
        Assert.Empty(tooLong);
    }

    // But for text that is written as it was recorded, drawings and samples, which begin further in, and names that cannot be broken.
    [Fact]
    public void Lines_end_where_the_editor_is_told_that_they_end()
    {
        var hits = from path in Files("*.cs")
                   where !Path.GetFileName(path).StartsWith("SampleTests", StringComparison.Ordinal)
                   from line in Code(path)
                   where line.Text.Length > MaxColumns && !IsOneText(line.Text) && !IsFreeComment(line.Text.TrimStart())
                   select $"{Relative(path)}:{line.Number}";
        Assert.Empty(hits);
    }

    // Without what stands between three quotes.
    private static IEnumerable<(string Text, int Number)> Code(string path)
    {
        bool isText = false;
        foreach (var (number, line) in File.ReadLines(path).Index())
        {
            bool opensOrCloses = line.Split("\"\"\"").Length % 2 == 0;
            if (!isText && !opensOrCloses)
            {
                yield return (line, number + 1);
            }

            isText ^= opensOrCloses;
        }
    }

    private static bool IsOneText(string line) => line.LastIndexOf('"') - line.IndexOf('"', StringComparison.Ordinal) >= LongText;

    private static bool IsFreeComment(string line) => line.StartsWith("//", StringComparison.Ordinal)
        && (line.TrimStart('/').StartsWith("    ", StringComparison.Ordinal) || line.Contains("<inheritdoc ", StringComparison.Ordinal));

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        var hits = from path in Files("*.cs")
                   from line in File.ReadLines(path).Select((text, index) => (Text: text, Number: index + 1))
                   where s_unfinished.Any(word => line.Text.Contains(word, StringComparison.Ordinal))
                   select $"{Relative(path)}:{line.Number}: {line.Text.Trim()}";
        Assert.Empty(hits);
    }

    [Fact]
    public void Every_project_has_its_lock_file_and_none_names_a_server()
    {
        var projects = Files("*.csproj").ToList();
        Assert.True(projects.Count >= 12, "projects were not found");
        Assert.Empty(projects.Select(project => Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"))
            .Where(path => !File.Exists(path)).Select(Relative));
        Assert.Empty(
            Files("packages.lock.json").Where(path => File.ReadAllText(path).Contains("://", StringComparison.Ordinal)).Select(Relative));
        Assert.Empty(Files("package-lock.json").Where(path => File.ReadAllText(path).Contains("\"resolved\"", StringComparison.Ordinal))
            .Select(Relative));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Checkout.Root, "Engine.sln"));
        Assert.Empty(
            Files("*.csproj").Where(path => !solution.Contains(Path.GetFileName(path), StringComparison.Ordinal)).Select(Relative));
    }

    [Fact]
    public void Skipped_test_names_its_reason()
    {
        // Tests are skipped only at run time, by what they find missing; never by an attribute.
        var skipped = Files("*.cs").Where(path => File.ReadAllText(path).Contains("(Skip " + "=", StringComparison.Ordinal));
        Assert.Empty(skipped.Select(Relative));
    }

    private static IEnumerable<string> Files(string pattern) =>
        new[] { "src", "tests", "bench", "fuzz" }
            .Select(folder => Path.Combine(Checkout.Root, folder))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories))
            .Where(path => !IsBuilt(path));

    private static bool IsBuilt(string path) =>
        Relative(path).Split(Path.DirectorySeparatorChar).Any(part => part is "artifacts" or "bin" or "obj" or "node_modules");

    private static string Relative(string path) => Path.GetRelativePath(Checkout.Root, path);
}
