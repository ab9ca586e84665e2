using System.Globalization;
using Exposition.Engine;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Conditions;

/// <summary>What can be wrong with an engine: it is loading, hides families, or is near to a capacity that all clients share.</summary>
internal sealed class EngineConditions(ExpositionEngine engine) : IConditionSource
{
    // From here on an operator has time to act, and nothing is refused yet.
    private const double Near = 0.9;

    public void Look(ICollection<Condition> into)
    {
        ExpositionOptions options = engine.Options;
        MetricStore store = engine.Store;
        if (options.CommitGate is { IsOpen: false })
        {
            into.Add(new Condition(
                ConditionTypes.Loading, "what was kept is being loaded: pushes, deletes and scrapes are answered with 503 until it is"));
        }

        if (store.HiddenFamilies is > 0 and var hidden)
        {
            into.Add(new Condition(ConditionTypes.FamiliesHidden, string.Create(CultureInfo.InvariantCulture,
                $"{hidden} families are stored but left out of scrapes, because they contradict others")));
        }

        AddNear(into, Limit.Connections, engine.Connections.Open, options.MaxConnections);
        AddNear(into, Limit.GroupingNameSets, store.MostNameSets, store.Options.MaxGroupingNameSets);
        AddNear(into, Limit.Groups, store.GroupCount, store.Options.MaxGroups);
        AddNear(into, Limit.HeldBytes, store.HeldBytes, options.MaxHeldBytes);
        AddNear(into, Limit.InflightBytes, engine.Inflight.Used, options.MaxInflightBytes);
        AddNear(into, Limit.Scrapes, engine.Readers.SeatsOf(Limit.Scrapes), options.MaxScrapes);
        AddNear(into, Limit.StoredBytes, store.StoredBytes, store.Options.MaxStoredBytes);
    }

    private static void AddNear(ICollection<Condition> into, Limit limit, long used, long most)
    {
        if (most > 0 && used >= most * Near)
        {
            string name = WireMetrics.NameOf(limit);
            into.Add(new Condition(ConditionTypes.LimitNear,
                string.Create(CultureInfo.InvariantCulture, $"{name}: {used} of {most} are in use"), name));
        }
    }
}
