using System.Globalization;
using System.Numerics;
using System.Text;
using Exposition.Formats.Numbers;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

public class NumberFormatterTests
{
    [Fact]
    public void Recorded_numbers_are_written_as_by_the_reference()
    {
        int compared = 0;
        foreach (string line in TextVectors.Lines("oracle_float_format_go_g.tsv.gz"))
        {
            string[] columns = line.Split('\t');
            double value = BitConverter.UInt64BitsToDouble(ulong.Parse(columns[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            Assert.Equal(columns[1], Format(value, keepZeroSign: true));
            compared++;
        }

        Assert.InRange(compared, 9_000, 10_000);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(-1, "-1")]
    [InlineData(1.5, "1.5")]
    [InlineData(1000, "1000")]
    [InlineData(123456, "123456")]
    [InlineData(999999, "999999")]
    [InlineData(606176, "606176")]
    [InlineData(1e6, "1e+06")]
    [InlineData(-1e6, "-1e+06")]
    [InlineData(1234567, "1.234567e+06")]
    [InlineData(123456789, "1.23456789e+08")]
    [InlineData(123456.5, "123456.5")]
    [InlineData(1234567.5, "1.2345675e+06")]
    [InlineData(1e21, "1e+21")]
    [InlineData(0.1, "0.1")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00012, "0.00012")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1700000000.123, "1.700000000123e+09")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(-2.2250738585072014e-308, "-2.2250738585072014e-308")]
    [InlineData(2.9802322387695312e-08, "2.9802322387695312e-08")]
    [InlineData(9007199254740992, "9.007199254740992e+15")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    public void Layout(double value, string expected) => Assert.Equal(expected, Format(value));

    [Fact]
    public void Only_json_keeps_the_sign_of_zero()
    {
        Assert.Equal("-0", Format(-0.0, keepZeroSign: true));
        Assert.Equal("0", Format(-0.0));
        Assert.Equal("0", Format(0.0, keepZeroSign: true));
    }

    [Theory]
    [InlineData(0UL, "0")]
    [InlineData(12345678UL, "1.2345678e+07")]
    [InlineData(ulong.MaxValue, "1.8446744073709552e+19")]
    public void Counts_look_like_floats(ulong value, string expected)
    {
        Span<byte> text = stackalloc byte[NumberFormatter.MaxLength];
        Assert.Equal(expected, Encoding.ASCII.GetString(text[..NumberFormatter.Format(value, text)]));
    }

    [Property(MaxTest = 20_000)]
    public void What_is_written_reads_back_bit_for_bit(DoNotSize<ulong> bits) =>
        AssertRoundTrip(BitConverter.UInt64BitsToDouble(bits.Item));

    // Every power of two and its neighbours: where the lower neighbour is nearer, and where .NET 10.0's own formatting goes wrong.
    [Fact]
    public void Powers_of_two_and_ten_are_shortest_and_read_back()
    {
        for (int exponent = -1074; exponent <= 1023; exponent++)
        {
            double power = Math.ScaleB(1, exponent);
            AssertShortest(power);
            AssertRoundTrip(Math.BitIncrement(power));
            AssertRoundTrip(Math.BitDecrement(power));
        }

        for (int exponent = -323; exponent <= 308; exponent++)
        {
            Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes($"1e{exponent}"), out double power));
            string expected = exponent switch
            {
                >= 0 and <= 5 => "1" + new string('0', exponent),
                < 0 and >= -4 => "0." + new string('0', -exponent - 1) + "1",
                _ => string.Create(CultureInfo.InvariantCulture, $"1e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}"),
            };
            Assert.Equal(expected, Format(power));
        }
    }

    [Property(MaxTest = 3000)]
    public void Random_numbers_are_shortest(DoNotSize<ulong> bits) =>
        AssertShortest(Math.Abs(BitConverter.UInt64BitsToDouble(bits.Item)));

    [Property(MaxTest = 3000)]
    public void Everyday_numbers_are_shortest(DoNotSize<int> whole, byte decimals) =>
        AssertShortest(Math.Abs(whole.Item / Math.Pow(10, decimals % 12)));

    [Fact]
    public void Computed_powers_of_ten_are_the_true_ones_rounded_up()
    {
        for (int k = PowersOfTen.Min; k <= PowersOfTen.Max; k++)
        {
            UInt128 power = PowersOfTen.Get(k);
            Assert.True(power >> 127 == 1);
            BigInteger numerator = k >= 0 ? BigInteger.Pow(10, k) : BigInteger.One << 1200;
            BigInteger denominator = k >= 0 ? 1 : BigInteger.Pow(10, -k);
            int scale = (int)(BigInteger.Divide(numerator, denominator).GetBitLength() - 128);
            BigInteger unit = scale >= 0 ? denominator << scale : denominator;
            numerator = scale >= 0 ? numerator : numerator << -scale;
            BigInteger expected = BigInteger.DivRem(numerator, unit, out BigInteger rest) + (rest.IsZero ? 0 : 1);
            Assert.Equal(expected, (BigInteger)power);
        }
    }

    private static string Format(double value, bool keepZeroSign = false)
    {
        Span<byte> text = stackalloc byte[NumberFormatter.MaxLength];
        return Encoding.ASCII.GetString(text[..NumberFormatter.Format(value, text, keepZeroSign)]);
    }

    private static void AssertRoundTrip(double value)
    {
        string text = Format(value, keepZeroSign: true);
        Assert.True(NumberParser.TryParse(Encoding.ASCII.GetBytes(text), out double read), text);
        Assert.True(
            BitConverter.DoubleToUInt64Bits(read) == BitConverter.DoubleToUInt64Bits(value) || (double.IsNaN(value) && double.IsNaN(read)),
            text);
    }

    // No decimal with one digit less reads back: it would be one of the two around the value at that precision. And of the decimals with as
    // many digits the neighbours are farther away.
    private static void AssertShortest(double value)
    {
        if (!double.IsFinite(value) || value == 0)
        {
            return;
        }

        AssertRoundTrip(value);
        ShortestDecimal.Find(value, out ulong digits, out int exponent);
        while (digits % 10 == 0)
        {
            (digits, exponent) = (digits / 10, exponent + 1);
        }

        if (digits >= 10)
        {
            Assert.NotEqual(value, Read(digits / 10, exponent + 1));
            Assert.NotEqual(value, Read((digits / 10) + 1, exponent + 1));
        }

        BigInteger distance = Distance(value, digits, exponent);
        Assert.True(distance <= Distance(value, digits - 1, exponent) || Read(digits - 1, exponent) != value);
        Assert.True(distance <= Distance(value, digits + 1, exponent) || Read(digits + 1, exponent) != value);
    }

    private static double Read(ulong digits, int exponent) =>
        NumberParser.TryParse(
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{digits}e{exponent}")), out double value)
            ? value
            : double.PositiveInfinity;

    // |value - digits * 10^exponent|, scaled to whole numbers.
    private static BigInteger Distance(double value, ulong digits, int exponent)
    {
        ulong bits = BitConverter.DoubleToUInt64Bits(value);
        int biased = (int)(bits >> 52);
        BigInteger mantissa = (bits & ((1UL << 52) - 1)) | (biased == 0 ? 0 : 1UL << 52);
        BigInteger exact = (mantissa << (Math.Max(biased, 1) - 1075 + 1100)) * BigInteger.Pow(10, 400);
        BigInteger printed = (digits * BigInteger.Pow(10, exponent + 400)) << 1100;
        return BigInteger.Abs(exact - printed);
    }
}
