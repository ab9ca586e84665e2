using Exposition.Formats;
using Exposition.Formats.OpenMetrics;

namespace Exposition.Engine.Adding;

/// <summary>A metric of a source.</summary>
/// <param name="Metric">It.</param>
/// <param name="Time">Of when it is, in nanoseconds since the Unix epoch; 0 where it does not say.</param>
internal readonly record struct Reading(MetricRef Metric, long Time);

/// <summary>Finds out what metrics of a source have grown by since its last push.</summary>
internal sealed class MetricGrowth
{
    private readonly BucketPairs _buckets = new();

    /// <summary>
    /// Adds to a family by how much a metric has grown. If the metric has started again, that is its whole value. If it came late (its
    /// start or its time is before what is known), nothing is added.
    /// </summary>
    /// <param name="last">What it was.</param>
    /// <param name="now">What it is.</param>
    /// <param name="grown">Where that goes.</param>
    /// <param name="into">The family there.</param>
    /// <param name="type">The type.</param>
    /// <param name="isLate">Whether it came late.</param>
    /// <returns>Why that cannot be said, or null.</returns>
    public string? Grow(in Reading last, in Reading now, FamilySet grown, int into, MetricType type, out bool isLate)
    {
        isLate = now.Time > 0 && now.Time < last.Time;
        if (!MetricSum.IsAdded(type))
        {
            if (!isLate)
            {
                SetValue(MetricCopy.Whole(now.Metric, grown, into), Summand(now.Metric.Row.Value) - Summand(last.Metric.Row.Value));
            }

            return null;
        }

        if (MetricExtras.TryRead(last.Metric.Set, last.Metric.Index, type, out MetricExtras before) is { } error
            || (error = MetricExtras.TryRead(now.Metric.Set, now.Metric.Index, type, out MetricExtras extras)) is not null)
        {
            return error;
        }

        int began = extras.Created is { } created && before.Created is { } other ? created.Nanoseconds.CompareTo(other.Nanoseconds) : 0;
        isLate = began < 0 || (began == 0 && isLate);
        if (isLate)
        {
            return null;
        }

        MetricRef made = MetricCopy.Labels(now.Metric, grown, into);
        try
        {
            if (began > 0 || !TrySubtract(last.Metric, now.Metric, made, type, before, extras))
            {
                Clear(made);
                MetricCopy.Values(now.Metric, made);
                return null;
            }

            extras.Apply(made.Set, made.Index, type);
            return null;
        }
        catch (OverflowException)
        {
            return "what it has grown by is out of range";
        }
    }

    /// <summary>Adds a metric of which nothing was known to a family.</summary>
    public static void Begin(in MetricRef now, FamilySet grown, int into, MetricType type)
    {
        MetricRef made = MetricCopy.Whole(now, grown, into);
        if (!MetricSum.IsAdded(type) && !double.IsFinite(now.Row.Value))
        {
            SetValue(made, double.NaN);
        }
    }

    /// <summary>When a metric was created, if it says so.</summary>
    public static UnixTime? CreatedOf(in MetricRef metric, MetricType type) =>
        MetricExtras.TryRead(metric.Set, metric.Index, type, out MetricExtras extras) is null ? extras.Created : null;

    // What is no number, or infinite, could not be taken out of a sum again: it counts as none.
    private static double Summand(double value) => double.IsFinite(value) ? value : 0;

    private static void SetValue(in MetricRef metric, double value)
    {
        metric.Row.Raw = default;
        metric.Row.Content &= ~MetricContent.OnlyInRaw;
        metric.Row.Value = value;
    }

    private static void Clear(in MetricRef into)
    {
        ref MetricRow row = ref into.Row;
        row = new MetricRow
        {
            FirstLabel = row.FirstLabel,
            LabelCount = row.LabelCount,
            Next = row.Next,
            FirstPoint = -1,
            LastPoint = -1,
        };
    }

    // False if something has fallen.
    private bool TrySubtract(
        in MetricRef last, in MetricRef now, in MetricRef into, MetricType type, MetricExtras before, MetricExtras extras)
    {
        ref readonly MetricRow a = ref last.Row;
        ref readonly MetricRow b = ref now.Row;
        into.Row.Content = MetricSum.Both(a, b);
        into.Row.Value = b.Value - a.Value;
        if (type == MetricType.Counter)
        {
            return b.Value >= a.Value && double.IsFinite(a.Value);
        }

        if (BucketList.CountOf(b).IsBelow(BucketList.CountOf(a)))
        {
            return false;
        }

        Amount count = BucketList.CountOf(b).Minus(BucketList.CountOf(a));
        if (type == MetricType.Summary)
        {
            into.Row.Count = count.Whole;
            for (int at = b.FirstPoint; at >= 0; at = now.Set.Points[at].Next)
            {
                PointRow point = now.Set.Points[at];
                into.Set.AddPoint(into.Index, point.Bound, point.Value, 0);
            }

            return true;
        }

        if (!_buckets.TryAlign(last, now) || _buckets.HasFallen)
        {
            return false;
        }

        if (before.Native is { } subtracted && !(extras.Native?.TrySubtract(subtracted) ?? false))
        {
            return false;
        }

        bool isFloat = (into.Row.Content & MetricContent.FloatCounts) != 0 || extras.Native is { IsFloat: true };
        _buckets.Combine(into, count, isFloat, static (x, y) => y.Minus(x));
        return true;
    }
}
