using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace Exposition.Benchmarks;

/// <summary>
/// Gigabytes of text per second, whatever language was read or written, so that rows can be compared. Of the fastest iteration: a machine
/// with something else to do only ever makes it slower, and minima repeat within a few percent where means do not.
/// </summary>
internal sealed class ThroughputColumn : IColumn
{
    public string Id => nameof(ThroughputColumn);

    public string ColumnName => "GB/s";

    public string Legend => "10^9 bytes of the text body (of the numbers' text) per second, in the fastest iteration";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        var bytes = Parameter(benchmarkCase, "Body") is { } body ? Bodies.Get(body).Length
            : Parameter(benchmarkCase, "Numbers") is { } numbers ? NumberSet.Get(numbers).Text.Length
            : 0;
        return bytes > 0 && summary[benchmarkCase]?.ResultStatistics is { } statistics
            ? (bytes / statistics.Min).ToString("0.000", CultureInfo.InvariantCulture)
            : "-";
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    private static string? Parameter(BenchmarkCase benchmarkCase, string name) =>
        benchmarkCase.Parameters.Items.FirstOrDefault(parameter => parameter.Name == name)?.Value as string;
}
