namespace Exposition.Formats.Text;

/// <summary>What a sample line feeds.</summary>
internal enum SamplePart : byte
{
    /// <summary>A scalar, a quantile or a bucket.</summary>
    Point,

    Sum,
    Count,

    /// <summary>A bucket by its name; one without a bound stores nothing.</summary>
    Bucket,
}

/// <summary>The suffixes of sample names that belong to a summary or a histogram.</summary>
internal static class Suffixes
{
    /// <summary>The part that the end of a name stands for; a name that is nothing but a suffix has none.</summary>
    public static SamplePart Find(ReadOnlySpan<byte> name, out int suffixLength)
    {
        (suffixLength, SamplePart part) = name switch
        {
            [_, .., (byte)'_', (byte)'s', (byte)'u', (byte)'m'] => (4, SamplePart.Sum),
            [_, .., (byte)'_', (byte)'c', (byte)'o', (byte)'u', (byte)'n', (byte)'t'] => (6, SamplePart.Count),
            [_, .., (byte)'_', (byte)'b', (byte)'u', (byte)'c', (byte)'k', (byte)'e', (byte)'t'] => (7, SamplePart.Bucket),
            _ => (0, SamplePart.Point),
        };
        return part;
    }

    /// <summary>Whether a family has such a part.</summary>
    public static bool Folds(in FamilyRow family, SamplePart part) => family.Type switch
    {
        MetricType.Summary => part != SamplePart.Bucket,
        MetricType.Histogram or MetricType.GaugeHistogram => true,
        _ => false,
    };
}
