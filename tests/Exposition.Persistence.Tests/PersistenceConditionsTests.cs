using Exposition.Hosting.Conditions;
using Exposition.Persistence.Conditions;

namespace Exposition.Persistence.Tests;

/// <summary>When an operator is told that the copy is not as it should be.</summary>
public sealed class PersistenceConditionsTests
{
    private static readonly DateTimeOffset s_began = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_copy_that_is_well_has_none() => Assert.Empty(Of(new DurableStatus(TimeSpan.FromSeconds(3), s_began, 7)));

    [Fact]
    public void Writes_that_fail_are_told_with_their_beginning()
    {
        Condition condition = Assert.Single(Of(new DurableStatus(default, null, 1) { FailingSince = s_began, SetAside = 2 }));
        Assert.Equal((ConditionTypes.PersistenceFailing, s_began), (condition.Type, condition.Since));
    }

    [Fact]
    public void Groups_that_cannot_be_written_are_told_and_so_is_an_end()
    {
        List<Condition> conditions = Of(new DurableStatus(default, s_began, 1, Ended: true) { SetAside = 2 });
        Assert.Equal([("PersistenceFailing", "ended"), ("PersistenceFailing", "groups")],
            conditions.Select(static condition => (condition.Type, condition.Subject)));
        Assert.StartsWith("2 groups cannot be written", conditions[1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 3.1, true)]
    [InlineData(1, 2.9, false)]
    [InlineData(10, 29, false)]
    [InlineData(10, 31, true)]
    public void A_lag_of_three_intervals_is_told(double interval, double lag, bool told) => Assert.Equal(told, Of(
        new DurableStatus(TimeSpan.FromSeconds(lag), s_began, 0), interval)
            .Exists(static condition => condition.Type == ConditionTypes.PersistenceLagging));

    private static List<Condition> Of(DurableStatus status, double interval = 1)
    {
        var found = new List<Condition>();
        new PersistenceConditions(() => status, TimeSpan.FromSeconds(interval)).Look(found);
        return found;
    }
}
