namespace Exposition.Gateway.Tests;

/// <summary>A table of a document that is made from the program; it stands between two comments.</summary>
internal static class DocumentPart
{
    /// <summary>With 1 the tests write what the program has, and do not compare.</summary>
    private const string UpdateVariable = "EXPOSITION_UPDATE_DOCS";

    /// <summary>Where the documents are.</summary>
    public static string Folder { get; } = Path.Combine(Checkout.Root, "src", "Exposition.Gateway", "docs");

    /// <summary>The document holds these lines.</summary>
    public static void IsCurrent(string document, string part, IEnumerable<string> lines)
    {
        string path = Path.Combine(Folder, document);
        string text = File.ReadAllText(path);
        string current = Replace(text, part, lines);
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
        {
            File.WriteAllText(path, current);
            return;
        }

        string[] missing = [.. current.Split('\n').Except(text.Split('\n'))];
        string[] left = [.. text.Split('\n').Except(current.Split('\n'))];
        Assert.True(text == current, $"{document} does not say what the program does ({UpdateVariable}=1 writes it anew).\n"
            + $"in the program: {string.Join('\n', missing)}\nin the document: {string.Join('\n', left)}");
    }

    /// <summary>The first cells of the rows, without backticks.</summary>
    public static IEnumerable<string> Names(string document) =>
        File.ReadLines(Path.Combine(Folder, document))
            .Where(static line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(static line => line.Split('`')[1]);

    internal static string Replace(string text, string part, IEnumerable<string> lines)
    {
        string begin = $"<!-- {part}: made from the program -->\n";
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        int end = text.IndexOf("<!-- end -->", start, StringComparison.Ordinal);
        Assert.True(start >= begin.Length && end >= 0, $"no part {part}");
        return $"{text[..start]}\n{string.Concat(lines.Select(static line => line + "\n"))}\n{text[end..]}";
    }
}
