namespace Exposition.Engine.Remembering;

/// <summary>What the rules say of values that are not added: gauges, untyped values and quantiles.</summary>
internal static class AggregateRules
{
    /// <summary>The first rule that is for a family counts.</summary>
    public static Aggregate Of(IReadOnlyList<AggregateRule> rules, ReadOnlySpan<byte> family)
    {
        for (int i = 0; i < rules.Count; i++)
        {
            if (rules[i].IsFor(family))
            {
                return rules[i].How;
            }
        }

        return Aggregate.Last;
    }

    /// <summary>One value out of two. NaN is no value.</summary>
    public static double Apply(Aggregate how, double old, double now) => how switch
    {
        Aggregate.Last => now,
        _ when double.IsNaN(old) => now,
        _ when double.IsNaN(now) => old,
        Aggregate.Max => Math.Max(old, now),
        Aggregate.Min => Math.Min(old, now),
        _ => old + now,
    };
}
