using System.Globalization;
using System.Text;

namespace Exposition.Load.Results;

/// <summary>
/// The table in README, made from a record that the first mark names: a line for each case, a column for each server. Times are the
/// median, and where there are a hundred the 99th percentile beside it. A test compares both, so that README cannot say what no run has
/// shown.
/// </summary>
internal static class ReadmeTable
{
    private const string Begin = "<!-- measured: ";
    private const string BeginEnd = " -->\n";
    private const string End = "<!-- end of measured -->";

    /// <summary>The columns of a record: its servers, in the order of its rows.</summary>
    private static readonly string[] s_known = ["Pushgateway", "VictoriaMetrics", "ours, JIT", "ours, AOT"];

    /// <summary>A page with the table of the record that it names, or of another one.</summary>
    /// <param name="page">The text of README.</param>
    /// <param name="root">The directory of README.</param>
    /// <param name="file">The record to show, relative to that; null: the one that the page names.</param>
    /// <exception cref="FormatException">The page has no marks, or there is no such record.</exception>
    public static string Update(string page, string root, string? file = null)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        int name = begin + Begin.Length;
        int nameEnd = begin < 0 ? -1 : page.IndexOf(BeginEnd, name, StringComparison.Ordinal);
        int end = nameEnd < 0 ? -1 : page.IndexOf(End, nameEnd, StringComparison.Ordinal);
        if (end < 0)
        {
            throw new FormatException($"expected a line {Begin}FILE{BeginEnd.TrimEnd()} and a line {End}");
        }

        file ??= page[name..nameEnd];
        string path = Path.Combine(root, file);
        return File.Exists(path)
            ? page[..name] + file + BeginEnd + "\n" + Make(RunRecord.Read(path)) + "\n" + page[end..]
            : throw new FormatException($"{file} is not there: bench/run writes it");
    }

    /// <summary>The table of a record, and what must be known of it.</summary>
    public static string Make(RunRecord record)
    {
        string[] systems = [.. s_known.Where(system => record.Rows.Any(row => row.System == system))];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| {record.Processor}, {record.Cores} processors | {string.Join(" | ", systems.Select(
            system => record.Versions.GetValueOrDefault(system, "not told") is var version and not "not told"
                ? $"{system} {version}"
                : system))} |\n");
        text.Append('|').Insert(text.Length, "---|", systems.Length + 1).Append('\n');
        foreach (IGrouping<string, Row> rows in record.Rows.Where(row => systems.Contains(row.System)).GroupBy(Line))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {rows.Key} | {string.Join(" | ", systems.Select(
                system => string.Join(" / ", rows.Where(row => row.System == system).Select(Cell))))} |\n");
        }

        text.Append(CultureInfo.InvariantCulture,
            $"\nMeasured at {record.Commit} on {record.Measured}{(record.IsQuick ? " in a quick run, which is of little weight" : "")}; {record.Placement}.");
        return text.Append(record.Rows.Any(static row => row.Doubts.Count > 0 || row.IsWrong)
            ? " (?): not to be trusted, the record says why.\n"
            : "\n").ToString();
    }

    // Scrapes after different changes share a line.
    private static string Line(Row row)
    {
        const string changed = " changed";
        int last = row.Case.LastIndexOf(", ", StringComparison.Ordinal);
        return row.Case.EndsWith(changed, StringComparison.Ordinal) && last > 0
            ? row.Case[..last] + ": nothing / 1 % / all changed"
            : row.Case;
    }

    // Of a server that cannot keep the rate, that is the result: its latencies grow for as long as one looks.
    private static string Cell(Row row)
    {
        if (row.IsWrong)
        {
            return "wrong (?)";
        }

        string cell = row.Reached < Measuring.Trust.LeastOfRate * row.Asked
            ? $"keeps {Units.Digits(row.Reached.Value)} /s"
            : row.P50 is null ? Units.Result(row)
            : row.P99 is not null ? $"{Units.Time(row.P50)}, {Units.Time(row.P99)}"
            : Units.Time(row.P50);
        return row.Doubts.Any(static doubt => !doubt.StartsWith("rate not kept", StringComparison.Ordinal)) ? cell + " (?)" : cell;
    }
}
