namespace Exposition.Engine.Tests.Concurrency;

/// <summary>What a few clients do at once. Those whose names begin with Feed have somebody who follows.</summary>
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
    ReadsBesideSteadyPushes,
    ReadThenViewBesideTwoPushers,
    ReadsBesideOtherSeries,
    ReadsBesideMerges,
    OtherSeriesBesideViews,
    OtherSeriesBesideSteadyPushes,
    OtherSeriesTwice,
    FeedBesideOtherSeries,
    FeedBesideAnUnchangedPushAndOtherSeries,
    RivalIsReadWhileOtherSeriesArePushed,
    ShapeIsMadeBesideAPush,
    ShapeIsMadeBesidePushes,
    MergesBesideViews,
    MergesOfTwoPushers,
    MergeBesideReplace,
    FeedBesideMerges,
    FeedBesideMergesOfTwoPushers,
    RefusalsBesideViews,
    RefusalsBesideSteadyPushes,
    RefusalsOfMergedGroups,
    FeedBesideRefusals,
    FeedBesideUnsettledBlocks,
    DeleteBesideSteadyPushes,
    DeleteBesideOtherSeries,
    WipeBesideOtherSeries,
    FeedBesideDeleteAndSteadyPushes,
    FeedBesideWipeAndSteadyPushes,
    FeedBesideWipeAndCreation,
    RestoreBesideSteadyPushes,
    RestoreBesideOtherSeries,
    RestoreBesideDelete,
    ExpiryBesideViews,
    ExpiryBesideSteadyPushes,
    ExpiryBesideAView,
    SweepBesideASteadyPush,
    SweepBesideMerges,
    SweepBesideARefusal,
    ExpiryThenGrace,
    ViewAtTheEndOfAGrace,
    ViewOfTheDueBesideAWipe,
    ViewOfTheDueBesideADelete,
    DeleteOfTheDue,
    FeedBesideExpiry,
    FeedBesideExpiryAndGrace,
    HiddenBesideDelete,
    HiddenBesideASteadyPush,
    HiddenInTurns,
    HiddenBesideWipe,
    FeedBesideWhatIsHidden,
}

/// <summary>A scenario's parts. Of the groups 0 and 1 are rivals.</summary>
/// <param name="Warm">Brings the store so far.</param>
/// <param name="Threads">What each thread does then.</param>
/// <param name="IsSteady">Whether some pushes are meant to go the short way.</param>
internal sealed record Script(Action<Recorder> Warm, Action<Recorder>[] Threads, bool IsSteady = true)
{
    public static Script Of(Scenario scenario) => scenario switch
    {
        Scenario.PushesBesideViews => Steady([2, 3], s => { s.Push(0, 2); s.Push(0, 3); }, s => { s.View(1); s.View(1); }),
        Scenario.TwoPushersBesideAView => Steady([2, 3], s => s.Push(0, 2), s => s.Push(1, 3), s => { s.View(2); s.View(2); }),
        Scenario.DeleteThenPush => Steady([2, 3], s => { s.Delete(0, 2); s.Push(0, 3); }, s => { s.View(1); s.View(1); }),
        Scenario.PushBesideDelete => Steady([2, 3], s => s.Push(0, 2), s => s.Delete(1, 2), s => s.View(2)),
        Scenario.PushBetweenViewsBesideDelete => Steady([2], s => s.Delete(0, 2), s => { s.View(1); s.Push(1, 2); s.View(1); }),
        Scenario.TwoPushersBesideTwoViews => Steady([2, 3], s => s.Push(0, 2), s => s.Push(1, 3), s => s.View(2), s => s.View(3)),
        Scenario.CreateThenDelete => Steady([2], s => { s.Push(0, 3); s.Delete(0, 3); }, s => s.Push(1, 2), s => s.View(2)),
        Scenario.WipeBesidePushes => Steady([2, 3], s => s.Wipe(0), s => { s.Push(1, 2); s.Push(1, 3); }, s => s.View(2)),
        Scenario.WipeThenCreate => Never([2, 3], s => { s.Wipe(0); s.Push(0, 2); }, s => { s.View(1); s.View(1); }),
        Scenario.ViewsThatReadLong => Steady([2], s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => s.View(1), s => s.View(2)),
        Scenario.OverlappingViews => Steady([2, 3], s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 3); }, s => s.View(1), s => s.View(2)),
        Scenario.Rivals => Never([], s => s.Push(0, 0), s => s.Push(1, 1), s => s.View(2)),
        Scenario.RivalIsReadWhilePushedTo => Steady([0], s => { s.Push(0, 0); s.Push(0, 0); }, s => s.Push(1, 1)),
        Scenario.FeedOfOneGroup => Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Take(); s.Take(); }),
        Scenario.FeedOfTwoPushers => Steady([2], s => s.Push(0, 2), s => { s.Push(1, 2); s.Take(); }),
        Scenario.FeedOfAKeyThatComesBack =>
            Steady([2], s => s.Push(0, 2), s => { s.Delete(1, 2); s.Push(1, 2); s.Delete(1, 2); }, s => { s.Take(); s.Take(); }),
        Scenario.FeedTakesWhatIsReplaced => Steady([2], s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => s.Take()),
        Scenario.FeedBesideAnUnchangedPush => Steady([2], s => { s.Push(0, 2); s.PushTheSame(0, 2); s.Push(0, 2); }, s => s.Take()),
        Scenario.FeedBesideWipe => Steady([2, 3], s => s.Push(0, 3), s => { s.Wipe(1); s.Push(1, 2); }, s => s.Take()),
        Scenario.TwoPushersOfOneGroup =>
            Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.ViewBesideAnUnchangedPush => Steady([2], s => { s.PushTheSame(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => s.View(1)),

        // One group is read while it is pinned.
        Scenario.ReadsBesideSteadyPushes =>
            Steady([2], s => { s.Push(0, 2); s.Push(0, 2); s.Push(0, 2); }, s => { s.ReadOne(1, 2); s.ReadOne(1, 2); }),
        Scenario.ReadThenViewBesideTwoPushers => Steady([2], s => s.Push(0, 2), s => s.Push(1, 2), s => { s.ReadOne(2, 2); s.View(2); }),
        Scenario.ReadsBesideOtherSeries => Never(
            [2], s => { s.PushMore(0, 2); s.Push(0, 2); s.PushMore(0, 2); }, s => { s.ReadOne(1, 2); s.View(1); s.ReadOne(1, 2); }),
        Scenario.ReadsBesideMerges =>
            Merged([2], s => { s.Merge(0, 2); s.Extra(0, 2); s.Merge(0, 2); }, s => { s.ReadOne(1, 2); s.ReadOne(1, 2); }),

        // Pushes that go the long way.
        Scenario.OtherSeriesBesideViews =>
            Never([2], s => { s.PushMore(0, 2); s.Push(0, 2); s.PushMore(0, 2); }, s => { s.View(1); s.View(1); }),
        Scenario.OtherSeriesBesideSteadyPushes =>
            Steady([2], s => { s.PushMore(0, 2); s.PushMore(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.OtherSeriesTwice =>
            Never([2], s => { s.PushMore(0, 2); s.PushMore(0, 2); }, s => { s.PushMore(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.FeedBesideOtherSeries => Never([2], s => { s.PushMore(0, 2); s.Push(0, 2); s.PushMore(0, 2); }, s => s.Take()),
        Scenario.FeedBesideAnUnchangedPushAndOtherSeries =>
            Steady([2], s => { s.Push(0, 2); s.PushTheSame(0, 2); s.PushMore(0, 2); s.PushMore(0, 2); }, s => s.Take()),
        Scenario.RivalIsReadWhileOtherSeriesArePushed => Never([0], s => { s.PushMore(0, 0); s.Push(0, 0); }, s => s.Push(1, 1)),
        Scenario.ShapeIsMadeBesideAPush =>
            Once([2], s => s.Push(0, 2), s => { s.PushMore(1, 2); s.PushMore(1, 2); }) with { IsSteady = false },
        Scenario.ShapeIsMadeBesidePushes => Once([2], s => { s.Push(0, 2); s.PushTheSame(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); }),

        // Groups with the blocks of several pushes.
        Scenario.MergesBesideViews => Merged([2], s => { s.Merge(0, 2); s.Extra(0, 2); s.Merge(0, 2); }, s => { s.View(1); s.View(1); }),
        Scenario.MergesOfTwoPushers =>
            Merged([2], s => { s.Merge(0, 2); s.Merge(0, 2); }, s => { s.Extra(1, 2); s.Merge(1, 2); }, s => s.View(2)),
        Scenario.MergeBesideReplace =>
            Merged([2], s => { s.Merge(0, 2); s.Extra(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.FeedBesideMerges => Merged([2], s => { s.Merge(0, 2); s.Extra(0, 2); s.Merge(0, 2); }, s => { s.Take(); s.Take(); }),
        Scenario.FeedBesideMergesOfTwoPushers =>
            Merged([2], s => { s.Merge(0, 2); s.Merge(0, 2); }, s => { s.Extra(1, 2); s.Merge(1, 2); }, s => s.Take()),

        // Refused pushes, which leave a snapshot with the blocks of the one before.
        Scenario.RefusalsBesideViews => Steady(
            [2], s => { s.PushBroken(0, 2); s.Push(0, 2); s.PushBroken(0, 2); }, s => { s.View(1); s.View(1); }) with
        { IsSteady = false },
        Scenario.RefusalsBesideSteadyPushes =>
            Steady([2], s => { s.PushBroken(0, 2); s.PushBroken(0, 2); }, s => { s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.RefusalsOfMergedGroups =>
            Merged([2], s => { s.PushBroken(0, 2); s.Merge(0, 2); }, s => { s.Merge(1, 2); s.Extra(1, 2); }, s => s.View(2)),
        Scenario.FeedBesideRefusals => Steady([2], s => { s.Push(0, 2); s.PushBroken(0, 2); }, s => s.PushMore(1, 2), s => s.Take()),
        Scenario.FeedBesideUnsettledBlocks =>
            Steady([2], s => { s.Push(0, 2); s.PushTheSame(0, 2); }, s => s.PushMore(1, 2), s => s.Take()),

        // Groups that go.
        Scenario.DeleteBesideSteadyPushes =>
            Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Delete(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.DeleteBesideOtherSeries =>
            Never([2], s => { s.PushMore(0, 2); s.PushMore(0, 2); }, s => { s.Delete(1, 2); s.PushMore(1, 2); }, s => s.View(2)),
        Scenario.WipeBesideOtherSeries =>
            Never([2, 3], s => { s.PushMore(0, 2); s.PushMore(0, 3); }, s => { s.Wipe(1); s.PushMore(1, 2); }, s => s.View(2)),
        Scenario.FeedBesideDeleteAndSteadyPushes =>
            Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => s.Delete(1, 2), s => { s.Take(); s.Take(); }),
        Scenario.FeedBesideWipeAndSteadyPushes =>
            Steady([2, 3], s => { s.Push(0, 2); s.Push(0, 3); }, s => s.Wipe(1), s => { s.Take(); s.Take(); }),

        Scenario.FeedBesideWipeAndCreation =>
            Never([2, 3], s => s.Wipe(0), s => { s.Push(1, 2); s.Push(1, 3); }, s => { s.Take(); s.Take(); }),

        // A group that comes back from a durable copy.
        Scenario.RestoreBesideSteadyPushes => Saved(2, s => s.Restore(0, 2), s => { s.Push(1, 2); s.Push(1, 2); }, s => s.View(2)),
        Scenario.RestoreBesideOtherSeries => Saved(2, s => { s.Restore(0, 2); s.Push(0, 2); }, s => { s.PushMore(1, 2); s.PushMore(1, 2); },
            s => s.View(2)) with
        { IsSteady = false },
        Scenario.RestoreBesideDelete => Saved(
            2, s => { s.Delete(0, 2); s.Push(0, 2); }, s => s.Restore(1, 2), s => { s.View(2); s.View(2); }) with
        { IsSteady = false },

        // Groups that are due once the clock goes on.
        Scenario.ExpiryBesideViews =>
            Steady([2, 3], s => { s.Tick(); s.Push(0, 2); }, s => { s.View(1); s.View(1); }) with { IsSteady = false },
        Scenario.ExpiryBesideSteadyPushes => Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => s.Tick(), s => s.View(2)),
        Scenario.ExpiryBesideAView => Steady([2, 3], s => s.Push(0, 2), s => s.Push(1, 3), s => { s.Tick(); s.View(2); }),
        Scenario.SweepBesideASteadyPush =>
            Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Tick(); s.Sweep(1); }, s => s.View(2)),
        Scenario.SweepBesideMerges => Merged([2], s => { s.Merge(0, 2); s.Extra(0, 2); }, s => { s.Tick(); s.Sweep(1); }, s => s.View(2)),
        Scenario.SweepBesideARefusal =>
            Never([2], s => { s.PushBroken(0, 2); s.PushMore(0, 2); }, s => { s.Tick(); s.Sweep(1); }, s => s.View(2)),
        Scenario.ExpiryThenGrace => Steady([2], s => s.Push(0, 2), s => { s.Tick(); s.Sweep(1); s.Tick(); }, s => s.View(2)),
        Scenario.ViewAtTheEndOfAGrace => Never([2], s => { s.Tick(); s.Sweep(0); s.Tick(); s.Sweep(0); }, s => s.View(1)),
        Scenario.ViewOfTheDueBesideAWipe => Never([2], s => s.Wipe(0), s => { s.Tick(); s.View(1); }),
        Scenario.ViewOfTheDueBesideADelete => Never([2], s => s.Delete(0, 2), s => { s.Tick(); s.View(1); }),
        Scenario.DeleteOfTheDue =>
            Steady([2, 3], s => { s.Push(0, 2); s.Push(0, 3); }, s => { s.Tick(); s.Delete(1, 2); s.Wipe(1); }, s => s.View(2)),
        Scenario.FeedBesideExpiry =>
            Steady([2], s => { s.Push(0, 2); s.Push(0, 2); }, s => { s.Tick(); s.Sweep(1); }, s => { s.Take(); s.Take(); }),
        Scenario.FeedBesideExpiryAndGrace =>
            Steady([2], s => s.Push(0, 2), s => { s.Tick(); s.Sweep(1); s.Tick(); s.Sweep(1); }, s => { s.Take(); s.Take(); }),

        // Groups of which one hides what the other shows.
        Scenario.HiddenBesideDelete => Never([0, 1], s => s.Delete(0, 0), s => { s.View(1); s.View(1); }),
        Scenario.HiddenBesideASteadyPush => Steady([0, 1], s => s.Delete(0, 0), s => { s.Push(1, 0); s.Push(1, 0); }, s => s.View(2)),
        Scenario.HiddenInTurns =>
            Never([0, 1], s => { s.Delete(0, 0); s.Push(0, 0); }, s => { s.Push(1, 1); s.Delete(1, 1); }, s => s.View(2)),
        Scenario.HiddenBesideWipe => Never([0, 1], s => { s.Wipe(0); s.Push(0, 1); }, s => s.Push(1, 0), s => s.View(2)),
        Scenario.FeedBesideWhatIsHidden => Never([0, 1], s => s.Delete(0, 0), s => s.Push(1, 1), s => { s.Take(); s.Take(); }),
        _ => throw new ArgumentOutOfRangeException(nameof(scenario)),
    };

    /// <summary>Whether groups expire in it.</summary>
    public static bool IsMortal(Scenario scenario) => scenario is >= Scenario.ExpiryBesideViews and < Scenario.HiddenBesideDelete;

    /// <summary>Whether its store checks pushes.</summary>
    public static bool IsChecked(Scenario scenario) => scenario < Scenario.HiddenBesideDelete;

    private static Script Steady(int[] warm, params Action<Recorder>[] threads) => new(s => s.Warm(warm), threads);

    private static Script Never(int[] warm, params Action<Recorder>[] threads) => new(s => s.Warm(warm), threads, IsSteady: false);

    // The next push makes a shape.
    private static Script Once(int[] warm, params Action<Recorder>[] threads) => new(s => s.WarmOnce(warm), threads);

    private static Script Saved(int group, params Action<Recorder>[] threads) =>
        new(
            s =>
            {
                s.Warm(group);
                s.Save(group);
            },
            threads);

    private static Script Merged(int[] warm, params Action<Recorder>[] threads) => new(s => s.WarmMerges(warm), threads);
}
