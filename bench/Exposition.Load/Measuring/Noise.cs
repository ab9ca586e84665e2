namespace Exposition.Load.Measuring;

/// <summary>What else went on while something was measured.</summary>
/// <param name="Foreign">Work of programs that are neither the server nor the generator, in processors; null: not known.</param>
/// <param name="Steal">Time that the host gave to others, in processors; null: not known.</param>
/// <param name="Generator">The share of its processors that the generator used.</param>
/// <param name="Seconds">How long it was looked at.</param>
internal readonly record struct Noise(double? Foreign, double? Steal, double Generator, double Seconds)
{
    /// <summary>Of several stretches of time.</summary>
    public static Noise Of(IReadOnlyCollection<Noise> parts)
    {
        double seconds = parts.Sum(static part => part.Seconds);
        return new Noise(
            parts.Any(static part => part.Foreign is null) ? null : parts.Sum(static part => part.Foreign * part.Seconds) / seconds,
            parts.Any(static part => part.Steal is null) ? null : parts.Sum(static part => part.Steal * part.Seconds) / seconds,
            parts.Sum(static part => part.Generator * part.Seconds) / seconds,
            seconds);
    }
}
