using System.Text;
using Exposition.Formats;
using Prometheus;

namespace Exposition.Benchmarks;

/// <summary>The .NET client that nearly everybody uses, as baseline.</summary>
internal static class PrometheusNet
{
    /// <summary>A registry with the gauges of a set.</summary>
    public static CollectorRegistry Registry(FamilySet set)
    {
        var registry = Metrics.NewCustomRegistry();
        var factory = Metrics.WithCustomRegistry(registry);
        foreach (ref readonly var family in set.Families)
        {
            var names = Texts(set, family.FirstMetric, name: true);
            var gauge = factory.CreateGauge(
                Encoding.UTF8.GetString(set.Text(family.Name)), Encoding.UTF8.GetString(set.Text(family.Help)), names);
            for (var metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                gauge.WithLabels(Texts(set, metric, name: false)).Set(set.Metrics[metric].Value);
            }
        }

        return registry;
    }

    private static string[] Texts(FamilySet set, int metric, bool name) =>
        [.. set.LabelsOf(metric).ToArray().Select(label => Encoding.UTF8.GetString(set.Text(name ? label.Name : label.Value)))];
}
