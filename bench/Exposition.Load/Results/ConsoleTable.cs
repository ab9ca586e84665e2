namespace Exposition.Load.Results;

/// <summary>The table in columns that a terminal and a mail keep: a line for each row, below a line for each case.</summary>
internal static class ConsoleTable
{
    public static void Write(RunRecord record, IReadOnlyList<Row> rows, TextWriter output)
    {
        output.WriteLine($"{record.Processor}, {record.Cores} processors, {record.MemoryGiB} GiB; {record.OperatingSystem}");
        output.WriteLine($"commit {record.Commit}; {string.Join("; ", record.Versions.Select(static v => $"{v.Key} {v.Value}"))}");
        output.WriteLine($"{record.Placement}; latencies count from when a push was due");
        output.WriteLine();
        output.WriteLine(Line("system", "result", "p50", "p99", "max", "n", "verified", "checked | why it is not to be trusted"));
        foreach (IGrouping<string, Row> rowsOfCase in rows.GroupBy(static row => row.Case))
        {
            output.WriteLine($"-- {rowsOfCase.Key}");
            foreach (Row row in rowsOfCase)
            {
                output.WriteLine(Line(row));
            }
        }
    }

    private static string Line(Row row)
    {
        string doubts = row.Doubts.Count > 0 ? " | NOT TO BE TRUSTED: " + string.Join(", ", row.Doubts) : "";
        return Line(
            row.System, row.IsWrong ? "WRONG" : Units.Result(row), Units.Time(row.P50), Units.Time(row.P99), Units.Time(row.Max),
            Units.Digits(row.Count), row.Verified, row.Checked + doubts);
    }

    private static string Line(
        string system, string result, string p50, string p99, string max, string count, string verified, string rest) =>
        $"{system,-16} {result,16} {p50,9} {p99,9} {max,9} {count,8}  {verified,-13} {rest}";
}
