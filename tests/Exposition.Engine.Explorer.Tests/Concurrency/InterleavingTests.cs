using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>
/// Two or three clients in all interleavings of the store's steps, with at most so many preemptions: what they saw must be linearizable,
/// what views and feeds hold must stay as it was, and feeds must miss nothing. Then the same with a fault in the store: it must be found.
/// </summary>
public sealed class InterleavingTests
{
    private const int Preemptions = 2;
    private const int Runs = 3_000;

    // Long runs by hand: how many preemptions more than by default, and in which scenarios (those whose names contain this).
    private static readonly int s_more = int.TryParse(Environment.GetEnvironmentVariable("EXPOSITION_MORE_PREEMPTIONS"), out int more)
        ? more
        : 0;

    private static readonly string s_only = Environment.GetEnvironmentVariable("EXPOSITION_SCENARIO") ?? "";

    public static TheoryData<Scenario> Scenarios =>
        [.. Enum.GetValues<Scenario>().Where(static scenario => scenario.ToString().Contains(s_only, StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void All_interleavings_are_linearizable(Scenario scenario)
    {
        (string? wrong, Explorer explorer, long steady) = Explore(
            scenario, StoreFaults.None, Preemptions + s_more, s_more > 0 ? int.MaxValue : Runs);
        Assert.True(wrong is null, wrong);
        TestContext.Current.SendDiagnosticMessage(
            $"{scenario}: {explorer.Runs} interleavings, all with {explorer.Exhausted} preemptions, {steady} steady pushes");
        Assert.True(steady > 0 || !Script.Of(scenario).IsSteady, "no push was steady");
        Assert.True(explorer.Exhausted >= 1, $"only {explorer.Runs} interleavings");
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Random_interleavings_are_linearizable(Scenario scenario)
    {
        int seed = Environment.TickCount;
        (string? wrong, _, _) = Explore(scenario, StoreFaults.None, 0, s_more > 0 ? 100_000 : Runs / 2, seed);
        Assert.True(wrong is null, $"seed {seed}: {wrong}");
    }

    // As if each push were one of many families.
    [Theory]
    [MemberData(nameof(Scenarios))]
    public void Random_interleavings_of_what_is_done_in_steps_are_linearizable(Scenario scenario)
    {
        int seed = Environment.TickCount;
        (string? wrong, _, _) = Explore(scenario, StoreFaults.None, 0, s_more > 0 ? 100_000 : Runs / 4, seed, familiesAtOnce: 1);
        Assert.True(wrong is null, $"seed {seed}: {wrong}");
    }

    [Theory]
    [InlineData(StoreFaults.StampsEarly, Scenario.TwoPushersBesideTwoViews)]
    [InlineData(StoreFaults.StampsLate, Scenario.TwoPushersBesideAView)]
    [InlineData(StoreFaults.IgnoresStamps, Scenario.PushesBesideViews)]
    [InlineData(StoreFaults.ClosesLate, Scenario.PushBetweenViewsBesideDelete)]
    [InlineData(StoreFaults.CutsBlindly, Scenario.OverlappingViews)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.ViewsThatReadLong)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, Scenario.ViewsThatReadLong)]
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
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.RivalIsReadWhilePushedTo)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.FeedTakesWhatIsReplaced)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.OtherSeriesBesideViews)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.OtherSeriesTwice)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.OtherSeriesBesideSteadyPushes)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.FeedBesideOtherSeries)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.FeedBesideAnUnchangedPushAndOtherSeries)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.MergesBesideViews)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.FeedBesideMerges)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.RefusalsBesideViews)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.FeedBesideRefusals)]
    [InlineData(StoreFaults.ReusesBlocksBlindly, Scenario.SweepBesideMerges)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, Scenario.PushesBesideViews)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, Scenario.FeedTakesWhatIsReplaced)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, Scenario.TwoPushersOfOneGroup)]
    [InlineData(StoreFaults.ReusesAllSnapshots, Scenario.ShapeIsMadeBesidePushes)]
    [InlineData(StoreFaults.BuildsUnpinned, Scenario.ShapeIsMadeBesideAPush)]
    [InlineData(StoreFaults.BuildsUnchecked, Scenario.ShapeIsMadeBesideAPush)]
    [InlineData(StoreFaults.ForgetsTaken, Scenario.FeedBesideAnUnchangedPushAndOtherSeries)]
    [InlineData(StoreFaults.ForgetsTaken, Scenario.FeedBesideRefusals)]
    [InlineData(StoreFaults.LooksForMarksFirst, Scenario.FeedBesideOtherSeries)]
    [InlineData(StoreFaults.LooksForMarksFirst, Scenario.FeedBesideMerges)]
    [InlineData(StoreFaults.IgnoresPins, Scenario.FeedBesideOtherSeries)]
    [InlineData(StoreFaults.IgnoresPins, Scenario.ReadsBesideOtherSeries)]
    [InlineData(StoreFaults.ReadsUnstamped, Scenario.ReadThenViewBesideTwoPushers)]
    [InlineData(StoreFaults.ReusesSnapshotsBlindly, Scenario.ReadsBesideSteadyPushes)]
    [InlineData(StoreFaults.IgnoresPins, Scenario.ShapeIsMadeBesideAPush)]
    [InlineData(StoreFaults.IgnoresPins, Scenario.OtherSeriesBesideSteadyPushes)]
    [InlineData(StoreFaults.PinsNothing, Scenario.RivalIsReadWhilePushedTo)]
    [InlineData(StoreFaults.TakesSilently, Scenario.FeedTakesWhatIsReplaced)]
    [InlineData(StoreFaults.TakesSilently, Scenario.FeedBesideMerges)]
    [InlineData(StoreFaults.QueuesLate, Scenario.FeedOfTwoPushers)]
    [InlineData(StoreFaults.TellsNobody, Scenario.FeedBesideDeleteAndSteadyPushes)]
    [InlineData(StoreFaults.TellsNobody, Scenario.FeedBesideExpiry)]
    [InlineData(StoreFaults.RevivesTheDue, Scenario.ExpiryBesideSteadyPushes)]
    [InlineData(StoreFaults.ShowsEarly, Scenario.HiddenBesideDelete)]
    [InlineData(StoreFaults.ForgetsWiped, Scenario.FeedBesideWipeAndCreation)]
    internal void A_fault_is_found(StoreFaults fault, Scenario scenario)
    {
        (string? wrong, Explorer explorer, _) = Explore(scenario, fault, preemptions: 3, mostRuns: 60_000);
        Assert.True(wrong is not null, $"{explorer.Runs} interleavings, all with {explorer.Exhausted} preemptions");
        TestContext.Current.SendDiagnosticMessage($"{fault} in {scenario}: found in run {explorer.Runs}: {wrong.Split('\n')[0]}");
    }

    private static (string? Wrong, Explorer Explorer, long Steady) Explore(
        Scenario scenario, StoreFaults faults, int preemptions, int mostRuns, int? seed = null, int? familiesAtOnce = null)
    {
        bool feed = scenario.ToString().StartsWith("Feed", StringComparison.Ordinal);
        Script script = Script.Of(scenario);
        var explorer = new Explorer(preemptions, mostRuns, seed);
        long steady = 0;
        using IDisposable planted = Explored.Plant(faults);
        string? wrong = explorer.Run(
            () =>
            {
                var recorder = new Recorder(feed, Script.IsMortal(scenario), Script.IsChecked(scenario));
                recorder.Store.FamiliesAtOnce = familiesAtOnce ?? recorder.Store.FamiliesAtOnce;
                script.Warm(recorder);
                steady -= recorder.Store.RepeatedPushes;
                return recorder;
            },
            script.Threads,
            recorder =>
            {
                steady += recorder.Store.RepeatedPushes;
                return recorder.Check();
            });
        return (wrong, explorer, steady);
    }
}
