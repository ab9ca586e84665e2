using System.Diagnostics.Metrics;

namespace Exposition.Formats.Meters;

/// <summary>The families by name. Whoever comes first has a name, with those that its samples have. Safe for concurrent use.</summary>
internal sealed class FamilyRegistry(int maxFamilies, int maxSeries)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, MeasuredFamily> _families = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MeasuredFamily> _taken = new(StringComparer.Ordinal);
    private MeasuredFamily[]? _all;

    /// <summary>All of them, in the order of their names.</summary>
    public MeasuredFamily[] All
    {
        get
        {
            lock (_lock)
            {
                return _all ??= [.. _families.Values];
            }
        }
    }

    /// <summary>Finds or makes the family of an instrument; null, with the reason, if there is no place for it.</summary>
    public MeasuredFamily? Find(Instrument instrument, out string? reason)
    {
        reason = null;
        if (InstrumentKinds.Of(instrument) is not { } kind)
        {
            reason = $"instruments of type {instrument.GetType()} are not known";
            return null;
        }

        if (string.IsNullOrEmpty(instrument.Name))
        {
            reason = "it has no name";
            return null;
        }

        string unit = UnitNames.Of(instrument.Unit, kind.IsGauge);
        string name = InstrumentNames.OfFamily(instrument.Name, unit, kind.Type == MetricType.Counter);
        string[] names = kind == InstrumentKind.Histogram ? [name, name + "_bucket", name + "_count", name + "_sum"] : [name];
        lock (_lock)
        {
            if (_families.TryGetValue(name, out MeasuredFamily? family) && family.IsOf(instrument, kind))
            {
                return family;
            }

            if (names.FirstOrDefault(_taken.ContainsKey) is { } taken)
            {
                reason = $"its name, {taken}, is taken by the {_taken[taken].Kind} {_taken[taken].Name} of meter {_taken[taken].Meter}";
                return null;
            }

            if (_families.Count >= maxFamilies)
            {
                reason = $"there are {maxFamilies} instruments already";
                return null;
            }

            family = new MeasuredFamily(name, instrument, kind, unit, maxSeries);
            _families.Add(name, family);
            Array.ForEach(names, taking => _taken.Add(taking, family));
            _all = null;
            return family;
        }
    }
}
