using System.Globalization;
using System.Text;

namespace Exposition.Formats.Internal;

/// <summary>Writes numbers as the reference does: the shortest digits that read back to the same value, laid out as Go's <c>%g</c>.</summary>
internal static class NumberFormatter
{
    /// <summary>Room that any number fits in.</summary>
    public const int MaxLength = 32;

    /// <summary>Writes a number; both zeros are written as <c>0</c>.</summary>
    public static int Format(double value, Span<byte> into)
    {
        if (value == 0)
        {
            into[0] = (byte)'0';
            return 1;
        }

        if (!double.IsFinite(value))
        {
            ReadOnlySpan<byte> word = double.IsNaN(value) ? "NaN"u8 : value > 0 ? "+Inf"u8 : "-Inf"u8;
            word.CopyTo(into);
            return word.Length;
        }

        // "E16" style digits of the shortest form: d.ddddE+xxx after normalising what "R" prints.
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        bool negative = text[0] == '-';
        int exponent = 0;
        string mantissa = negative ? text[1..] : text;
        int e = mantissa.IndexOf('E', StringComparison.Ordinal);
        if (e >= 0)
        {
            exponent = int.Parse(mantissa.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..e];
        }

        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        string all = mantissa.Replace(".", "", StringComparison.Ordinal);
        string digits = all.TrimStart('0');
        exponent -= all.Length - digits.Length;
        digits = digits.TrimEnd('0');

        var result = new StringBuilder(MaxLength).Append(negative ? "-" : "");
        if (exponent is >= -4 and < 0)
        {
            result.Append("0.").Append('0', -exponent - 1).Append(digits);
        }
        else if (exponent is >= 0 and < 6)
        {
            result.Append(digits.AsSpan(0, Math.Min(exponent + 1, digits.Length))).Append('0', Math.Max(0, exponent + 1 - digits.Length));
            if (digits.Length > exponent + 1)
            {
                result.Append('.').Append(digits.AsSpan(exponent + 1));
            }
        }
        else
        {
            result.Append(digits[0]);
            if (digits.Length > 1)
            {
                result.Append('.').Append(digits.AsSpan(1));
            }

            result.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture));
        }

        return Encoding.ASCII.GetBytes(result.ToString(), into);
    }
}
