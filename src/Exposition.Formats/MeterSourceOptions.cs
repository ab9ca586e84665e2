using System.Globalization;
using Exposition.Formats.Meters;

namespace Exposition.Formats;

/// <summary>Which meters a <see cref="MeterSource"/> listens to, and its limits. Read when the source is made.</summary>
public sealed class MeterSourceOptions
{
    /// <summary>
    /// Names of meters, or their beginnings with an asterisk at the end (<c>MyApp.*</c>; <c>*</c> for all). Case does not matter. Default:
    /// empty, which is an error when the source is made, as is an empty name.
    /// </summary>
    public IList<string> Meters { get; } = [];

    /// <summary>
    /// How many sets of labels an instrument may have. What is beyond is added up in one series with the label
    /// <c>otel_metric_overflow="true"</c>. Default: 2,000. 0 and less are an error when the source is made.
    /// </summary>
    public int MaxSeriesPerInstrument { get; set; } = 2000;

    /// <summary>
    /// How many instruments are listened to. Those beyond are left out, and reported. Default: 2,000. 0 and less are an error when the
    /// source is made.
    /// </summary>
    public int MaxInstruments { get; set; } = 2000;

    /// <summary>
    /// Told of each instrument that is left out, where it was made, and of observables that threw, at each collection. May be called by
    /// several threads at once; it must be quick, must not throw, and must not make instruments. Default: null, which tells nobody.
    /// </summary>
    public Action<MeterNotice>? Report { get; set; }

    internal IEnumerable<string> Faults()
    {
        if (Meters.Count == 0)
        {
            yield return $"{nameof(Meters)} is empty: expected names such as \"MyApp\" or \"MyApp.*\"";
        }

        foreach (string meter in Meters.Where(static meter => !MeterPatterns.IsPattern(meter)))
        {
            yield return $"{nameof(Meters)} has \"{meter}\": expected a name, or its beginning with an asterisk at the end: \"MyApp.*\"";
        }

        foreach ((string name, int value) in new[]
        {
            (nameof(MaxSeriesPerInstrument), MaxSeriesPerInstrument), (nameof(MaxInstruments), MaxInstruments),
        })
        {
            if (value < 1)
            {
                yield return string.Create(CultureInfo.InvariantCulture, $"{name} is {value}: expected at least 1");
            }
        }
    }
}
