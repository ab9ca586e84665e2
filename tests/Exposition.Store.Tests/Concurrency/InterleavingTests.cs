using Exposition.Store.Internal;

namespace Exposition.Store.Tests.Concurrency;

/// <summary>
/// Two or three clients in all interleavings of the store's steps, with at most so many preemptions: what they saw must be linearizable, what views
/// and feeds hold must stay as it was, and feeds must miss nothing. Then the same with a fault in the store: it must be found.
/// </summary>
[Collection(nameof(StepByStep))]
public sealed class InterleavingTests
{
    // Long runs by hand: how many preemptions more than by default.
    private static readonly int s_more = int.TryParse(Environment.GetEnvironmentVariable("EXPOSITION_MORE_PREEMPTIONS"), out int more) ? more : 0;

    public enum Scenario
    {
        PushesBesideViews,
        TwoPushersBesideAView,
        DeleteThenPush,
        PushBesideDelete,
        PushBetweenViewsBesideDelete,
        TwoPushersBesideTwoViews,
        CreateThenDelete,
        WipeBesidePushes,
        WipeThenCreate,
        ViewsThatReadLong,
        OverlappingViews,
        Rivals,
        RivalIsReadWhilePushedTo,
        FeedOfOneGroup,
        FeedOfTwoPushers,
        FeedOfAKeyThatComesBack,
        FeedTakesWhatIsReplaced,
        FeedBesideAnUnchangedPush,
        FeedBesideWipe,
        TwoPushersOfOneGroup,
        ViewBesideAnUnchangedPush,
        OtherSeriesBesideViews,
        OtherSeriesBesideSteadyPushes,
        OtherSeriesTwice,
        FeedBesideOtherSeries,
        FeedBesideAnUnchangedPushAndOtherSeries,
    }

    [Theory]
    [InlineData(Scenario.PushesBesideViews, 3)]
    [InlineData(Scenario.TwoPushersBesideAView, 2)]
    [InlineData(Scenario.DeleteThenPush, 3)]
    [InlineData(Scenario.PushBesideDelete, 2)]
    [InlineData(Scenario.PushBetweenViewsBesideDelete, 3)]
    [InlineData(Scenario.TwoPushersBesideTwoViews, 2)]
    [InlineData(Scenario.CreateThenDelete, 2)]
    [InlineData(Scenario.WipeBesidePushes, 2)]
    [InlineData(Scenario.WipeThenCreate, 3)]
    [InlineData(Scenario.ViewsThatReadLong, 2)]
    [InlineData(Scenario.OverlappingViews, 2)]
    [InlineData(Scenario.Rivals, 2)]
    [InlineData(Scenario.RivalIsReadWhilePushedTo, 3)]
    [InlineData(Scenario.FeedOfOneGroup, 3)]
    [InlineData(Scenario.FeedOfTwoPushers, 2)]
    [InlineData(Scenario.FeedOfAKeyThatComesBack, 2)]
    [InlineData(Scenario.FeedTakesWhatIsReplaced, 3)]
    [InlineData(Scenario.FeedBesideWipe, 2)]
    [InlineData(Scenario.FeedBesideAnUnchangedPush, 3)]
    [InlineData(Scenario.ViewBesideAnUnchangedPush, 3)]
    [InlineData(Scenario.TwoPushersOfOneGroup, 2)]
    [InlineData(Scenario.OtherSeriesBesideViews, 2)]
    [InlineData(Scenario.OtherSeriesBesideSteadyPushes, 2)]
    [InlineData(Scenario.OtherSeriesTwice, 2)]
    [InlineData(Scenario.FeedBesideOtherSeries, 2)]
    [InlineData(Scenario.FeedBesideAnUnchangedPushAndOtherSeries, 2)]
    public void All_interleavings_are_linearizable(Scenario scenario, int preemptions)
    {
        (string? wrong, Explorer explorer, long steady) = Explore(scenario, StoreFaults.None, preemptions + s_more, s_more > 0 ? int.MaxValue : 8_000);
        Assert.True(wrong is null, wrong);
        TestContext.Current.SendDiagnosticMessage($"{scenario}: {explorer.Runs} interleavings{(explorer.IsExhausted ? ", all of them" : "")}, {steady} steady pushes");
        Assert.True(steady > 0 || scenario is Scenario.Rivals or Scenario.WipeThenCreate or Scenario.OtherSeriesTwice or Scenario.OtherSeriesBesideViews or Scenario.FeedBesideOtherSeries, "no push was steady");
        Assert.True(explorer.Runs > 50, $"{explorer.Runs} interleavings");
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Random_interleavings_are_linearizable(Scenario scenario)
    {
        int seed = Environment.TickCount;
        (string? wrong, _, _) = Explore(scenario, StoreFaults.None, 0, s_more > 0 ? 100_000 : 2_000, seed);
        Assert.True(wrong is null, $"seed {seed}: {wrong}");
    }

    public static TheoryData<Scenario> Scenarios => [.. Enum.GetValues<Scenario>()];

    [Theory]
    [InlineData(StoreFaults.StampsEarly, Scenario.TwoPushersBesideTwoViews)]
    [InlineData(StoreFaults.StampsLate, Scenario.TwoPushersBesideAView)]
    [InlineData(StoreFaults.IgnoresStamps, Scenario.PushesBesideViews)]
    [InlineData(StoreFaults.ClosesLate, Scenario.PushBetweenViewsBesideDelete)]
    [InlineData(StoreFaults.CutsBlindly, Scenario.OverlappingViews)]
    [InlineData(StoreFaults.RecyclesBlindly, Scenario.ViewsThatReadLong)]
    [InlineData(StoreFaults.TakesSilently, Scenario.FeedTakesWhatIsReplaced)]
    [InlineData(StoreFaults.QueuesLate, Scenario.FeedOfTwoPushers)]
    internal void A_fault_is_found_at_random(StoreFaults fault, Scenario scenario)
    {
        (string? wrong, Explorer explorer, _) = Explore(scenario, fault, 0, mostRuns: 100_000, seed: 1);
        Assert.NotNull(wrong);
        TestContext.Current.SendDiagnosticMessage($"{fault} in {scenario}: found in random run {explorer.Runs}");
    }

    [Theory]
    [InlineData(StoreFaults.StampsLate, Scenario.PushesBesideViews)]
    [InlineData(StoreFaults.IgnoresStamps, Scenario.PushesBesideViews)]
    [InlineData(StoreFaults.ClosesLate, Scenario.PushBetweenViewsBesideDelete)]
    [InlineData(StoreFaults.CutsBlindly, Scenario.PushesBesideViews)]
    [InlineData(StoreFaults.RecyclesBlindly, Scenario.RivalIsReadWhilePushedTo)]
    [InlineData(StoreFaults.RecyclesBlindly, Scenario.FeedTakesWhatIsReplaced)]
    [InlineData(StoreFaults.RecyclesBlindly, Scenario.OtherSeriesBesideViews)]
    [InlineData(StoreFaults.RecyclesBlindly, Scenario.FeedBesideOtherSeries)]
    [InlineData(StoreFaults.TakesSilently, Scenario.FeedTakesWhatIsReplaced)]
    [InlineData(StoreFaults.QueuesLate, Scenario.FeedOfTwoPushers)]
    internal void A_fault_is_found(StoreFaults fault, Scenario scenario)
    {
        (string? wrong, Explorer explorer, _) = Explore(scenario, fault, preemptions: 3, mostRuns: 60_000);
        Assert.NotNull(wrong);
        TestContext.Current.SendDiagnosticMessage($"{fault} in {scenario}: found in run {explorer.Runs}");
    }

    private static (string? Wrong, Explorer Explorer, long Steady) Explore(Scenario scenario, StoreFaults faults, int preemptions, int mostRuns, int? seed = null)
    {
        bool feed = scenario.ToString().StartsWith("Feed", StringComparison.Ordinal);
        (int[] warm, Action<Recorder>[] threads) = Threads(scenario);
        var explorer = new Explorer(preemptions, mostRuns, seed);
        long steady = 0;
        string? wrong = explorer.Run(
            () =>
            {
                var recorder = new Recorder(faults, feed);
                recorder.Warm(warm);
                steady -= recorder.Store.RepeatedPushes;
                return recorder;
            },
            threads,
            recorder =>
            {
                steady += recorder.Store.RepeatedPushes;
                return recorder.Check();
            });
        return (wrong, explorer, steady);
    }

    // Which groups get steady pushes from the start, and what each thread does. Groups 0 and 1 are rivals.
    private static (int[] Warm, Action<Recorder>[] Threads) Threads(Scenario scenario) => scenario switch
    {
        Scenario.PushesBesideViews => ([2, 3], [s => { s.Push(0, 2); s.Push(0, 3); }, s => { s.View(1); s.View(1); }]),
        Scenario.TwoPushersBesideAView => ([2, 3], [s => s.Push(0, 2), s => s.Push(1, 3), s => { s.View(2); s.View(2); }]),
        Scenario.DeleteThenPush => ([2, 3], [s => { s.Delete(0, 2); s.Push(0, 3); }, s => { s.View(1); s.View(1); }]),
        Scenario.PushBesideDelete => ([2, 3], [s => s.Push(0, 2), s => s.Delete(1, 2), s => s.View(2)]),
        Scenario.PushBetweenViewsBesideDelete => ([2], [s => s.Delete(0, 2), s => { s.View(1); s.Push(1, 2); s.View(1); }]),
        Scenario.TwoPushersBesideTwoViews => ([2, 3], [s => s.Push(0, 2), s => s.Push(1, 3), s => s.View(2), s => s.View(3)]),
        Scenario.CreateThenDelete => ([2], [s => { s.Push(0, 3); s.Delete(0, 3); }, s => s.Push(1, 2), s => s.View(2)]),
        Scenario.WipeBesidePushes => ([2, 3], [s => s.Wipe(0), s => { s.Push(1, 2); s.Push(1, 3); }, s => s.View(2)]),
        Scenario.WipeThenCreate => ([2, 3], [s => { s.Wipe(0); s.Push(0, 2); }, s => { s.View(1); s.View(1); }]),
        Scenario.ViewsThatReadLong => ([2], [s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => s.View(1), s => s.View(2)]),
        Scenario.OverlappingViews => ([2, 3], [s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 3); }, s => s.View(1), s => s.View(2)]),
        Scenario.Rivals => ([], [s => s.Push(0, 0), s => s.Push(1, 1), s => s.View(2)]),
        Scenario.RivalIsReadWhilePushedTo => ([0], [s => { s.Push(0, 0); s.Push(0, 0); }, s => s.Push(1, 1)]),
        Scenario.FeedOfOneGroup => ([2], [s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Take(); s.Take(); }]),
        Scenario.FeedOfTwoPushers => ([2], [s => s.Push(0, 2), s => { s.Push(1, 2); s.Take(); }]),
        Scenario.FeedOfAKeyThatComesBack => ([2], [s => s.Push(0, 2), s => { s.Delete(1, 2); s.Push(1, 2); s.Delete(1, 2); }, s => { s.Take(); s.Take(); }]),
        Scenario.FeedTakesWhatIsReplaced => ([2], [s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => s.Take()]),
        Scenario.FeedBesideAnUnchangedPush => ([2], [s => { s.Push(0, 2); s.PushTheSame(0, 2); s.Push(0, 2); }, s => s.Take()]),
        Scenario.ViewBesideAnUnchangedPush => ([2], [s => { s.PushTheSame(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => s.View(1)]),
        Scenario.OtherSeriesBesideViews => ([2], [s => { s.PushMore(0, 2); s.Push(0, 2); s.PushMore(0, 2); }, s => { s.View(1); s.View(1); }]),
        Scenario.OtherSeriesBesideSteadyPushes => ([2], [s => { s.PushMore(0, 2); s.PushMore(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)]),
        Scenario.OtherSeriesTwice => ([2], [s => { s.PushMore(0, 2); s.PushMore(0, 2); }, s => { s.PushMore(1, 2); s.Push(1, 2); }, s => s.View(2)]),
        Scenario.FeedBesideOtherSeries => ([2], [s => { s.PushMore(0, 2); s.Push(0, 2); s.PushMore(0, 2); }, s => s.Take()]),
        Scenario.FeedBesideAnUnchangedPushAndOtherSeries => ([2], [s => { s.PushTheSame(0, 2); s.PushMore(0, 2); s.PushMore(0, 2); }, s => s.Take()]),
        Scenario.TwoPushersOfOneGroup => ([2], [s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)]),
        _ => ([2, 3], [s => s.Push(0, 3), s => { s.Wipe(1); s.Push(1, 2); }, s => s.Take()]),
    };
}

/// <summary>Tests that take hold of the store's steps run alone.</summary>
[CollectionDefinition(nameof(StepByStep), DisableParallelization = true)]
public sealed class StepByStep;
