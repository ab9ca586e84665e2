using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>Samples of own families whose labels follow, from UTF-8.</summary>
internal static class FamilySetExtensions
{
    /// <summary>Adds a sample to a family that was added last; its labels follow.</summary>
    public static void AddSample(this FamilySet into, int family, double value)
    {
        int metric = into.AddMetric(family);
        into.Metrics[metric].Content =
            into.Families[family].Type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }
}
