using Exposition.Formats;
using Exposition.Formats.Meters;

namespace Exposition.OpenTelemetry.Conversion;

/// <summary>Names of families and labels, by OpenTelemetry's rules for Prometheus.</summary>
/// <param name="escaping">Underscores replace what is not in the old alphabet at once; with others names keep their characters, which are
/// escaped when they are written.</param>
internal sealed class MetricNames(EscapingScheme escaping)
{
    private const string Total = "_total";

    private readonly bool _keeps = escaping != EscapingScheme.Underscores;

    /// <summary>The name of a family.</summary>
    /// <param name="name">The instrument's name.</param>
    /// <param name="unit">Its unit in words, or empty.</param>
    /// <param name="isCounter">Whether it only goes up.</param>
    public string OfFamily(string name, string unit, bool isCounter)
    {
        if (!_keeps)
        {
            return InstrumentNames.OfFamily(name, unit, isCounter);
        }

        string stem = isCounter && name.EndsWith(Total, StringComparison.Ordinal) ? name[..^Total.Length] : name;
        if (unit.Length > 0 && !stem.EndsWith(unit, StringComparison.Ordinal))
        {
            stem = $"{stem}_{unit}";
        }

        return isCounter ? stem + Total : stem;
    }

    /// <summary>The name of an attribute's label.</summary>
    public string OfLabel(string key)
    {
        if (!_keeps)
        {
            return InstrumentNames.OfLabel(key);
        }

        // A colon cannot be told from that of a metric's name in text; two underscores in front are reserved.
        string name = key.Replace(':', '_');
        return name.Length == 0 ? "_" : name.StartsWith("__", StringComparison.Ordinal) ? "_" + name.TrimStart('_') : name;
    }
}
