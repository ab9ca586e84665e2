using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>What nearly all own families are: counters and gauges.</summary>
internal static class FamilySetExtensions
{
    /// <summary>Adds a counter without labels.</summary>
    public static void AddCounter(this FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double value) =>
        into.AddSample(into.AddFamily(name, MetricType.Counter, help), value);

    /// <summary>Adds a gauge without labels.</summary>
    public static void AddGauge(this FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double value) =>
        into.AddSample(into.AddFamily(name, MetricType.Gauge, help), value);

    /// <summary>Adds a sample to a family that was added last; its labels follow.</summary>
    public static void AddSample(this FamilySet into, int family, double value)
    {
        int metric = into.AddMetric(family);
        into.Metrics[metric].Content =
            into.Families[family].Type == MetricType.Counter ? MetricContent.Counter : MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }
}
