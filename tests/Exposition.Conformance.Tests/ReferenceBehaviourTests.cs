using System.Text.Json;

namespace Exposition.Conformance.Tests;

/// <summary>Hundreds of recorded scenarios of the reference against the program, by the harness beside the checkout.</summary>
public sealed class ReferenceBehaviourTests
{
    private const string Reference = "1.11.2";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(12);

    [Fact]
    public async Task Scenarios_are_answered_as_the_reference_does_at_least_as_often_as_last_time()
    {
        var floor = ConformanceFloor.Load();
        var (reached, output) = await RunAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(output);
        if (floor.Below(reached).Count > 0)
        {
            // Some scenarios race with the clock. What is wrong is wrong again.
            var (again, outputAgain) = await RunAsync();
            TestContext.Current.TestOutputHelper?.WriteLine(outputAgain);
            foreach (var (area, percent) in again)
            {
                reached[area] = Math.Max(percent, reached.GetValueOrDefault(area));
            }
        }

        var below = floor.Below(reached);
        Assert.True(below.Count == 0, string.Join('\n', below) + "\n\n" + output);
        if (ConformanceFloor.IsUpdating)
        {
            floor.Raise(reached);
        }
    }

    private static async Task<(SortedDictionary<string, double> Reached, string Output)> RunAsync()
    {
        var conform = Checkout.Shared("conformance", "conform");
        var golden = Checkout.Shared("conformance", "golden", Reference);
        var report = Path.Combine(AppContext.BaseDirectory, "conform.json");
        File.Delete(report);
        var result = await Tool.RunAsync(
            Tool.Require("python3", "python3"),
            [conform, "check", "--server", string.Join(' ', ServerCommand.Template), "--golden", golden, "--level", "semantic", "--limit",
                "400", "--json", report],
            limit: s_limit,
            environment: new Dictionary<string, string> { ["PYTHONDONTWRITEBYTECODE"] = "1" });

        // Exit code 1 says that there are differences; the floor decides whether they are too many.
        Assert.True(File.Exists(report), $"conform ended with {result.ExitCode}: {result.Errors}");
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        await File.WriteAllTextAsync(Path.ChangeExtension(report, ".txt"), result.Output);
        return (ConformanceFloor.Reached(document), Printable(result.Output));
    }

    /// <summary>
    /// The table and the first differences, without the control characters that test reports cannot hold; all is in conform.txt.
    /// </summary>
    private static string Printable(string output) =>
        new([.. output.Take(20_000).Select(c => char.IsControl(c) && c != '\n' ? '?' : c)]);
}
