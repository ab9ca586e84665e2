using System.Globalization;
using Exposition.Replication.Messages;
using Exposition.Replication.Tests.Simulated;

namespace Exposition.Replication.Tests;

/// <summary>
/// Whatever happens, in peace all nodes show the same, and what was acknowledged is there. How many seeds are tried says
/// <c>EXPOSITION_SIMULATION_SEEDS</c>, or from which to before which: <c>4000-10000</c>.
/// </summary>
public sealed class SimulationTests
{
    private static readonly int[] s_seeds = [.. (Environment.GetEnvironmentVariable("EXPOSITION_SIMULATION_SEEDS") ?? "225")
        .Split('-').Select(static seed => int.Parse(seed, CultureInfo.InvariantCulture))];

    // Each is tried with a share of the seeds.
    private static readonly Mishaps[] s_mixes =
    [
        Mishaps.None,
        Mishaps.Losses,
        Mishaps.Losses | Mishaps.Cuts,
        Mishaps.Losses | Mishaps.Cuts | Mishaps.Restarts | Mishaps.Skew,
        Mishaps.Clashes,
        Mishaps.Clashes | Mishaps.Losses | Mishaps.Cuts | Mishaps.Restarts,
        Mishaps.Amnesia | Mishaps.Losses,
        Mishaps.Amnesia | Mishaps.Losses | Mishaps.Cuts | Mishaps.Clashes,
        Mishaps.Alone | Mishaps.Cuts | Mishaps.Losses,
        Mishaps.Alone | Mishaps.Cuts | Mishaps.Amnesia | Mishaps.Losses | Mishaps.Restarts,
        Mishaps.Seeds | Mishaps.Losses | Mishaps.Cuts,
        Mishaps.Seeds | Mishaps.Losses | Mishaps.Restarts | Mishaps.Copies,
        Mishaps.Alone | Mishaps.Cuts | Mishaps.Losses | Mishaps.Restarts | Mishaps.Copies,
        Mishaps.Amnesia | Mishaps.Losses | Mishaps.Restarts | Mishaps.Copies,
        Mishaps.Limits | Mishaps.Losses | Mishaps.Cuts | Mishaps.Restarts | Mishaps.Copies,
    ];

    [Fact]
    public void Nodes_agree_in_the_end_and_have_what_was_acknowledged()
    {
        List<string> wrong = [];
        long acknowledged = 0, added = 0, again = 0, rebased = 0, unknown = 0, healed = 0, settled = 0, refused = 0, full = 0;
        int first = s_seeds.Length > 1 ? s_seeds[0] : 0;
        for (int seed = first; seed < s_seeds[^1] && wrong.Count < 3; seed++)
        {
            Mishaps mix = s_mixes[seed % s_mixes.Length];
            var simulation = new Simulation(seed, mix, nodes: 3 + (seed % 3));
            string said = simulation.Run();
            acknowledged += simulation.Acknowledged;
            full += simulation.Refusals;
            (added, again) = (added + simulation.Added, again + simulation.AddedAgain);
            foreach (ReplicationCounts counts in simulation.Nodes.Select(static node => node.Replicator.Counts))
            {
                rebased += counts.Rebases;
                unknown += counts.Appends(AppendOutcome.Unknown);
                refused += counts.Appends(AppendOutcome.Unavailable);
                healed += counts.Healed;
                settled += counts.Settled;
            }

            if (said.Length > 0)
            {
                wrong.Add($"seed {seed}, {mix}:\n{said}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n\n", wrong));
        Assert.True(acknowledged > 15 * (s_seeds[^1] - first), $"{acknowledged} pushes were acknowledged: little was tried");
        Assert.All([rebased, unknown, refused, healed, settled, full, added, again], static count => Assert.True(count > 0));
    }

    [Fact]
    public void A_run_is_the_same_each_time()
    {
        var first = new Simulation(7, Mishaps.Losses | Mishaps.Cuts, nodes: 3);
        var second = new Simulation(7, Mishaps.Losses | Mishaps.Cuts, nodes: 3);
        first.Run();
        second.Run();

        Assert.Equal(first.Engine.LastRevision, second.Engine.LastRevision);
        Assert.Equal(first.Nodes[0].Text, second.Nodes[0].Text);
        Assert.NotEmpty(first.Nodes[0].Text);
    }

    [Fact]
    public void A_log_that_ignores_what_is_expected_is_found() =>
        AssertFound(Mishaps.None, static seed =>
        {
            var simulation = new Simulation(seed, Mishaps.None, nodes: 3);
            simulation.Engine.IgnoresExpectations = true;
            return simulation;
        });

    [Fact]
    public void A_log_that_acknowledges_what_it_has_lost_is_found() =>
        AssertFound(Mishaps.Losses, static seed => new Simulation(seed, Mishaps.Losses, nodes: 3)
        {
            Breaks = static node => node.Log.ClaimsTheLost = true,
        });

    [Fact]
    public void A_log_that_forgets_who_has_appended_an_entry_is_found() =>
        AssertFound(Mishaps.Losses, static seed => new Simulation(seed, Mishaps.Losses, nodes: 3)
        {
            Breaks = static node => node.Log.ForgetsOperations = true,
        });

    [Fact]
    public void A_log_that_gives_entries_in_another_order_is_found() =>
        AssertFound(Mishaps.None, static seed => new Simulation(seed, Mishaps.None, nodes: 3)
        {
            Breaks = static node => node.Log.SwapsOneOf = 2,
        });

    [Fact]
    public void Nodes_that_settle_nothing_are_found() =>
        AssertFound(Mishaps.Clashes, static seed => new Simulation(seed, Mishaps.Clashes, nodes: 3) { SettlesNothing = true });

    [Fact]
    public void Ids_that_do_not_travel_are_found() =>
        AssertFound(Mishaps.Losses, "distinct ids", static seed => new Simulation(seed, Mishaps.Losses, nodes: 3)
        {
            Breaks = static node => node.Log.Alters = static entry =>
                MessageCodec.TryRead(entry.Body.Span, null, out Message message) == MessageFault.None && message.Kind == MessageKind.State
                    ? entry with { Body = MessageCodec.Write(message with { State = message.State with { Ids = null } }, null) } : entry,
        });

    [Fact]
    public void A_sum_that_is_not_made_again_after_a_conflict_is_found() =>
        AssertFound(Mishaps.None, "distinct ids", static seed =>
        {
            var simulation = new Simulation(seed, Mishaps.None, nodes: 3);
            simulation.Engine.IgnoresExpectations = true;
            return simulation;
        });

    private static void AssertFound(Mishaps mix, Func<int, Simulation> create) => AssertFound(mix, "", create);

    private static void AssertFound(Mishaps mix, string said, Func<int, Simulation> create)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            if (create(seed).Run() is { Length: > 0 } wrong && wrong.Contains(said, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"60 seeds with {mix} have not shown it");
    }
}
