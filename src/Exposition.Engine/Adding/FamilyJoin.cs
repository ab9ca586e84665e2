using Exposition.Engine.Ingest;
using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>Joins the metrics of two families of one type, both in the order of <see cref="SeriesOrder"/>.</summary>
internal sealed class FamilyJoin
{
    private readonly MetricSum _sum = new();

    /// <summary>All metrics of both: those of one alone as they are; of those that both have the pushed one, or the sum.</summary>
    /// <param name="old">Has the family so far as its first.</param>
    /// <param name="pushed">The push.</param>
    /// <param name="family">The family there.</param>
    /// <param name="into">Where they go.</param>
    /// <param name="made">The family there.</param>
    /// <param name="adds">Whether what counts is added.</param>
    /// <param name="aggregate">What becomes of what does not count, where it adds.</param>
    /// <returns>Why they cannot be added, or null.</returns>
    public string? Add(FamilySet old, FamilySet pushed, int family, FamilySet into, int made, bool adds, Aggregate aggregate)
    {
        MetricType type = pushed.Families[family].Type;
        int a = old.Families[0].FirstMetric;
        int b = pushed.Families[family].FirstMetric;
        while (a >= 0 || b >= 0)
        {
            int order = a < 0 ? 1 : b < 0 ? -1 : SeriesOrder.CompareLabels(old, a, pushed, b);
            MetricRef before = new(old, a);
            MetricRef now = new(pushed, b);
            if (order != 0 || !adds)
            {
                MetricCopy.Whole(order < 0 ? before : now, into, made);
            }
            else
            {
                MetricRef sum = MetricCopy.Labels(now, into, made);
                if (MetricSum.IsAdded(type))
                {
                    if (_sum.Add(before, now, sum, type, aggregate) is { } error)
                    {
                        return error;
                    }
                }
                else
                {
                    Aggregated(before, now, sum, type, aggregate);
                }
            }

            a = order <= 0 ? old.Metrics[a].Next : a;
            b = order >= 0 ? pushed.Metrics[b].Next : b;
        }

        return null;
    }

    private static void Aggregated(in MetricRef old, in MetricRef now, in MetricRef into, MetricType type, Aggregate how)
    {
        MetricCopy.Values(now, into);
        if (how != Aggregate.Last && type is MetricType.Gauge or MetricType.Untyped)
        {
            into.Row.Raw = default;
            into.Row.Content &= ~MetricContent.OnlyInRaw;
            into.Row.Value = AggregateRules.Apply(how, old.Row.Value, now.Row.Value);
        }
    }
}
