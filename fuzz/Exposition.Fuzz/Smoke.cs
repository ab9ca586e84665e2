using Exposition.Fuzz.Targets;

namespace Exposition.Fuzz;

/// <summary>
/// Every target for its share of the time, from its corpus and one seed: finds what a change broke bluntly. The canary comes
/// first and must be found dead; else the others' silence would prove nothing.
/// </summary>
internal static class Smoke
{
    // The canary ends when it is found, from one seed after as many runs each time: on a busy machine that takes several times as long.
    private const int CanaryShares = 10;

    /// <summary>Runs all; 0 if the canary failed and nothing else did.</summary>
    public static int Run(InstrumentedHouse house, FuzzOptions options, TextWriter log)
    {
        var failures = 0;
        var share = options.Seconds / TargetTable.Names.Count;
        foreach (var target in TargetTable.Names.OrderByDescending(name => name == TargetTable.Canary))
        {
            var seconds = target == TargetTable.Canary ? CanaryShares * share : share;
            var found = new Driver(house, options with { Target = target, Seconds = seconds }, log).Run() != 0;
            if (found != (target == TargetTable.Canary))
            {
                failures++;
                log.WriteLine(found
                    ? $"{target}: FAILED"
                    : $"{target}: FAILED: the planted bug was not found in {seconds} s, so coverage does not guide");
            }
        }

        log.WriteLine(failures == 0 ? "smoke: fine" : $"smoke: {failures} failed");
        return failures == 0 ? 0 : 1;
    }
}
