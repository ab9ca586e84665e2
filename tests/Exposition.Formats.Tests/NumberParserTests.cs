using System.Globalization;
using System.Numerics;
using System.Text;
using Exposition.Formats.Go;
using Exposition.Formats.Numbers;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

public class NumberParserTests
{
    [Fact]
    public void Recorded_strings_are_accepted_and_refused_as_by_the_reference()
    {
        int compared = 0;
        foreach (string line in TextVectors.Lines("oracle_float_parse_go.tsv.gz"))
        {
            string[] columns = line.Split('\t');
            byte[] text = Unquote(columns[0]);
            bool accepted = NumberParser.TryParse(text, out double value);
            Assert.True(accepted == (columns[1] == "1"), line);
            if (accepted)
            {
                AssertSameBits(double.IsNaN(value) ? double.NaN : value, columns[2], line);
            }

            compared++;
        }

        Assert.InRange(compared, 19_000, 20_000);
    }

    [Theory]
    [InlineData("1e400", false)]
    [InlineData("-1e400", false)]
    [InlineData("1.7976931348623157e308", true)]
    [InlineData("1.7976931348623158e308", true)]
    [InlineData("1.7976931348623159e308", false)]
    [InlineData("1e-400", true)]
    [InlineData("0e99999999999999999999", true)]
    [InlineData("1e99999999999999999999", false)]
    [InlineData("1e-99999999999999999999", true)]
    [InlineData("1\0", false)]
    [InlineData("1 ", false)]
    [InlineData(" 1", false)]
    [InlineData("+nan", false)]
    [InlineData("-NaN", false)]
    [InlineData("nAn", true)]
    [InlineData("+iNf", true)]
    [InlineData("-Infinity", true)]
    [InlineData("infi", false)]
    [InlineData("", false)]
    [InlineData("+", false)]
    [InlineData(".", false)]
    [InlineData("+.e1", false)]
    [InlineData("5.", true)]
    [InlineData(".5", true)]
    [InlineData("1e", false)]
    [InlineData("1e+", false)]
    [InlineData("1,0", false)]
    [InlineData("1_000", false)]
    [InlineData("0x10", false)]
    [InlineData("0x1p3", false)]
    [InlineData("1.2.3", false)]
    [InlineData("1e2.5", false)]
    [InlineData("1e2e3", false)]
    [InlineData("12345678/", false)]
    [InlineData("1234567:", false)]
    public void Grammar(string text, bool accepted) =>
        Assert.Equal(accepted, NumberParser.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void Signs_of_zero_and_infinity_are_kept()
    {
        Assert.True(NumberParser.TryParse("-0"u8, out double zero) && double.IsNegative(zero) && zero == 0);
        Assert.True(NumberParser.TryParse("-0e500"u8, out zero) && double.IsNegative(zero) && zero == 0);
        Assert.True(NumberParser.TryParse("-1e-5000"u8, out zero) && double.IsNegative(zero) && zero == 0);
        Assert.True(NumberParser.TryParse("-inf"u8, out double infinity) && double.IsNegativeInfinity(infinity));
    }

    // An oracle that shares nothing with the parser: exact integer arithmetic says which double is nearest.
    [Theory]
    [InlineData("9007199254740993")]
    [InlineData("9007199254740993.0000000000000000000000000000000000000000000000000000000001")]
    [InlineData("9007199254740992.9999999999999999999999999999999999999999999999999999999999")]
    [InlineData("18446744073709551615")]
    [InlineData("0.1000000000000000055511151231257827021181583404541015625")]
    [InlineData("123456789012345678e-30")]
    [InlineData("1234567890123456789e22")]
    [InlineData("2.2250738585072011e-308")]
    [InlineData("2.2250738585072014e-308")]
    [InlineData("4.9406564584124654e-324")]
    [InlineData("2.4703282292062327e-324")]
    [InlineData("2.4703282292062328e-324")]
    [InlineData("8.98846567431158e307")]
    [InlineData("7.2057594037927933e16")]
    [InlineData("00000000000000000000000000000000000012.5")]
    [InlineData("0.00000000000000000000000000000000000000125")]
    public void Rounding_is_exact(string text)
    {
        Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes(text), out double value));
        AssertNearest(text, value);
    }

    [Property(MaxTest = 2000)]
    public void Any_digits_round_exactly(DoNotSize<ulong> size, DoNotSize<uint> more, DoNotSize<short> size10)
    {
        (ulong digits, int power) = (size.Item, size10.Item % 330);
        string text = string.Create(CultureInfo.InvariantCulture, $"{digits % 10}.{digits}{more.Item}e{power}");
        if (NumberParser.TryParse(Encoding.ASCII.GetBytes(text), out double value))
        {
            AssertNearest(text, value);
        }
        else
        {
            Assert.True(power >= 307, text);
        }
    }

    [Fact]
    public void Very_long_numbers_are_read_in_full()
    {
        string zeros = new('0', 5000);
        Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes($"1{zeros}e-5000"), out double value));
        Assert.Equal(1, value);
        Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes($"0.{zeros}125e5000"), out value));
        Assert.Equal(0.125, value);

        // Exactly between two doubles, then a digit far behind the 800th decides.
        string half = BigInteger.Pow(2, 53).ToString(CultureInfo.InvariantCulture)[..^1] + "3";
        Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes($"{half}.{zeros}"), out value));
        Assert.Equal(9007199254740992, value);
        Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes($"{half}.{zeros}1"), out value));
        Assert.Equal(9007199254740994, value);

        // Go reads no more than five digits of an exponent: here 20000 instead of 200000, and so too large a number.
        Assert.False(NumberParser.TryParse(Encoding.ASCII.GetBytes($"1{new string('0', 200_000)}e-200000"), out _));
    }

    [Theory]
    [InlineData("0", true, 0)]
    [InlineData("+5", true, 5)]
    [InlineData("-005", true, -5)]
    [InlineData("9223372036854775807", true, long.MaxValue)]
    [InlineData("9223372036854775808", false, 0)]
    [InlineData("-9223372036854775808", true, long.MinValue)]
    [InlineData("-9223372036854775809", false, 0)]
    [InlineData("18446744073709551616", false, 0)]
    [InlineData("00000000000000000000000000000000001", true, 1)]
    [InlineData("", false, 0)]
    [InlineData("-", false, 0)]
    [InlineData("5.0", false, 0)]
    [InlineData("1_0", false, 0)]
    [InlineData("5\0", false, 0)]
    [InlineData(" 5", false, 0)]
    public void Timestamps(string text, bool accepted, long expected)
    {
        Assert.Equal(accepted, NumberParser.TryParseTimestamp(Encoding.ASCII.GetBytes(text), out long value));
        Assert.Equal(expected, accepted ? value : 0);
    }

    [Theory]
    [InlineData(2.7, 2)]
    [InlineData(0.9, 0)]
    [InlineData(-0.5, 0)]
    [InlineData(-2.0, ulong.MaxValue - 1)]
    [InlineData(double.NaN, 1UL << 63)]
    [InlineData(double.PositiveInfinity, 1UL << 63)]
    [InlineData(double.NegativeInfinity, 1UL << 63)]
    [InlineData(1e30, 1UL << 63)]
    [InlineData(-1e30, 1UL << 63)]
    [InlineData(9223372036854775808.0, 1UL << 63)]
    [InlineData(18446744073709549568.0, 18446744073709549568)]
    [InlineData(18446744073709551616.0, 1UL << 63)]
    [InlineData(-9223372036854775808.0, 1UL << 63)]
    public void Unsigned_conversion_is_that_of_go_on_amd64(double value, ulong expected) =>
        Assert.Equal(expected, GoNumber.ToUInt64(value));

    private static void AssertSameBits(double value, string hex, string message) => Assert.True(
        BitConverter.DoubleToUInt64Bits(value) == ulong.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        || (double.IsNaN(value) && hex.StartsWith("7ff8", StringComparison.Ordinal)),
        message);

    // |text - value| must not exceed the distance to either middle, and may equal it only if value is even. All numbers are scaled by
    // 2^1100 * 10^6000, which makes them whole.
    private static void AssertNearest(string text, double value)
    {
        BigInteger tens = BigInteger.Pow(10, 400);
        int e = text.IndexOf('e', StringComparison.Ordinal);
        int power = e < 0 ? 0 : int.Parse(text[(e + 1)..], CultureInfo.InvariantCulture);
        string mantissa = e < 0 ? text : text[..e];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int fraction = point < 0 ? 0 : mantissa.Length - point - 1;
        BigInteger exact = (BigInteger.Parse(mantissa.Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture)
            * BigInteger.Pow(10, 400 + power - fraction)) << 1100;
        BigInteger middleDown = (Scaled(Math.BitDecrement(value)) + Scaled(value)) * tens / 2;
        BigInteger middleUp = (
            (value == double.MaxValue ? (BigInteger.One << 1024) << 1100 : Scaled(Math.BitIncrement(value))) + Scaled(value)) * tens / 2;
        bool even = (BitConverter.DoubleToUInt64Bits(value) & 1) == 0;
        Assert.True(even ? middleDown <= exact && exact <= middleUp : middleDown < exact && exact < middleUp, $"{text} -> {value:R}");
    }

    private static BigInteger Scaled(double value)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(Math.Abs(value));
        int exponent = (int)(bits >> 52);
        BigInteger mantissa = (bits & ((1UL << 52) - 1)) | (exponent == 0 ? 0 : 1UL << 52);
        return (mantissa << (Math.Max(exponent, 1) - 1075 + 1100)) * Math.Sign(value);
    }

    // The vectors hold Go-quoted strings.
    private static byte[] Unquote(string quoted)
    {
        var bytes = new List<byte>();
        for (int i = 1; i < quoted.Length - 1; i++)
        {
            if (quoted[i] != '\\')
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(quoted[i].ToString()));
                continue;
            }

            char escaped = quoted[++i];
            int digits = escaped switch { 'x' => 2, 'u' => 4, _ => 0 };
            if (digits > 0)
            {
                int value = int.Parse(quoted.AsSpan(i + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                bytes.AddRange(escaped == 'x' ? [(byte)value] : Encoding.UTF8.GetBytes(((char)value).ToString()));
                i += digits;
            }
            else
            {
                int known = "abfnrtv\\\"".IndexOf(escaped, StringComparison.Ordinal);
                bytes.Add("\a\b\f\n\r\t\v\\\""u8[known]);
            }
        }

        return [.. bytes];
    }
}
