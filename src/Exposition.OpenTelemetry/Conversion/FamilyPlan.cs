using OpenTelemetry.Metrics;
using FamilyType = Exposition.Formats.MetricType;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>A family with the instruments that are in it: of one name and type, from one meter or several.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Unit">Its unit, if the name ends in it; else empty.</param>
/// <param name="First">The instrument that it has the help text and the name of.</param>
internal sealed record FamilyPlan(string Name, FamilyType Type, string Unit, Metric First)
{
    public List<Metric> Metrics { get; } = [First];

    /// <summary>The keys of the series that have been written.</summary>
    public HashSet<string> Series { get; } = new(StringComparer.Ordinal);
}
