using System.Text.Json;
using System.Text.Json.Nodes;

namespace Exposition.Conformance.Tests;

/// <summary>
/// The percentages of the reference's behaviour last reached, semantic level, in <c>tests/conformance-floor.json</c>.
/// A run below any of them fails; <c>EXPOSITION_UPDATE_FLOOR=1</c> raises them to what the run reached, and never lowers one.
/// </summary>
public sealed class ConformanceFloor
{
    private const string UpdateVariable = "EXPOSITION_UPDATE_FLOOR";
    private const string All = "all";

    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    private readonly SortedDictionary<string, double> _percentages;

    private ConformanceFloor(SortedDictionary<string, double> percentages) => _percentages = percentages;

    /// <summary>Whether this run may write the file.</summary>
    public static bool IsUpdating => Environment.GetEnvironmentVariable(UpdateVariable) == "1";

    private static string Path => System.IO.Path.Combine(Checkout.Root, "tests", "conformance-floor.json");

    // Scenarios that are answered otherwise on purpose, each with its reason.
    private static string Differences => System.IO.Path.Combine(Checkout.Root, "tests", "conformance-differences.json");

    /// <summary>Reads the file.</summary>
    public static ConformanceFloor Load()
    {
        var areas = JsonNode.Parse(File.ReadAllText(Path))!["semantic_percent"]!.AsObject();
        var percentages = areas.ToDictionary(area => area.Key, area => area.Value!.GetValue<double>());
        return new ConformanceFloor(new SortedDictionary<string, double>(percentages, StringComparer.Ordinal));
    }

    /// <summary>Reads the percentages out of a report of <c>conform --json</c>.</summary>
    public static SortedDictionary<string, double> Reached(JsonDocument report)
    {
        HashSet<string> meant = [.. JsonNode.Parse(File.ReadAllText(Differences))!.AsObject().Select(static difference => difference.Key)];
        ILookup<string?, JsonElement> differing = report.RootElement.GetProperty("failing").EnumerateArray()
            .Where(failed => !failed.GetProperty("semantic").GetBoolean() && meant.Contains(failed.GetProperty("id").GetString()!))
            .ToLookup(static failed => failed.GetProperty("area").GetString());
        var reached = new SortedDictionary<string, double>(StringComparer.Ordinal);
        var (allSame, allTotal) = (0, 0);
        foreach (var area in report.RootElement.GetProperty("areas").EnumerateObject())
        {
            var (same, total) = (
                area.Value.GetProperty("semantic").GetInt32() + differing[area.Name].Count(), area.Value.GetProperty("total").GetInt32());
            reached[area.Name] = Percent(same, total);
            allSame += same;
            allTotal += total;
        }

        reached[All] = Percent(allSame, allTotal);
        return reached;
    }

    /// <summary>The areas that a run left below the floor, in words.</summary>
    public List<string> Below(SortedDictionary<string, double> reached) =>
        [.. _percentages.Where(floor => reached.GetValueOrDefault(floor.Key) < floor.Value)
            .Select(floor => $"{floor.Key}: {reached.GetValueOrDefault(floor.Key):0.0} % is below {floor.Value:0.0} %")];

    /// <summary>Raises the floor to what was reached and writes the file.</summary>
    public void Raise(SortedDictionary<string, double> reached)
    {
        foreach (var (area, percent) in reached)
        {
            _percentages[area] = Math.Max(percent, _percentages.GetValueOrDefault(area));
        }

        var file = new JsonObject
        {
            ["semantic_percent"] = new JsonObject(
            _percentages.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)))
        };
        File.WriteAllText(Path, file.ToJsonString(s_indented) + "\n");
    }

    /// <summary>Rounded down, so that a floor is never above what was reached.</summary>
    private static double Percent(int part, int whole) => Math.Floor(1000.0 * part / Math.Max(whole, 1)) / 10;
}
