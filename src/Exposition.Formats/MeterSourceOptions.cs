namespace Exposition.Formats;

/// <summary>Which meters a <see cref="MeterSource"/> listens to, and its limits. Read when the source is made.</summary>
public sealed class MeterSourceOptions
{
    /// <summary>
    /// Names of meters, or their beginnings with an asterisk at the end (<c>MyApp.*</c>; <c>*</c> for all). Case does not matter. None by
    /// default, which is an error.
    /// </summary>
    public IList<string> Meters { get; } = [];

    /// <summary>
    /// How many sets of labels an instrument may have; by default 2,000. What is beyond is added up in one series with the label
    /// <c>otel_metric_overflow="true"</c>.
    /// </summary>
    public int MaxSeriesPerInstrument { get; set; } = 2000;

    /// <summary>How many instruments are listened to; by default 2,000. Those beyond are left out, and reported.</summary>
    public int MaxInstruments { get; set; } = 2000;

    /// <summary>
    /// Told of each instrument that is left out, where it was made, and of observables that threw, at each collection. May be called by
    /// several threads at once; it must be quick, must not throw, and must not make instruments.
    /// </summary>
    public Action<MeterNotice>? Report { get; set; }
}
