using System.Numerics;
using System.Text;
using Exposition.Formats.Numbers;
using Exposition.Formats.Tests.Oracles;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The number parser and formatter, judged by <see cref="ExactNumber"/> (whole numbers of any size, no floating point). Promises:
/// a text is accepted and refused by the grammar and means the nearest double; the last eight bytes as a double, and every
/// double that was read, are written shortest, nearest, laid out as the reference does, and read back bit for bit; timestamps
/// are whole numbers of 64 bits.
/// </summary>
internal sealed class NumbersTarget : IFuzzTarget
{
    public string Name => "numbers";

    public IEnumerable<byte[]> Seeds => new[]
    {
        "0", "-0", "1.5", "+.5", "5.", "1e5", "1E-5", "-1.5e+10", "NaN", "+Inf", "-infinity", "9007199254740993", "1.7976931348623158e308",
        "4.9406564584124654e-324", "2.2250738585072011e-308", "123456789012345678901234567890", "0.1000000000000000055511151231257827",
        "9223372036854775808", "-9223372036854775808", "0x1p3", "1_0", "1e400",
    }.Select(Encoding.ASCII.GetBytes);

    public IReadOnlyList<byte[]> Dictionary { get; } = [.. new[]
    {
        "e-3", "E+30", ".", "00000000", "99999999", "12345678", "5000000000000000", "inf", "infinity", "nan", "+", "-", "e-308", "e308",
            "e-324", "e22", "e-22",
    }.Select(Encoding.ASCII.GetBytes)];

    public void Run(byte[] input)
    {
        // Long enough for every rule; exact arithmetic grows with the square.
        var text = input.AsSpan(0, Math.Min(input.Length, 1200));
        var accepted = NumberParser.TryParse(text, out var value);
        var expected = ExactNumber.TryParse(text, out var exact);
        if (accepted != expected || (accepted && !Same(value, exact)))
        {
            throw new BrokenPromiseException(
                $"{Encoding.Latin1.GetString(text)}: parsed {accepted} {value:R}, exactly {expected} {exact:R}");
        }

        AssertTimestamp(text);
        if (accepted)
        {
            AssertWritten(value);
        }

        if (input.Length >= 8)
        {
            AssertWritten(BitConverter.ToDouble(input.AsSpan(input.Length - 8)));
        }
    }

    private static bool Same(double one, double other) =>
        BitConverter.DoubleToUInt64Bits(one) == BitConverter.DoubleToUInt64Bits(other) || (double.IsNaN(one) && double.IsNaN(other));

    private static void AssertWritten(double value)
    {
        Span<byte> buffer = stackalloc byte[NumberFormatter.MaxLength];
        var written = buffer[..NumberFormatter.Format(value, buffer, keepZeroSign: true)];
        if (ExactNumber.Complaint(value, Encoding.ASCII.GetString(written)) is { } complaint)
        {
            throw new BrokenPromiseException(
                $"{BitConverter.DoubleToUInt64Bits(value):x16} is written {Encoding.ASCII.GetString(written)}: {complaint}");
        }

        if (!NumberParser.TryParse(written, out var read) || !Same(read, value))
        {
            throw new BrokenPromiseException(
                $"{BitConverter.DoubleToUInt64Bits(value):x16} is written {Encoding.ASCII.GetString(written)} and read {read:R}");
        }
    }

    private static void AssertTimestamp(ReadOnlySpan<byte> text)
    {
        var accepted = NumberParser.TryParseTimestamp(text, out var value);
        var digits = text.TrimStart("+-"u8);
        var expected = digits.Length > 0 && text.Length - digits.Length <= 1 && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9');
        var exact = BigInteger.Zero;
        foreach (var digit in expected ? digits : default)
        {
            exact = (exact * 10) + digit - '0';
        }

        exact = text.StartsWith("-"u8) ? -exact : exact;
        expected &= exact >= long.MinValue && exact <= long.MaxValue;
        if (accepted != expected || (accepted && value != exact))
        {
            throw new BrokenPromiseException(
                $"timestamp {Encoding.Latin1.GetString(text)}: parsed {accepted} {value}, exactly {expected} {exact}");
        }
    }
}
