using System.Buffers;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

/// <summary>What is to be kept of families beside their text.</summary>
internal static class TextTraits
{
    private const ulong ExactInText = 1UL << 53;

    private static readonly SearchValues<byte> s_legacy = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"u8);

    /// <summary>
    /// Whether text alone would lose something of a family: float against integer counts, a missing +Inf bucket, -0 and the like.
    /// </summary>
    public static bool NeedsSidecar(FamilySet set, int family)
    {
        ref FamilyRow row = ref set.Families[family];
        bool histogram = row.Type is MetricType.Histogram or MetricType.GaugeHistogram;
        if (row.Type == MetricType.GaugeHistogram && row.MetricCount > 0)
        {
            return true;
        }

        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            ref MetricRow m = ref set.Metrics[metric];
            MetricContent kinds = m.Content & MetricContent.Kinds;
            if ((m.Content & (MetricContent.FloatCounts | MetricContent.NativeHistogram | MetricContent.OnlyInRaw)) != 0
                || (kinds & (kinds - 1)) != 0
                || (m.Value == 0 && double.IsNegative(m.Value))
                || m.Count > ExactInText
                || (histogram && (m.Content & MetricContent.InfBucket) == 0)
                || (!m.Raw.IsEmpty && HasColonLabel(set, metric)))
            {
                return true;
            }

            for (int point = m.FirstPoint; point >= 0; point = set.Points[point].Next)
            {
                ref PointRow p = ref set.Points[point];
                if (double.IsNaN(p.Bound) || p.Count > ExactInText || (p.Value == 0 && double.IsNegative(p.Value))
                    || (p.Bound == 0 && double.IsNegative(p.Bound)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>What text does not say of a family, and what must be done to it in other languages.</summary>
    public static FamilyTraits Of(FamilySet set, int family, MetricContent absent) =>
        (HasEscapedNames(set, family) ? FamilyTraits.EscapedNames : 0)
            | ((absent & MetricContent.NoCount) != 0 ? FamilyTraits.NoCounts : 0)
            | ((absent & MetricContent.NoSum) != 0 ? FamilyTraits.NoSums : 0);

    /// <summary>
    /// What all metrics of a family lack is a trait of the family. Where only some lack it, only the sidecar can say which.
    /// </summary>
    public static bool TryGetAbsent(FamilySet set, int family, out MetricContent absent)
    {
        const MetricContent Parts = MetricContent.NoCount | MetricContent.NoSum;
        (MetricContent all, MetricContent any) = (Parts, MetricContent.None);
        for (int metric = set.Families[family].FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            MetricContent content = set.Metrics[metric].Content;
            all &= content;
            any |= content;
        }

        absent = all & any;
        return all == (any & Parts);
    }

    private static bool HasColonLabel(FamilySet set, int metric)
    {
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)set.LabelsOf(metric))
        {
            if (set.Text(label.Name).Contains((byte)':'))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasEscapedNames(FamilySet set, int family)
    {
        ref FamilyRow row = ref set.Families[family];
        if (!IsLegacy(set.Text(row.Name)))
        {
            return true;
        }

        // Names that are the same reference as in the metric before have been looked at.
        ReadOnlySpan<LabelRow> seen = [];
        for (int metric = row.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
        {
            ReadOnlySpan<LabelRow> labels = set.LabelsOf(metric);
            for (int i = 0; i < labels.Length; i++)
            {
                if ((i >= seen.Length || seen[i].Name != labels[i].Name) && !IsLegacy(set.Text(labels[i].Name)))
                {
                    return true;
                }
            }

            seen = labels;
        }

        return false;
    }

    private static bool IsLegacy(ReadOnlySpan<byte> name) => !name.ContainsAnyExcept(s_legacy) && !char.IsAsciiDigit((char)name[0]);
}
