using Exposition.Engine.Ingest;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Takes a family of a source over, if it keeps the rules that a pushed one must keep.</summary>
internal static class SourceCopy
{
    /// <summary>Why a family cannot be exposed, or null. Puts its metrics in order.</summary>
    public static string? Error(FamilySet set, int family, SeriesOrder order) =>
        PushRules.FamilyError(set, family) ?? PushRules.MetricsError(set, family, order);

    /// <summary>Adds a copy of a family to <paramref name="into"/>, without timestamps.</summary>
    public static void Add(FamilySet from, int family, FamilySet into)
    {
        FamilyRow row = from.Families[family];
        ReadOnlySpan<byte> name = from.Text(row.Name);
        int copy = row.HasHelp ? into.AddFamily(name, row.Type, from.Text(row.Help)) : into.AddFamily(into.AddText(name), row.Type);
        into.Families[copy].Unit = into.AddText(from.Text(row.Unit));
        for (int metric = row.FirstMetric; metric >= 0; metric = from.Metrics[metric].Next)
        {
            AddMetric(from, metric, into, copy);
        }
    }

    private static void AddMetric(FamilySet from, int metric, FamilySet into, int family)
    {
        MetricRow row = from.Metrics[metric];
        int copy = into.AddMetric(family);
        foreach (ref readonly LabelRow label in (ReadOnlySpan<LabelRow>)from.LabelsOf(metric))
        {
            into.AddLabel(from.Text(label.Name), from.Text(label.Value));
        }

        for (int point = row.FirstPoint; point >= 0; point = from.Points[point].Next)
        {
            PointRow bound = from.Points[point];
            into.AddPoint(copy, bound.Bound, bound.Value, bound.Count);
        }

        ref MetricRow target = ref into.Metrics[copy];
        target.Content = row.Content & ~MetricContent.Timestamp;
        (target.Value, target.Count, target.CountFloat) = (row.Value, row.Count, row.CountFloat);
        target.Raw = into.AddText(from.Text(row.Raw));
    }
}
