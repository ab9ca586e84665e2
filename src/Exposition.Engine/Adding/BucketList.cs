using Exposition.Formats;

namespace Exposition.Engine.Adding;

/// <summary>The buckets of a classic histogram in order of their bounds.</summary>
internal static class BucketList
{
    /// <summary>Lists them; that of +Inf, too, which is the count where it was not said.</summary>
    public static void Fill(in MetricRef metric, List<(double Bound, Amount Amount)> into)
    {
        into.Clear();
        bool isSorted = true;
        bool hasInfinity = false;
        for (int at = metric.Row.FirstPoint; at >= 0; at = metric.Set.Points[at].Next)
        {
            ref readonly PointRow point = ref metric.Set.Points[at];
            isSorted &= into.Count == 0 || into[^1].Bound <= point.Bound;
            hasInfinity |= double.IsPositiveInfinity(point.Bound);
            into.Add((point.Bound, point.Value != 0 ? new Amount(0, point.Value) : new Amount(point.Count, 0)));
        }

        if (!isSorted)
        {
            into.Sort(static (a, b) => a.Bound.CompareTo(b.Bound));
        }

        if (!hasInfinity)
        {
            into.Add((double.PositiveInfinity, CountOf(metric.Row)));
        }
    }

    /// <summary>The bounds, as many as can be shown.</summary>
    public static string Bounds(List<(double Bound, Amount Amount)> buckets)
    {
        const int Shown = 20;
        string text = string.Join(", ", buckets.Take(Shown).Select(static bucket => Text(bucket.Bound)));
        return "[" + text + (buckets.Count > Shown ? ", ..." : "") + "]";
    }

    /// <summary>The count of a histogram or summary.</summary>
    public static Amount CountOf(in MetricRow row) => row.CountFloat > 0 ? new Amount(0, row.CountFloat) : new Amount(row.Count, 0);

    /// <summary>A number as scrapes show it.</summary>
    public static string Text(double value)
    {
        Span<byte> digits = stackalloc byte[ExpositionNumber.MaxLength];
        return System.Text.Encoding.ASCII.GetString(digits[..ExpositionNumber.Format(value, digits)]);
    }
}
