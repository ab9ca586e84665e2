namespace Exposition.Load.Results;

/// <summary>The table as it comes, a line for each row, in columns that a terminal and a mail keep.</summary>
internal sealed class ConsoleTable(TextWriter output)
{
    private string? _case;

    public void Begin(RunRecord record)
    {
        output.WriteLine($"{record.Processor}, {record.Cores} processors, {record.MemoryGiB} GiB; {record.OperatingSystem}");
        output.WriteLine($"commit {record.Commit}; {string.Join("; ", record.Versions.Select(static v => $"{v.Key} {v.Value}"))}");
        output.WriteLine($"{record.Placement}; latencies count from when a push was due");
        output.WriteLine();
        Line("system", "result", "p50", "p99", "max", "n", "verified", "checked | why it is not to be trusted");
    }

    public void Add(Row row)
    {
        if (row.Case != _case)
        {
            _case = row.Case;
            output.WriteLine($"-- {row.Case}");
        }

        string doubts = row.Doubts.Count > 0 ? " | NOT TO BE TRUSTED: " + string.Join(", ", row.Doubts) : "";
        Line(
            row.System, row.IsWrong ? "WRONG" : Units.Result(row), Units.Time(row.P50), Units.Time(row.P99), Units.Time(row.Max),
            Units.Digits(row.Count), row.Verified, row.Checked + doubts);
    }

    private void Line(string system, string result, string p50, string p99, string max, string count, string verified, string rest) =>
        output.WriteLine(
            $"{system,-16} {result,16} {p50,9} {p99,9} {max,9} {count,8}  {verified,-13} {rest}");
}
