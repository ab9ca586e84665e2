namespace Exposition.Engine.Tests.Concurrency;

/// <summary>The checker of histories itself: what it must let pass, and what it must not.</summary>
public sealed class LinearizabilityTests
{
    private static readonly int[] s_rivals = [1, 0, -1];

    [Fact]
    public void What_overlaps_may_come_in_any_order()
    {
        Assert.Null(Check(Push(0, 2, 7, 1, 4), View([0, 0, 7], 2, 3)));
        Assert.Null(Check(Push(0, 2, 7, 1, 4), View([0, 0, 0], 2, 3)));
        Assert.Null(Check(Push(0, 2, 7, 1, 4), Push(1, 2, 8, 2, 3), View([0, 0, 7], 5, 6)));
        Assert.Null(Check(Push(0, 2, 7, 1, 9), new Event(1, Kind.Delete, 2, 1, null, 2, 4), View([0, 0, 0], 5, 6)));
        Assert.Null(Check(Push(0, 0, 7, 1, 9), new Event(1, Kind.Refused, 1, 0, null, 2, 4), new Event(1, Kind.Mark, 1, 0, null, 2, 4),
            View([7, -1, 0], 5, 6)));
    }

    [Fact]
    public void What_is_over_is_seen()
    {
        Assert.NotNull(Check(Push(0, 2, 7, 1, 2), View([0, 0, 0], 3, 4)));
        Assert.NotNull(Check(Push(0, 2, 7, 1, 2), new Event(0, Kind.Delete, 2, 1, null, 3, 4), View([0, 0, 7], 5, 6)));
        Assert.NotNull(Check(Push(0, 2, 7, 1, 2), new Event(0, Kind.Delete, 2, 0, null, 3, 4)));
        Assert.NotNull(Check(Push(0, 2, 7, 1, 2), new Event(0, Kind.Wipe, 0, 2, null, 3, 4)));
    }

    [Fact]
    public void Views_agree_on_the_order_of_pushes()
    {
        Assert.NotNull(Check(Push(0, 0, 7, 1, 9), Push(1, 2, 8, 1, 9), View([7, 0, 0], 2, 3), View([0, 0, 8], 4, 5)));
        Assert.Null(Check(Push(0, 0, 7, 1, 9), Push(1, 2, 8, 1, 9), View([7, 0, 0], 2, 3), View([7, 0, 8], 4, 5)));
    }

    [Fact]
    public void A_view_never_shows_the_later_push_of_a_client_without_the_earlier() =>
        Assert.NotNull(Check(Push(0, 0, 7, 1, 2), Push(0, 2, 8, 3, 4), View([0, 0, 8], 1, 5)));

    [Fact]
    public void Rivals_are_never_both_there()
    {
        Assert.NotNull(Check(Push(0, 0, 7, 1, 9), Push(1, 1, 8, 1, 9)));
        Assert.NotNull(Check(new Event(1, Kind.Refused, 1, 0, null, 2, 4)));
    }

    [Fact]
    public void A_merge_leaves_what_else_is_there()
    {
        Assert.Null(Check(Extra(2, 7, 1, 2), new Event(0, Kind.Merge, 2, 8, null, 3, 4), View([0, 0, 8, 0, 0, 7], 5, 6)));
        Assert.NotNull(Check(Extra(2, 7, 1, 2), new Event(0, Kind.Merge, 2, 8, null, 3, 4), View([0, 0, 8, 0, 0, 0], 5, 6)));
        Assert.NotNull(Check(Extra(2, 7, 1, 2), Push(0, 2, 8, 3, 4), View([0, 0, 8, 0, 0, 7], 5, 6)));
        Assert.Null(Check(Push(0, 0, 8, 1, 2), Extra(1, 7, 3, 4), View([8, -1, 0, 0, 7, 0], 5, 6)));
    }

    [Fact]
    public void Who_looks_finds_expired_what_is_due()
    {
        Event push = new(0, Kind.Push, 2, 7, null, 1, 2) { Time = 5 };
        Event expiry = new(1, Kind.Expire, 2, 0, null, 3, 4) { Time = 10 };
        Assert.Null(Check(push, expiry, View([0, 0, -2], 3, 4, expiry)));
        Assert.NotNull(Check(push, expiry, View([0, 0, 7], 3, 4, expiry)));
        Assert.NotNull(Check(push, expiry, View([0, 0, 7], 5, 6)));
        Assert.Null(Check(push, expiry, new Event(0, Kind.Merge, 2, 8, null, 3, 4) { After = expiry, Time = 15 }, View([0, 0, 8], 5, 6)));
        Assert.Null(Check(push, expiry with { IsOptional = true }, View([0, 0, 7], 5, 6)));
        Assert.Null(Check(push, expiry with { IsOptional = true }, View([0, 0, -2], 5, 6)));
        Assert.Null(Check(push, expiry with { Time = 15 }, View([0, 0, 0], 5, 6)));
        Assert.NotNull(Check(push, expiry with { Time = 4 }, View([0, 0, -2], 5, 6)));
    }

    private static string? Check(params Event[] events) =>
        Linearizability.Check(events, new long[SequentialModel.Size(s_rivals.Length).All], s_rivals);

    private static Event Extra(int group, long value, long called, long returned) =>
        new(0, Kind.Extra, group, value, null, called, returned);

    private static Event Push(int thread, int group, long value, long called, long returned) =>
        new(thread, Kind.Push, group, value, null, called, returned);

    // Without a word on them there are no extra series.
    private static Event View(long[] seen, long called, long returned, Event? after = null) =>
        new(2, Kind.View, 0, 0, [.. seen, .. new long[SequentialModel.Size(s_rivals.Length).Seen - seen.Length]], called, returned)
        { After = after };
}
