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
}
