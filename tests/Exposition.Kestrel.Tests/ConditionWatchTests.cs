using Exposition.Hosting.Conditions;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>What is not as it should be is known with its beginning, whether somebody asks or not.</summary>
public sealed class ConditionWatchTests
{
    private readonly ManualTime _time = new();
    private readonly LinesKept _lines = new();
    private readonly List<Condition> _holding = [];

    [Fact]
    public void A_condition_keeps_its_beginning_for_as_long_as_it_holds()
    {
        using ConditionWatch watch = Watch();
        Assert.Empty(watch.Read());
        _time.Advance(TimeSpan.FromMinutes(1));
        _holding.Add(new Condition(ConditionTypes.LimitNear, "a: 9 of 10", "a"));

        // Nobody asks; the timer sees it.
        _time.Advance(TimeSpan.FromSeconds(2));
        DateTimeOffset began = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromHours(1));
        _holding[0] = new Condition(ConditionTypes.LimitNear, "a: 10 of 10", "a");
        Condition known = Assert.Single(watch.Read());
        Assert.Equal(("a: 10 of 10", began), (known.Message, known.Since));

        _holding.Clear();
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(watch.Read());
        _holding.Add(new Condition(ConditionTypes.LimitNear, "a: 9 of 10", "a"));
        Assert.Equal(_time.GetUtcNow(), Assert.Single(watch.Read()).Since);
    }

    [Fact]
    public void Those_of_one_kind_are_told_apart_by_their_subject_and_a_beginning_that_is_known_counts()
    {
        DateTimeOffset known = _time.GetUtcNow().AddDays(-1);
        using ConditionWatch watch = Watch();
        _holding.Add(new Condition(ConditionTypes.LimitNear, "a", "a"));
        watch.Read();
        _time.Advance(TimeSpan.FromSeconds(1));
        _holding.Add(new Condition(ConditionTypes.LimitNear, "b", "b"));
        _holding.Add(new Condition(ConditionTypes.CertificateExpiring, "c", Since: known));
        Assert.Equal(["c", "a", "b"], watch.Read().Select(static condition => condition.Message));
        Assert.Equal(known, watch.Read()[0].Since);
        Assert.Equal(TimeSpan.FromSeconds(1), watch.Read()[2].Since - watch.Read()[1].Since);
    }

    [Fact]
    public void There_are_64_at_most()
    {
        _holding.AddRange(Enumerable.Range(0, 100).Select(static i => new Condition(ConditionTypes.LimitNear, $"{i}", $"{i}")));
        using ConditionWatch watch = Watch();
        Assert.Equal(64, watch.Read().Count);
    }

    [Fact]
    public void A_source_that_fails_is_told_once_and_the_others_are_asked()
    {
        var broken = new Broken();
        using var watch = new ConditionWatch([broken, new Given(_holding)], _time, _lines);
        _holding.Add(new Condition(ConditionTypes.Loading, "loading"));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal("loading", Assert.Single(watch.Read()).Message);
        (LogLevel level, _, Dictionary<string, object?> values) = Assert.Single(_lines.All);
        Assert.Equal((LogLevel.Error, "Broken", "InvalidOperationException: no"), (level, values["source"], values["err"]));
        broken.Fails = false;
        watch.Read();
        broken.Fails = true;
        watch.Read();
        Assert.Equal(2, _lines.Count);
    }

    private ConditionWatch Watch() => new([new Given(_holding)], _time, _lines);

    private sealed class Given(List<Condition> holding) : IConditionSource
    {
        public void Look(ICollection<Condition> into) => holding.ForEach(into.Add);
    }

    private sealed class Broken : IConditionSource
    {
        public bool Fails { get; set; } = true;

        public void Look(ICollection<Condition> into)
        {
            if (Fails)
            {
                throw new InvalidOperationException("no");
            }
        }
    }
}
