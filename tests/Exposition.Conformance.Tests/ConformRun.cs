using System.Text.Json;

namespace Exposition.Conformance.Tests;

/// <summary>One run of the recorded scenarios against a server, by the harness beside the checkout.</summary>
public sealed class ConformRun : IDisposable
{
    private const string Reference = "1.11.2";

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(12);

    private ConformRun(JsonDocument report, string output) => (Report, Output) = (report, output);

    /// <summary>The report of <c>conform --json</c>.</summary>
    public JsonDocument Report { get; }

    /// <summary>
    /// The table and the first differences, without the control characters that test reports cannot hold; all is in a file beside the
    /// report.
    /// </summary>
    public string Output { get; }

    /// <summary>How each scenario differs that does so, and in which steps. One that is not here is the same byte by byte.</summary>
    public Dictionary<string, string> Verdicts => Report.RootElement.GetProperty("failing").EnumerateArray().ToDictionary(
        static failed => failed.GetProperty("id").GetString()!,
        static failed => Verdict(failed) + ": " + string.Join(", ", failed.GetProperty("steps").EnumerateArray()
            .Select(static step => $"step {step.GetProperty("step").GetInt32()} {Verdict(step)}")));

    /// <summary>Runs them; skips the test where there are no recordings.</summary>
    /// <param name="server">The command, with its placeholders.</param>
    /// <param name="name">Of the report, in the folder of the tests.</param>
    /// <param name="scenarios">Only these; all if there are none.</param>
    public static async Task<ConformRun> StartAsync(IEnumerable<string> server, string name, params IEnumerable<string> scenarios)
    {
        string conform = Checkout.Shared("conformance", "conform");
        string golden = Checkout.Shared("conformance", "golden", Reference);
        string report = Path.Combine(AppContext.BaseDirectory, name + ".json");
        File.Delete(report);
        ToolResult result = await Tool.RunAsync(
            Tool.Require("python3", "python3"),
            [
                conform, "check", "--server", string.Join(' ', server), "--golden", golden, "--level", "semantic", "--limit", "400",
                "--json", report, .. scenarios.SelectMany(static id => new[] { "--id", id }),
            ],
            limit: s_limit,
            environment: new Dictionary<string, string> { ["PYTHONDONTWRITEBYTECODE"] = "1" });

        // Exit code 1 says that there are differences, which is for the tests to judge.
        Assert.True(File.Exists(report), $"conform ended with {result.ExitCode}: {result.Errors}");
        await File.WriteAllTextAsync(Path.ChangeExtension(report, ".txt"), result.Output);
        return new ConformRun(JsonDocument.Parse(await File.ReadAllTextAsync(report)), Printable(result.Output));
    }

    /// <summary>The report of a run that has been.</summary>
    public static async Task<ConformRun> ReadAsync(string report) => new(JsonDocument.Parse(await File.ReadAllTextAsync(report)), "");

    public void Dispose() => Report.Dispose();

    private static string Verdict(JsonElement judged) => judged.GetProperty("semantic").GetBoolean() ? "the same in meaning" : "different";

    private static string Printable(string output) =>
        new([.. output.Take(20_000).Select(c => char.IsControl(c) && c != '\n' ? '?' : c)]);
}
