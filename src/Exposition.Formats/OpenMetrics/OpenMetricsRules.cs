namespace Exposition.Formats.OpenMetrics;

// The same rules as those of the reader (OpenMetricsReader.Points), for rows from anywhere. What is only unusual there (no +Inf bucket, an
// absent count or sum) the writer mends; see OpenMetricsWriter.

/// <summary>What OpenMetrics demands of metrics under their type.</summary>
internal static class OpenMetricsRules
{
    private const int FewPoints = 64;

    public static bool Fits(FamilySet set, in FamilyRow family)
    {
        if (family.Type == MetricType.Counter && !OpenMetricsNames.IsCounter(set.Text(family.Name)))
        {
            return false;
        }

        for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            ref readonly MetricRow row = ref set.Metrics[metric];
            bool fits = family.Type switch
            {
                MetricType.Counter => row.Value >= 0,
                MetricType.Summary => FitsSummary(set, in row),
                MetricType.Histogram or MetricType.GaugeHistogram => FitsHistogram(set, in row, family.Type == MetricType.GaugeHistogram),
                _ => true,
            };
            if (!fits)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The count of a histogram's +Inf bucket, or of the whole if it has none.</summary>
    public static ulong TotalOf(FamilySet set, in MetricRow row) =>
        row.LastPoint >= 0 && double.IsPositiveInfinity(set.Points[row.LastPoint].Bound) ? set.Points[row.LastPoint].Count : row.Count;

    /// <summary>Whether a point has the bound of an earlier one of its metric, so that its line would repeat a sample. Of many points also
    /// those count that are out of order, because comparing all pairs would take too long.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="row">The metric.</param>
    /// <param name="point">Index of the point.</param>
    /// <param name="greatest">The greatest bound so far; NaN before the first point.</param>
    public static bool Repeats(FamilySet set, in MetricRow row, int point, ref double greatest)
    {
        double bound = set.Points[point].Bound;
        if (double.IsNaN(greatest) || bound > greatest)
        {
            greatest = bound;
        }
        else if (row.PointCount > FewPoints)
        {
            return true;
        }

        for (int i = row.PointCount > FewPoints ? point : row.FirstPoint; i != point; i = set.Points[i].Next)
        {
            if (set.Points[i].Bound.Equals(bound) || set.Points[i].Bound == bound)
            {
                return true;
            }
        }

        return false;
    }

    private static bool FitsSummary(FamilySet set, in MetricRow row)
    {
        double last = double.NegativeInfinity;
        bool ascending = true;
        for (int i = row.FirstPoint; i >= 0; i = set.Points[i].Next)
        {
            ref readonly PointRow point = ref set.Points[i];
            if (!(point.Bound is >= 0 and <= 1) || point.Value < 0)
            {
                return false;
            }

            ascending &= point.Bound > last;
            last = point.Bound;
        }

        // In ascending order none comes twice. Any other order is allowed, too, but nobody has more than a few quantiles.
        return row.Value >= 0 && (ascending || (row.PointCount <= FewPoints && AreDistinct(set, in row)));
    }

    private static bool AreDistinct(FamilySet set, in MetricRow row)
    {
        for (int i = row.FirstPoint; i >= 0; i = set.Points[i].Next)
        {
            for (int j = set.Points[i].Next; j >= 0; j = set.Points[j].Next)
            {
                if (set.Points[i].Bound == set.Points[j].Bound)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool FitsHistogram(FamilySet set, in MetricRow row, bool isGauge)
    {
        double lastBound = double.NaN;
        ulong lastCount = 0;
        bool negative = false;
        if (row.CountFloat != 0)
        {
            return false;
        }

        for (int i = row.FirstPoint; i >= 0; i = set.Points[i].Next)
        {
            ref readonly PointRow point = ref set.Points[i];
            if (point.Value != 0 || double.IsNaN(point.Bound) || point.Bound <= lastBound || point.Count < lastCount)
            {
                return false;
            }

            (lastBound, lastCount) = (point.Bound, point.Count);
            negative |= point.Bound < 0;
        }

        bool hasCount = (row.Content & MetricContent.NoCount) == 0;
        bool hasSum = (row.Content & MetricContent.NoSum) == 0;
        if (TotalOf(set, in row) < lastCount || (hasCount && row.Count != TotalOf(set, in row)))
        {
            return false;
        }

        return !(hasCount || hasSum) || (isGauge
            ? !double.IsNaN(row.Value) && (negative || row.Value >= 0)
            : row.Value >= 0 && !negative);
    }
}
