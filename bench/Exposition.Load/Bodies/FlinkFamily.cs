namespace Exposition.Load.Bodies;

/// <summary>A family that Flink's reporter exposes.</summary>
/// <param name="Scope">Whose labels its series have: <c>tm</c>, <c>task</c>, <c>op</c>, <c>source</c>, <c>sink</c>,
/// <c>partition</c>.</param>
/// <param name="IsSummary">A histogram of Flink's; all else is a gauge.</param>
/// <param name="Group">The logical scope, which HELP names and the name begins with.</param>
/// <param name="Metric">The metric's own name, as Flink has it.</param>
internal sealed record FlinkFamily(string Scope, bool IsSummary, string Group, string Metric)
{
    private static readonly Lazy<FlinkFamily[]> s_all = new(ReadAll);

    /// <summary>All families of a task manager.</summary>
    public static IReadOnlyList<FlinkFamily> All => s_all.Value;

    /// <summary>The name as it is exposed.</summary>
    public string Name { get; } = string.Concat(
        $"flink_{Group}_{Metric}".Select(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or ':' ? c : '_'));

    private static FlinkFamily[] ReadAll()
    {
        const string file = "flink-families.tsv";
        using Stream stream = typeof(FlinkFamily).Assembly.GetManifestResourceStream(file)
            ?? throw new InvalidOperationException($"{file} is not in the program");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(static line => line[0] != '#')
            .SelectMany(static line => OfLine(line, line.Split('\t')))];
    }

    private static IEnumerable<FlinkFamily> OfLine(string line, string[] fields) => fields.Length == 4
        ? fields[3].Split(',').Select(metric => new FlinkFamily(fields[0], fields[1] == "summary", fields[2], metric))
        : throw new FormatException($"expected four columns: {line}");
}
