using System.Text;

namespace Exposition.Harness;

/// <summary>
/// One answer of the telemetry path as a table from series to value. This is a reader of its own, far simpler than the
/// engine's, so that the engine does not check itself.
/// </summary>
public sealed class Scraped
{
    private Scraped(Dictionary<string, double> samples, HashSet<string> lines)
    {
        Samples = samples;
        Lines = lines;
    }

    /// <summary>Values by series; a series reads <c>name{a="1",b="2"}</c> with its labels in the order of their names.</summary>
    public IReadOnlyDictionary<string, double> Samples { get; }

    /// <summary>All lines, comments among them.</summary>
    public IReadOnlySet<string> Lines { get; }

    /// <summary>Reads a text body. A series that occurs twice is an error: Prometheus would refuse the scrape.</summary>
    public static Scraped Parse(string text)
    {
        var samples = new Dictionary<string, double>();
        var lines = new HashSet<string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            lines.Add(line);
            if (line[0] != '#')
            {
                var (name, labels, value) = ParseSample(line);
                Assert.True(samples.TryAdd(Series(name, labels), value), "twice in one scrape: " + line);
            }
        }

        return new Scraped(samples, lines);
    }

    /// <summary>The samples whose series carries this label, <c>job="a"</c> say.</summary>
    public Dictionary<string, double> With(string label) =>
        Samples.Where(sample => sample.Key.Contains("{" + label, StringComparison.Ordinal)
            || sample.Key.Contains("," + label, StringComparison.Ordinal))
            .ToDictionary(sample => sample.Key, sample => sample.Value);

    /// <summary>The value of a series, or NaN's opposite: a failed assertion that names it.</summary>
    public double Value(string series)
    {
        Assert.True(Samples.TryGetValue(series, out var value), series + " is not exposed");
        return value;
    }

    /// <summary>The canonical spelling of a series.</summary>
    public static string Series(string name, IEnumerable<KeyValuePair<string, string>> labels)
    {
        var pairs = labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}=\"{label.Value}\"");
        var inside = string.Join(',', pairs);
        return inside.Length == 0 ? name : $"{name}{{{inside}}}";
    }

    /// <summary>Splits <c>name{label="value",} number</c>; escapes in label values are left as they are.</summary>
    public static (string Name, Dictionary<string, string> Labels, double Value) ParseSample(string line)
    {
        var labels = new Dictionary<string, string>();
        var at = line.IndexOfAny(['{', ' ']);
        var name = line[..at];
        if (line[at] == '{')
        {
            at++;
            while (line[at] != '}')
            {
                var equals = line.IndexOf('=', at);
                var value = new StringBuilder();
                var end = equals + 2;
                for (; line[end] != '"'; end++)
                {
                    value.Append(line[end]);
                    if (line[end] == '\\')
                    {
                        value.Append(line[++end]);
                    }
                }

                labels[line[at..equals]] = value.ToString();
                at = line[end + 1] == ',' ? end + 2 : end + 1;
            }

            at++;
        }

        var number = line[at..].Trim() switch
        {
            "+Inf" or "Inf" or "Infinity" => double.PositiveInfinity,
            "-Inf" or "-Infinity" => double.NegativeInfinity,
            var other => double.Parse(other, NumberStyles.Float, CultureInfo.InvariantCulture),
        };
        return (name, labels, number);
    }
}
