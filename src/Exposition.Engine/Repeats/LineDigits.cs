using Exposition.Formats;

namespace Exposition.Engine.Repeats;

/// <summary>Which lines of a block get another value, and what it is.</summary>
internal interface ILineDigits
{
    /// <summary>The length of a line's new value, or 0 where it keeps the one it has.</summary>
    public int CountOf(int line);

    /// <summary>The new value.</summary>
    public ReadOnlySpan<byte> Of(int line);
}

/// <summary>Lines get the values of a body.</summary>
/// <param name="source">Which value each line shows; a negative number for none.</param>
/// <param name="counts">The length of each value's digits, 0 where it has not changed.</param>
/// <param name="digits">The digits.</param>
internal readonly struct ValueDigits(int[] source, byte[] counts, byte[] digits) : ILineDigits
{
    public int CountOf(int line) => source[line] < 0 ? 0 : counts[source[line]];

    public ReadOnlySpan<byte> Of(int line) => digits.AsSpan(source[line] * ExpositionNumber.MaxLength, CountOf(line));
}
