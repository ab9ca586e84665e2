using System.Globalization;

namespace Exposition.Gateway.Api;

/// <summary>Numbers in Go's notation, for the JSON API and the page.</summary>
internal static class GoNumber
{
    private const int LeastPlainExponent = -4;
    private const int LeastLargeExponent = 6;

    /// <summary>
    /// Go's %v of a float: the shortest digits that read back, with an exponent iff the decimal exponent is below -4 or at least 6.
    /// Negative zero is "-0".
    /// </summary>
    public static string Format(double value)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        (string sign, string digits, int exponent) = Shortest(value);
        if (exponent is >= LeastPlainExponent and < LeastLargeExponent)
        {
            return sign + Plain(digits, exponent);
        }

        string fraction = digits.Length > 1 ? "." + digits[1..] : "";
        return string.Create(CultureInfo.InvariantCulture, $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
    }

    /// <summary>The number without an exponent, as the page shows it.</summary>
    public static string FormatPlain(double value)
    {
        if (!double.IsFinite(value))
        {
            return NotFinite(value);
        }

        (string sign, string digits, int exponent) = Shortest(value);
        return sign + Plain(digits, exponent);
    }

    private static string NotFinite(double value) => double.IsNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";

    // The framework's shortest digits come plain or with an exponent, by thresholds of its own: both are brought to d.ddd x 10^exponent.
    private static (string Sign, string Digits, int Exponent) Shortest(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        string sign = text.StartsWith('-') ? "-" : "";
        text = text[sign.Length..];
        int exponent = 0;
        if (text.IndexOf('E', StringComparison.Ordinal) is var e and >= 0)
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
