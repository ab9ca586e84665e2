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
