namespace Exposition.Formats;

/// <summary>Something of a meter that a <see cref="MeterSource"/> does not show, and why.</summary>
/// <param name="Meter">The name of the meter; empty where it is not known.</param>
/// <param name="Instrument">The name of the instrument; empty where it is not known.</param>
/// <param name="Reason">Why, in words for a log.</param>
public readonly record struct MeterNotice(string Meter, string Instrument, string Reason)
{
    /// <summary>One line with all of it.</summary>
    public override string ToString() => Meter.Length == 0 && Instrument.Length == 0 ? Reason : $"{Meter}/{Instrument}: {Reason}";
}
