using System.Text.RegularExpressions;

namespace Exposition.Harness;

/// <summary>The code that documents show stands in a test, where it is compiled and run.</summary>
public static partial class ReadmeSamples
{
    /// <summary>Each C# block of the document stands in the test file; both are named from the root.</summary>
    public static void AreIn(string testFile, string document)
    {
        IReadOnlyList<string> samples = Of(document);
        Assert.NotEmpty(samples);
        Assert.All(samples, sample => Assert.True(Contains(testFile, sample), $"{document} shows what is not in {testFile}:\n{sample}"));
    }

    /// <summary>The C# blocks of a document, which is named from the root.</summary>
    public static IReadOnlyList<string> Of(string document) =>
    [
        .. CodeBlock().Matches(File.ReadAllText(Path.Combine(Checkout.Root, document))).Select(static match => match.Groups[1].Value),
    ];

    /// <summary>
    /// Whether all lines of the sample are there, in this order and without gaps; using directives apart, which stand at the top of a file.
    /// </summary>
    public static bool Contains(string testFile, string sample) =>
        Lines(File.ReadAllText(Path.Combine(Checkout.Root, testFile))).Contains(Lines(sample), StringComparison.Ordinal);

    private static string Lines(string code) => string.Join('\n', code.Split('\n').Select(static line => line.Trim())
        .Where(static line => line.Length > 0 && !IsUsingDirective(line)));

    private static bool IsUsingDirective(string line) =>
        line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && !line.Contains('=', StringComparison.Ordinal);

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
