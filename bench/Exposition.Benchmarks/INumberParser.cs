namespace Exposition.Benchmarks;

/// <summary>A candidate that reads numbers; static, so that it is inlined where it is measured.</summary>
internal interface INumberParser
{
    public static abstract double Parse(ReadOnlySpan<byte> text);
}

/// <summary>A candidate that writes numbers.</summary>
internal interface INumberFormatter
{
    public static abstract int Format(double value, Span<byte> output);
}
