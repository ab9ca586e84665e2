using Exposition.Engine.Remembering;
using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>A metric in a set.</summary>
internal readonly record struct MetricRef(FamilySet Set, int Index)
{
    public ref MetricRow Row => ref Set.Metrics[Index];
}

// Whole numbers are added as such where they are counts, and as float64 where they are values: exactly up to 2^53. Beyond that, and between
// fractions, a sum is rounded to the nearest float64, once an addition. Compensated sums would have to be kept with each value.

/// <summary>Puts two metrics of one label set together.</summary>
internal sealed class MetricSum
{
    // What is beyond it was a negative number in text.
    private const ulong Most = 1UL << 63;

    private readonly BucketPairs _buckets = new();

    /// <summary>What keeps a metric from being added to anything, or null.</summary>
    public static string? ErrorOf(in MetricRef metric, MetricType type)
    {
        ref readonly MetricRow row = ref metric.Row;
        if (type == MetricType.Counter)
        {
            return row.Value >= 0 ? null : "negative or NaN: " + BucketList.Text(row.Value);
        }

        if (type == MetricType.Histogram && HasNoCount(row))
        {
            return "a histogram without a count";
        }

        if (row.Count >= Most || !(row.CountFloat >= 0))
        {
            return "a count that is negative, NaN or too large";
        }

        for (int at = type == MetricType.Histogram ? row.FirstPoint : -1; at >= 0; at = metric.Set.Points[at].Next)
        {
            ref readonly PointRow point = ref metric.Set.Points[at];
            if (point.Count >= Most || !(point.Value >= 0) || double.IsNaN(point.Bound))
            {
                return "a bucket that is negative, NaN or too large";
            }
        }

        return null;
    }

    /// <summary>Whether values of a type are added.</summary>
    public static bool IsAdded(MetricType type) => type is MetricType.Counter or MetricType.Summary or MetricType.Histogram;

    /// <summary>Makes a metric the sum of two others.</summary>
    /// <param name="old">What was before.</param>
    /// <param name="now">What is added to it.</param>
    /// <param name="into">Has their labels and nothing else.</param>
    /// <param name="type">Their type, which <see cref="IsAdded"/>.</param>
    /// <param name="quantiles">What becomes of quantiles.</param>
    /// <returns>Why they cannot be added, or null.</returns>
    public string? Add(in MetricRef old, in MetricRef now, in MetricRef into, MetricType type, Aggregate quantiles)
    {
        try
        {
            return type == MetricType.Summary ? AddSummary(old, now, into, quantiles)
                : AddValue(old, now, into, type);
        }
        catch (OverflowException)
        {
            return "the sum is out of range";
        }
    }

    private string? AddValue(in MetricRef old, in MetricRef now, in MetricRef into, MetricType type)
    {
        if (MetricExtras.TryRead(old.Set, old.Index, type, out MetricExtras before) is { } error
            || (error = MetricExtras.TryRead(now.Set, now.Index, type, out MetricExtras extras)) is not null)
        {
            return error;
        }

        ref readonly MetricRow a = ref old.Row;
        ref readonly MetricRow b = ref now.Row;
        extras.TakeFrom(before);
        into.Row.Content = Both(a, b);
        into.Row.Value = a.Value + b.Value;
        if (type == MetricType.Histogram)
        {
            if (HasNoCount(a))
            {
                return "nothing can be added to a histogram that is stored without a count";
            }

            Amount count = BucketList.CountOf(a).Plus(BucketList.CountOf(b));
            if (!_buckets.TryAlign(old, now))
            {
                return $"buckets of the bounds {BucketList.Bounds(_buckets.Now)} cannot be added to buckets of the bounds "
                    + BucketList.Bounds(_buckets.Old);
            }

            if (before.Native is { } native && extras.Native is { } added)
            {
                native.Add(added);
                extras.Replace(native);
            }
            else
            {
                extras.Replace(extras.Native ?? before.Native);
            }

            bool isFloat = (into.Row.Content & MetricContent.FloatCounts) != 0 || extras.Native is { IsFloat: true };
            _buckets.Combine(into, count, isFloat, static (x, y) => x.Plus(y));
        }

        extras.Apply(into.Set, into.Index, type);
        return null;
    }

    private static string? AddSummary(in MetricRef old, in MetricRef now, in MetricRef into, Aggregate quantiles)
    {
        _ = MetricExtras.TryRead(old.Set, old.Index, MetricType.Summary, out MetricExtras before);
        _ = MetricExtras.TryRead(now.Set, now.Index, MetricType.Summary, out MetricExtras extras);
        extras.TakeFrom(before);
        into.Row.Content = Both(old.Row, now.Row);
        into.Row.Value = old.Row.Value + now.Row.Value;
        into.Row.Count = checked(old.Row.Count + now.Row.Count);
        for (int at = now.Row.FirstPoint; at >= 0; at = now.Set.Points[at].Next)
        {
            PointRow point = now.Set.Points[at];
            double value = point.Value;
            for (int before2 = quantiles == Aggregate.Last ? -1 : old.Row.FirstPoint; before2 >= 0; before2 = old.Set.Points[before2].Next)
            {
                PointRow other = old.Set.Points[before2];
                value = other.Bound.Equals(point.Bound) ? AggregateRules.Apply(quantiles, other.Value, value) : value;
            }

            into.Set.AddPoint(into.Index, point.Bound, value, 0);
        }

        extras.Apply(into.Set, into.Index, MetricType.Summary);
        return null;
    }

    // Its buckets would count what it does not.
    private static bool HasNoCount(in MetricRow row) => (row.Content & MetricContent.NoCount) != 0 && !(row.CountFloat > 0);

    /// <summary>The content of a metric that is made of two: what both lack it lacks.</summary>
    public static MetricContent Both(in MetricRow a, in MetricRow b)
    {
        const MetricContent Missing = MetricContent.NoCount | MetricContent.NoSum;
        const MetricContent Either = MetricContent.FloatCounts | MetricContent.InfBucket;
        return ((a.Content | b.Content) & Either) | (a.Content & b.Content & (Missing | MetricContent.Kinds));
    }
}
