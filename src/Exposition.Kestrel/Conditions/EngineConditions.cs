using System.Globalization;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Conditions;

/// <summary>What can be wrong with an engine: it is loading, hides families, or is near to a capacity that all clients share.</summary>
internal sealed class EngineConditions(ExpositionEngine engine) : IConditionSource
{
    // From here on an operator has time to act, and nothing is refused yet.
    private const double Near = 0.9;

    private static readonly Limit[] s_capacities =
    [
        Limit.Connections, Limit.GroupingNameSets, Limit.Groups, Limit.HeldBytes, Limit.InflightBytes, Limit.Scrapes, Limit.StoredBytes,
    ];

    public void Look(ICollection<Condition> into)
    {
        if (engine.Options.CommitGate is { IsOpen: false })
        {
            into.Add(new Condition(
                ConditionTypes.Loading, "what was kept is being loaded: pushes, deletes and scrapes are answered with 503 until it is"));
        }

        if (engine.Store.HiddenFamilies is > 0 and var hidden)
        {
            into.Add(new Condition(ConditionTypes.FamiliesHidden, string.Create(CultureInfo.InvariantCulture,
                $"{hidden} families are stored but left out of scrapes, because they contradict others")));
        }

        foreach (Limit limit in s_capacities)
        {
            AddNear(into, limit);
        }
    }

    private void AddNear(ICollection<Condition> into, Limit limit)
    {
        (long most, long used) = engine.Metrics.Limits.Read(limit);
        if (most > 0 && used >= most * Near)
        {
            string name = WireMetrics.NameOf(limit);
            into.Add(new Condition(ConditionTypes.LimitNear,
                string.Create(CultureInfo.InvariantCulture, $"{name}: {used} of {most} are in use"), name));
        }
    }
}
