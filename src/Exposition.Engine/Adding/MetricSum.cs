using Exposition.Engine.Remembering;
using Exposition.Formats;
using Exposition.Formats.OpenMetrics;

namespace Exposition.Engine.Adding;

/// <summary>A metric in a set.</summary>
internal readonly record struct MetricRef(FamilySet Set, int Index)
{
    public ref MetricRow Row => ref Set.Metrics[Index];
}

/// <summary>A metric of a source.</summary>
/// <param name="Metric">It.</param>
/// <param name="Time">Of when it is, in nanoseconds since the Unix epoch; 0 where it does not say.</param>
internal readonly record struct Reading(MetricRef Metric, long Time);

// Whole numbers are added as such where they are counts, and as float64 where they are values: exactly up to 2^53. Beyond that, and between
// fractions, a sum is rounded to the nearest float64, once an addition. Compensated sums would have to be kept with each value.

/// <summary>Puts two metrics of one label set together.</summary>
internal sealed class MetricSum
{
    // What is beyond it was a negative number in text.
    private const ulong Most = 1UL << 63;

    private readonly List<(double Bound, Amount Amount)> _old = [];
    private readonly List<(double Bound, Amount Amount)> _now = [];

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

    /// <summary>
    /// Adds what a metric has grown by to a family; all of it where it has begun anew, and nothing if it came late: it began before what is
    /// known, or is older than that.
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
        if (!IsAdded(type))
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
        if (!IsAdded(type) && !double.IsFinite(now.Row.Value))
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
            if (!TryAlign(old, now))
            {
                return $"buckets of the bounds {BucketList.Bounds(_now)} cannot be added to buckets of the bounds "
                    + BucketList.Bounds(_old);
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
            SetCounts(into, count, isFloat, static (x, y) => x.Plus(y));
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

    // False if something has fallen.
    private bool TrySubtract(
        in MetricRef last, in MetricRef now, in MetricRef into, MetricType type, MetricExtras before, MetricExtras extras)
    {
        ref readonly MetricRow a = ref last.Row;
        ref readonly MetricRow b = ref now.Row;
        into.Row.Content = Both(a, b);
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

        if (!TryAlign(last, now))
        {
            return false;
        }

        for (int i = 0; i < _old.Count; i++)
        {
            if (_now[i].Amount.IsBelow(_old[i].Amount))
            {
                return false;
            }
        }

        if (before.Native is { } subtracted && !(extras.Native?.TrySubtract(subtracted) ?? false))
        {
            return false;
        }

        bool isFloat = (into.Row.Content & MetricContent.FloatCounts) != 0 || extras.Native is { IsFloat: true };
        SetCounts(into, count, isFloat, static (x, y) => y.Minus(x));
        return true;
    }

    // Its buckets would count what it does not.
    private static bool HasNoCount(in MetricRow row) => (row.Content & MetricContent.NoCount) != 0 && !(row.CountFloat > 0);

    // What both lack the sum lacks.
    private static MetricContent Both(in MetricRow a, in MetricRow b)
    {
        const MetricContent Missing = MetricContent.NoCount | MetricContent.NoSum;
        const MetricContent Either = MetricContent.FloatCounts | MetricContent.InfBucket;
        return ((a.Content | b.Content) & Either) | (a.Content & b.Content & (Missing | MetricContent.Kinds));
    }

    private void SetCounts(in MetricRef into, Amount count, bool isFloat, Func<Amount, Amount, Amount> combine)
    {
        ref MetricRow row = ref into.Row;
        row.Count = isFloat ? 0 : count.Whole;
        row.CountFloat = isFloat ? count.Value : 0;
        row.Content |= isFloat ? MetricContent.FloatCounts : 0;
        bool hasInfinity = (row.Content & MetricContent.InfBucket) != 0;
        for (int i = 0; i < _old.Count; i++)
        {
            Amount amount = combine(_old[i].Amount, _now[i].Amount);
            if (hasInfinity || !double.IsPositiveInfinity(_old[i].Bound))
            {
                into.Set.AddPoint(into.Index, _old[i].Bound, isFloat ? amount.Value : 0, isFloat ? 0 : amount.Whole);
            }
        }
    }

    // The buckets of both in order of their bounds, that of +Inf among them, which is the count where it was not said.
    private bool TryAlign(in MetricRef old, in MetricRef now)
    {
        BucketList.Fill(old, _old);
        BucketList.Fill(now, _now);
        if (_old.Count != _now.Count)
        {
            return false;
        }

        for (int i = 0; i < _old.Count; i++)
        {
            if (_old[i].Bound != _now[i].Bound)
            {
                return false;
            }
        }

        return true;
    }
}
