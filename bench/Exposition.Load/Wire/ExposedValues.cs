using System.Globalization;
using System.Text;
using Exposition.Formats;

namespace Exposition.Load.Wire;

/// <summary>Series and their values, of a body or of a scrape, to be compared.</summary>
internal static class ExposedValues
{
    private const double Rounding = 1e-10;

    /// <summary>What a group must expose after a push.</summary>
    /// <param name="body">What was pushed, in text.</param>
    /// <param name="grouping">The labels of the group.</param>
    public static Dictionary<string, double> Expected(byte[] body, params (string Name, string Value)[] grouping) =>
        Of(ExpositionText.Parse(body), grouping);

    /// <summary>What a scrape exposes.</summary>
    public static Dictionary<string, double> Of(Scraped scrape) => Of(ExpositionText.Parse(scrape.Body, scrape.ContentType, null), []);

    /// <summary>The first difference; null if all that is expected is there.</summary>
    /// <param name="expected">What must be there.</param>
    /// <param name="exposed">What is.</param>
    /// <param name="isRounded">The server keeps about twelve digits, and not what has no value.</param>
    public static string? Difference(Dictionary<string, double> expected, Dictionary<string, double> exposed, bool isRounded = false)
    {
        foreach ((string series, double value) in expected)
        {
            if (isRounded && double.IsNaN(value))
            {
                continue;
            }

            if (!exposed.TryGetValue(series, out double found))
            {
                return $"{series} is not exposed";
            }

            if (!found.Equals(value) && !(isRounded && Math.Abs(found - value) <= Rounding * Math.Abs(value)))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{series} is {found:R}, pushed was {value:R}");
            }
        }

        return expected.Count > 0 ? null : "nothing was expected";
    }

    private static Dictionary<string, double> Of(IReadOnlyList<MetricSample> samples, (string Name, string Value)[] grouping)
    {
        var values = new Dictionary<string, double>(samples.Count);
        var key = new StringBuilder();
        foreach (MetricSample sample in samples)
        {
            key.Clear().Append(sample.Name).Append('{');
            foreach ((string name, string value) in sample.Labels.Select(static label => (label.Name, label.Value)).Concat(grouping)
                .Where(static label => label.Item2.Length > 0).OrderBy(static label => label.Item1, StringComparer.Ordinal))
            {
                key.Append(name).Append("=\"").Append(name is "quantile" or "le" ? Canonical(value) : value).Append("\",");
            }

            values[key.Append('}').ToString()] = sample.Value;
        }

        return values;
    }

    // 1 and 1.0 are one quantile.
    private static string Canonical(string number) =>
        double.TryParse(number, CultureInfo.InvariantCulture, out double value)
            ? value.ToString("R", CultureInfo.InvariantCulture)
            : number;
}
