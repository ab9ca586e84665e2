using System.Text.Json;

namespace Exposition.Conformance.Tests;

/// <summary>Hundreds of recorded scenarios of the reference against the program, by the harness beside the checkout.</summary>
public sealed class ReferenceBehaviourTests
{
    // A report of the build that runs by the JIT: conform.json beside the tests that have run before.
    private const string JitReportVariable = "EXPOSITION_JIT_REPORT";

    // Both tests look at the same run.
    private static readonly Lazy<Task<ConformRun>> s_first = new(static () => ConformRun.StartAsync(ServerCommand.Template, "conform"));

    [Fact]
    public async Task Scenarios_are_answered_as_the_reference_does_at_least_as_often_as_last_time()
    {
        var floor = ConformanceFloor.Load();
        ConformRun run = await s_first.Value;
        var reached = ConformanceFloor.Reached(run.Report);
        TestContext.Current.TestOutputHelper?.WriteLine(run.Output);
        if (floor.Below(reached).Count > 0)
        {
            // Some scenarios race with the clock. What is wrong is wrong again.
            using ConformRun again = await ConformRun.StartAsync(ServerCommand.Template, "conform-again");
            TestContext.Current.TestOutputHelper?.WriteLine(again.Output);
            foreach (var (area, percent) in ConformanceFloor.Reached(again.Report))
            {
                reached[area] = Math.Max(percent, reached.GetValueOrDefault(area));
            }
        }

        var below = floor.Below(reached);
        Assert.True(below.Count == 0, string.Join('\n', below) + "\n\n" + run.Output);
        if (ConformanceFloor.IsUpdating)
        {
            floor.Raise(reached);
        }
    }

    /// <summary>Families of ours stand beside those of the reference, which have its names, helps, types, labels and values.</summary>
    [Fact]
    public async Task Own_families_of_the_reference_are_as_it_has_them()
    {
        string[] scenarios = ["own-put", "own-notcounted", "own-size-chunked", "own-verb-b64", "own-prefix"];
        using ConformRun run = await ConformRun.StartAsync(ServerCommand.Template, "conform-own", scenarios);
        Assert.Equal(scenarios.Length, Total(run));
        var compared = 0;
        foreach (var step in run.Report.RootElement.GetProperty("failing").EnumerateArray()
            .SelectMany(static failed => failed.GetProperty("steps").EnumerateArray()))
        {
            var expected = Families(step.GetProperty("reference"));
            var actual = Families(step.GetProperty("candidate"));
            foreach (var (name, lines) in expected)
            {
                Assert.Equal(lines.Order(StringComparer.Ordinal), actual.GetValueOrDefault(name, []).Order(StringComparer.Ordinal));
                compared++;
            }
        }

        Assert.True(compared > scenarios.Length, $"only {compared} families were compared");
    }

    /// <summary>Scenario by scenario and step by step: what is compiled ahead of time is no other program.</summary>
    [Fact]
    public async Task A_program_compiled_ahead_of_time_is_judged_as_the_one_that_is_not()
    {
        Assert.SkipUnless(ServerCommand.IsReplaced, $"the program beside the tests is under test: {ServerCommand.Variable} names none");
        ConformRun ahead = await s_first.Value;
        using ConformRun jit = Environment.GetEnvironmentVariable(JitReportVariable) is { Length: > 0 } report
            ? await ConformRun.ReadAsync(report)
            : await ConformRun.StartAsync(ServerCommand.BesideTheTests, "conform-jit");
        Assert.True(Total(ahead) > 500, $"only {Total(ahead)} scenarios were run");
        Assert.Equal(Total(jit), Total(ahead));
        List<string> differing = Differing(jit, ahead);
        for (int more = 0; differing.Count > 0 && more < 3; more++)
        {
            // Those that race with the clock are not always judged alike; one of both programs is.
            TestContext.Current.TestOutputHelper?.WriteLine("once more: " + string.Join("; ", differing));
            string[] ids = [.. differing.Select(static line => line.Split(':')[0])];
            using ConformRun jitAgain = await ConformRun.StartAsync(ServerCommand.BesideTheTests, "conform-jit-again", ids);
            using ConformRun aheadAgain = await ConformRun.StartAsync(ServerCommand.Template, "conform-again", ids);
            differing = Differing(jitAgain, aheadAgain);
        }

        Assert.Empty(differing);
    }

    // By name, all lines of each. No families where the answer is of another kind.
    private static Dictionary<string, List<string>> Families(JsonElement answer)
    {
        var families = new Dictionary<string, List<string>>();
        var name = "";
        foreach (var line in answer.TryGetProperty("body", out var body) && body.GetString() is { } text && text.Contains("# TYPE ")
            ? text.Split('\n', StringSplitOptions.RemoveEmptyEntries) : [])
        {
            name = line.StartsWith("# ", StringComparison.Ordinal) ? line.Split(' ')[2] : name;
            if (!families.TryGetValue(name, out var lines))
            {
                families.Add(name, lines = []);
            }

            lines.Add(line);
        }

        return families;
    }

    private static int Total(ConformRun run) =>
        run.Report.RootElement.GetProperty("areas").EnumerateObject().Sum(static area => area.Value.GetProperty("total").GetInt32());

    private static List<string> Differing(ConformRun jit, ConformRun ahead)
    {
        Dictionary<string, string> one = jit.Verdicts, other = ahead.Verdicts;
        return [.. one.Keys.Union(other.Keys).Order(StringComparer.Ordinal)
            .Where(id => one.GetValueOrDefault(id) != other.GetValueOrDefault(id))
            .Select(id => $"{id}: {one.GetValueOrDefault(id, "equal")}; ahead of time {other.GetValueOrDefault(id, "equal")}")];
    }
}
