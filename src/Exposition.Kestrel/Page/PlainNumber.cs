using System.Globalization;
using Exposition.Formats;

namespace Exposition.Kestrel.Page;

/// <summary>Numbers without an exponent.</summary>
internal static class PlainNumber
{
    /// <summary>The number as Go's <c>%f</c> has it with as many decimals as it needs. Negative zero is "-0".</summary>
    public static string Of(double value)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        (string sign, string digits, int exponent) = Shortest(value);
        return sign + Plain(digits, exponent);
    }

    private static string NotFinite(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";

    // d.ddd x 10^exponent, from either notation of the exposition.
    private static (string Sign, string Digits, int Exponent) Shortest(double value)
    {
        string text = ExpositionNumber.ToString(value);
        string sign = text.StartsWith('-') ? "-" : "";
        text = text[sign.Length..];
        int exponent = 0;
        if (text.IndexOf('e', StringComparison.Ordinal) is var e and >= 0)
        {
            exponent = int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            text = text[..e];
        }

        int point = text.IndexOf('.', StringComparison.Ordinal);
        exponent += (point < 0 ? text.Length : point) - 1;
        string digits = text.Replace(".", "", StringComparison.Ordinal);
        string significant = digits.TrimStart('0');
        return significant.Length == 0 ? (sign, "0", 0) : (sign, significant.TrimEnd('0'), exponent - (digits.Length - significant.Length));
    }

    private static string Plain(string digits, int exponent) => exponent < 0
        ? "0." + new string('0', -exponent - 1) + digits
        : digits.Length <= exponent + 1 ? digits.PadRight(exponent + 1, '0') : digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
}
