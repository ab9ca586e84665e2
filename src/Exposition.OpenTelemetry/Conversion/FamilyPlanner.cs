using Exposition.Formats.Meters;
using Exposition.OpenTelemetry.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using FamilyType = Exposition.Formats.MetricType;
using PointType = OpenTelemetry.Metrics.MetricType;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>
/// Finds the families of a batch, in the order of their first instruments. Who comes first has a name: an instrument of another type is
/// left out, so that the gateway does not refuse all.
/// </summary>
internal static class FamilyPlanner
{
    private const string Total = "_total";

    public static IEnumerable<FamilyPlan> Plan(in Batch<Metric> batch, MetricNames names, Notices notices)
    {
        var plans = new List<FamilyPlan>();
        var byName = new Dictionary<string, FamilyPlan>(StringComparer.Ordinal);
        foreach (Metric metric in batch)
        {
            FamilyType type = TypeOf(metric.MetricType);
            bool isCounter = type == FamilyType.Counter;
            bool isGauge = metric.MetricType is PointType.LongGauge or PointType.DoubleGauge;
            string unit = UnitNames.Of(metric.Unit, isGauge);
            string name = names.OfFamily(metric.Name, unit, isCounter);
            if (!byName.TryGetValue(name, out FamilyPlan? plan))
            {
                string stem = isCounter ? name[..^Total.Length] : name;
                string shown = unit.Length > 0 && stem.EndsWith("_" + unit, StringComparison.Ordinal) ? unit : "";
                plan = new FamilyPlan(name, type, shown, metric);
                byName.Add(name, plan);
                plans.Add(plan);
            }
            else if (plan.Type != type)
            {
                notices.LeftOut(metric.MeterName, metric.Name,
                    $"nothing is pushed: its name {name} is that of the {plan.Type} {plan.First.MeterName}/{plan.First.Name}, "
                        + $"and it is a {type}");
            }
            else
            {
                plan.Metrics.Add(metric);
                if (metric.Description != plan.First.Description)
                {
                    notices.LeftOut(metric.MeterName, metric.Name,
                        $"the description is left out: the family {name} has that of {plan.First.MeterName}/{plan.First.Name}");
                }
            }
        }

        return plans;
    }

    private static FamilyType TypeOf(PointType type) => type switch
    {
        PointType.LongSum or PointType.DoubleSum => FamilyType.Counter,
        PointType.Histogram or PointType.ExponentialHistogram => FamilyType.Histogram,
        _ => FamilyType.Gauge,
    };
}
