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

    /// <summary>
    /// What each metric of a push has grown by since the last one of its source. A metric that the last one had and this one has not is
    /// left out.
    /// </summary>
    /// <param name="last">Has the source's family as its first; null where the source had none.</param>
    /// <param name="pushed">The push.</param>
    /// <param name="family">The family there.</param>
    /// <param name="into">Where they go.</param>
    /// <param name="made">The family there.</param>
    /// <param name="forgottenAt">When the source pushed last, if its values are forgotten: then it starts from what it has now, unless
    /// that was created later.</param>
    /// <returns>Why that cannot be said, or null.</returns>
    public string? Grow(FamilySet? last, FamilySet pushed, int family, FamilySet into, int made, long? forgottenAt)
    {
        MetricType type = pushed.Families[family].Type;
        int a = last is null ? -1 : last.Families[0].FirstMetric;
        for (int b = pushed.Families[family].FirstMetric; b >= 0; b = pushed.Metrics[b].Next)
        {
            int order = -1;
            while (a >= 0 && (order = SeriesOrder.CompareLabels(last!, a, pushed, b)) < 0)
            {
                a = last!.Metrics[a].Next;
            }

            MetricRef now = new(pushed, b);
            MetricRef grown = MetricCopy.Labels(now, into, made);
            bool isKnown = a >= 0 && order == 0;
            MetricRef before = isKnown ? new MetricRef(last!, a) : now;
            if (!isKnown && !(forgottenAt is { } at && !(MetricSum.CreatedOf(now, type) is { } created && created.Nanoseconds > at)))
            {
                MetricCopy.Values(now, grown);
            }
            else if (!MetricSum.IsAdded(type))
            {
                MetricCopy.Values(now, grown);
                grown.Row.Raw = default;
                grown.Row.Content &= ~MetricContent.OnlyInRaw;
                grown.Row.Value -= before.Row.Value;
            }
            else if (_sum.Grow(IsStale(before, now, type) ? now : before, now, grown, type) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>Whether what was pushed is of a stretch before the one that is known: it came late, and changes nothing.</summary>
    public static bool IsStale(in MetricRef known, in MetricRef pushed, MetricType type) =>
        MetricSum.CreatedOf(pushed, type) is { } created && MetricSum.CreatedOf(known, type) is { } other
            && created.Nanoseconds < other.Nanoseconds;

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
