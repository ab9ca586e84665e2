using Exposition.Formats;

namespace Exposition.Engine.Repeats;

/// <summary>Which lines of a block get another value, and what it is.</summary>
internal interface ILineDigits
{
    /// <summary>The length of a line's new value, or 0 where it keeps the one it has.</summary>
    public int CountOf(int line);

    /// <summary>The new value.</summary>
    /// <param name="line">The line.</param>
    /// <param name="length">What <see cref="CountOf"/> says of it.</param>
    public ReadOnlySpan<byte> Of(int line, int length);
}

/// <summary>Lines get the values of a body.</summary>
/// <param name="source">Which value each line shows; a negative number for none.</param>
/// <param name="counts">The length of each value's digits, 0 where it has not changed.</param>
/// <param name="digits">The digits.</param>
internal readonly struct ValueDigits(int[] source, byte[] counts, byte[] digits) : ILineDigits
{
    public int CountOf(int line)
    {
        int value = source[line];
        return value < 0 ? 0 : counts[value];
    }

    public ReadOnlySpan<byte> Of(int line, int length) => digits.AsSpan(source[line] * ExpositionNumber.MaxLength, length);
}
