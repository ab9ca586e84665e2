namespace Exposition.Formats.Go;

/// <summary>Number conversions as the Pushgateway's compiler does them.</summary>
internal static class GoNumber
{
    private const double TwoPow63 = 9_223_372_036_854_775_808.0;

    /// <summary>2^64, the first that does not fit.</summary>
    public const double TwoPow64 = 2 * TwoPow63;

    /// <summary>Go's <c>uint64(value)</c> on amd64, which the language leaves open: fractions are cut off, negative numbers wrap around,
    /// and what does not fit (also NaN) becomes 2^63. The framework saturates instead.</summary>
    public static ulong ToUInt64(double value) => value switch
    {
        >= TwoPow63 and < TwoPow64 => (ulong)value,
        > -TwoPow63 and < TwoPow63 => (ulong)(long)value,
        _ => 1UL << 63,
    };
}
