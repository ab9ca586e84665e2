using Exposition.Formats.Otlp;

namespace Exposition.Formats.Translation;

/// <summary>A family with the series that it will have.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Mode">What becomes of its points.</param>
/// <param name="Data">The kind of its points.</param>
/// <param name="Help">What it means; that of its first metric.</param>
/// <param name="Unit">Its unit, if the name ends in it; else empty.</param>
internal sealed record FamilyPlan(string Name, MetricType Type, PointsMode Mode, OtlpData Data, string Help, string Unit)
{
    private readonly Dictionary<string, SeriesPlan> _byKey = new(StringComparer.Ordinal);

    /// <summary>In the order in which they came.</summary>
    public List<SeriesPlan> Series { get; } = [];

    /// <summary>Adds a point.</summary>
    /// <param name="point">It.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="key">Equal for equal labels only.</param>
    /// <returns>Why it was not taken; null if it was.</returns>
    public string? Add(OtlpPoint point, TextRef place, Label[] labels, string key)
    {
        if (_byKey.TryGetValue(key, out SeriesPlan? series))
        {
            return Mode switch
            {
                PointsMode.Add => series.AddDelta(point, place),
                PointsMode.Cumulative => series.AddTotal(point, place),
                _ => series.AddLast(point, place),
            };
        }

        series = new SeriesPlan(labels, point, place);
        _byKey.Add(key, series);
        Series.Add(series);
        return null;
    }
}
