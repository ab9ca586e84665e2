using System.Text;
using Exposition.Formats.Numbers;

namespace Exposition.Formats;

/// <summary>
/// Numbers as expositions write them: the rules of the Pushgateway, that is, of Go's strconv. All methods are pure and thread
/// safe; those on spans allocate nothing.
/// </summary>
/// <example>
/// <code>
/// Assert.True(ExpositionNumber.TryParse("+Inf"u8, out double bound));
/// Assert.Equal("1e+06", ExpositionNumber.ToString(1_000_000));
/// </code>
/// </example>
public static class ExpositionNumber
{
    /// <summary>The most bytes that <see cref="Format"/> writes.</summary>
    public const int MaxLength = NumberFormatter.MaxLength;

    /// <summary>
    /// Reads a whole text as a number, correctly rounded: decimal digits with an optional point and exponent, <c>Inf</c> and
    /// <c>Infinity</c> with an optional sign and <c>NaN</c> without one, in any case. Hexadecimal, underscores, blanks, and numbers beyond
    /// the largest double are refused.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value) => NumberParser.TryParse(text, out value);

    /// <summary>
    /// Writes the shortest decimal that reads back as the same number, with an exponent of at least two digits if the first digit's is
    /// below -4 or above 5 (<c>100000</c>, <c>1e+06</c>, <c>0.0001</c>, <c>1e-05</c>), and <c>NaN</c>, <c>+Inf</c>, <c>-Inf</c>. Negative
    /// zero is <c>0</c>, as in the text format.
    /// </summary>
    /// <param name="value">Any number.</param>
    /// <param name="destination">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public static int Format(double value, Span<byte> destination) => NumberFormatter.Format(value, destination);

    /// <summary>The same as text, but with the sign of negative zero, as in the Pushgateway's JSON.</summary>
    public static string ToString(double value)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        return Encoding.ASCII.GetString(text[..NumberFormatter.Format(value, text, keepZeroSign: true)]);
    }
}
