namespace Exposition.Formats.Protobuf;

// Prometheus has the bounds between 1/2 and 1 as a table whose last digits are not always the nearest double, and prints them, so they
// must be the same. The table follows a rule: of schema s, the even entries are those of schema s-1, and an odd entry is its left
// neighbour times 2^(2^-s). With the factors below (that of schema 1 is one unit in the last place low) the rule gives all 256 entries.

/// <summary>The bucket bounds of native histograms.</summary>
internal static class ExponentialBounds
{
    public const int MaxSchema = 8;

    private static readonly double[] s_bounds = Build();

    /// <summary>The upper bound of a bucket. The last one before the overflow bucket is the largest finite number.</summary>
    /// <param name="index">The bucket's index; a bound out of the range of double becomes infinite or zero.</param>
    /// <param name="schema">-4 to 8.</param>
    public static double At(long index, int schema)
    {
        double fraction = 0.5;
        long exponent;
        if (schema < 0)
        {
            exponent = (index << -schema) + 1;
        }
        else
        {
            long position = index & ((1L << schema) - 1);
            fraction = s_bounds[position << (MaxSchema - schema)];
            exponent = (index >> schema) + 1;
        }

        return fraction == 0.5 && exponent == 1025
            ? double.MaxValue
            : Math.ScaleB(fraction, (int)Math.Clamp(exponent, -10_000, 10_000));
    }

    private static double[] Build()
    {
        ReadOnlySpan<double> factors =
        [
            1.414213562373095, 1.189207115002721, 1.0905077326652577, 1.0442737824274138,
            1.0218971486541166, 1.0108892860517005, 1.0054299011128027, 1.0027112750502025,
        ];
        var bounds = new double[1 << MaxSchema];
        bounds[0] = 0.5;
        for (int schema = 1; schema <= MaxSchema; schema++)
        {
            int step = 1 << (MaxSchema - schema);
            for (int i = step; i < bounds.Length; i += 2 * step)
            {
                bounds[i] = bounds[i - step] * factors[schema - 1];
            }
        }

        return bounds;
    }
}
