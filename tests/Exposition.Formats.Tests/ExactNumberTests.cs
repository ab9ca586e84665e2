using System.Globalization;
using System.Text;
using Exposition.Formats.Numbers;
using Exposition.Formats.Tests.Oracles;

namespace Exposition.Formats.Tests;

/// <summary>The exact oracle is itself judged by recorded numbers, and judges the parser and the formatter.</summary>
public class ExactNumberTests
{
    [Fact]
    public void Recorded_strings_are_read_by_the_oracle_as_by_the_reference()
    {
        int compared = 0;
        foreach (string line in TextVectors.Lines("oracle_float_parse_go.tsv.gz"))
        {
            string[] columns = line.Split('\t');
            string text = columns[0][1..^1];
            if (text.Contains('\\', StringComparison.Ordinal))
            {
                continue;
            }

            bool accepted = ExactNumber.TryParse(Encoding.UTF8.GetBytes(text), out double value);
            Assert.True(accepted == (columns[1] == "1"), line);
            if (accepted && !double.IsNaN(value))
            {
                Assert.Equal(columns[2], BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture));
            }

            compared++;
        }

        Assert.InRange(compared, 18_000, 20_000);
    }

    [Fact]
    public void Recorded_numbers_have_no_complaint_and_spoiled_ones_do()
    {
        foreach (string line in TextVectors.Lines("oracle_float_format_go_g.tsv.gz"))
        {
            string[] columns = line.Split('\t');
            double value = BitConverter.UInt64BitsToDouble(ulong.Parse(columns[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
            Assert.Null(ExactNumber.Complaint(value, columns[1]));
        }

        Assert.NotNull(ExactNumber.Complaint(0.1, "0.10"));
        Assert.NotNull(ExactNumber.Complaint(0.1, "0.1000000000000000055"));
        Assert.NotNull(ExactNumber.Complaint(0.1, "0.10000000000000001"));
        Assert.NotNull(ExactNumber.Complaint(0.3, "0.30000000000000004"));
        Assert.NotNull(ExactNumber.Complaint(5e-324, "4e-324"));
        Assert.NotNull(ExactNumber.Complaint(1e6, "1000000"));
        Assert.NotNull(ExactNumber.Complaint(-0.0, "0"));
    }

    // Bit patterns of all magnitudes, and decimals whose true value lies exactly between two doubles or a hair beside.
    [Fact]
    public void Parser_and_formatter_have_no_complaint()
    {
        var random = new Random(8191);
        Span<byte> text = stackalloc byte[NumberFormatter.MaxLength];
        for (int round = 0; round < 20_000; round++)
        {
            double value = BitConverter.Int64BitsToDouble(random.NextInt64(0x7FF0_0000_0000_0000));
            int length = NumberFormatter.Format(value, text, keepZeroSign: true);
            string? complaint = ExactNumber.Complaint(value, Encoding.ASCII.GetString(text[..length]));
            Assert.True(complaint is null, $"{value:R} {complaint}");

            int digits = random.Next(15, 25);
            string number = string.Concat(Enumerable.Range(0, digits).Select(_ => random.Next(10)));
            byte[] decimalText = Encoding.ASCII.GetBytes($"{number}e{random.Next(-340, 300)}");
            bool accepted = NumberParser.TryParse(decimalText, out double read);
            Assert.Equal((ExactNumber.TryParse(decimalText, out double expected), expected), (accepted, accepted ? read : 0));
        }
    }
}
