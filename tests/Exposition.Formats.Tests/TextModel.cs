using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Exposition.Formats.Tests;

/// <summary>A second reader of simple legacy bodies, written for obviousness: regular expressions, strings, dictionaries. It shares nothing
/// with the real one but the result type, which it fills at the end.</summary>
internal static partial class TextModel
{
    private sealed record Point(double Bound, double Value);

    private sealed class Metric
    {
        public required List<(string Name, string Value)> Labels { get; init; }

        public List<Point> Points { get; } = [];

        public double Value { get; set; }

        public double Count { get; set; }

        // A histogram whose count is given twice, whole and not, keeps both numbers.
        public double? FloatCount { get; set; }

        // Which of NoCount and NoSum do not hold.
        public MetricContent Parts { get; set; }

        public long? Timestamp { get; set; }
    }

    private sealed class Family
    {
        public required string Name { get; init; }

        public string? Help { get; set; }

        public string? Type { get; set; }

        public List<Metric> Metrics { get; } = [];
    }

    /// <summary>The families, or null if the body is to be refused.</summary>
    public static FamilySet? Read(string body)
    {
        var families = new List<Family>();
        foreach (string line in body.Split('\n')[..^1])
        {
            Match comment = CommentLine().Match(line);
            Match sample = SampleLine().Match(line);
            bool fine = line.Trim().Length == 0
                || (comment.Success && ReadComment(families, comment))
                || (!line.StartsWith('#') && sample.Success && ReadSample(families, sample))
                || (line.StartsWith('#') && !comment.Success);
            if (!fine)
            {
                return null;
            }
        }

        return body.Length == 0 || body.EndsWith('\n') ? Build(families.Where(family => family.Metrics.Count > 0)) : null;
    }

    [GeneratedRegex(@"^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) +(.+)$")]
    private static partial Regex CommentLine();

    [GeneratedRegex(
        @"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?:([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\[\\n""])*)""(?:,|(?=\})))*\})? *([^ ]+)(?: "
        + "(-?[0-9]+))?$")]
    private static partial Regex SampleLine();

    private static (Family Family, string Suffix) Find(List<Family> families, string name)
    {
        Family? exact = families.Find(family => family.Name == name);
        if (exact is not null)
        {
            return (exact, "");
        }

        foreach (string suffix in (string[])["_sum", "_count", "_bucket"])
        {
            Family? parent = families.Find(family => family.Name + suffix == name
                && (family.Type is "histogram" or "gaugehistogram" || (family.Type == "summary" && suffix != "_bucket")));
            if (parent is not null)
            {
                return (parent, suffix);
            }
        }

        var added = new Family { Name = name };
        families.Add(added);
        return (added, "");
    }

    private static bool ReadComment(List<Family> families, Match line)
    {
        Family family = Find(families, line.Groups[2].Value).Family;
        string text = line.Groups[3].Value;
        if (line.Groups[1].Value == "HELP")
        {
            if (family.Help is not null)
            {
                return false;
            }

            family.Help = text;
            return true;
        }

        if (family.Type is not null || text is not ("counter" or "gauge" or "summary" or "histogram" or "gaugehistogram" or "untyped"))
        {
            return false;
        }

        family.Type = text;
        return true;
    }

    private static bool ReadSample(List<Family> families, Match line)
    {
        (Family family, string suffix) = Find(families, line.Groups[1].Value);
        family.Type ??= "untyped";
        bool isHistogram = family.Type.EndsWith("histogram", StringComparison.Ordinal);
        string boundName = isHistogram ? "le" : family.Type == "summary" ? "quantile" : "";
        double bound = double.NaN;
        var labels = new List<(string Name, string Value)>();
        for (int i = 0; i < line.Groups[2].Captures.Count; i++)
        {
            string name = line.Groups[2].Captures[i].Value;
            string value = Regex.Unescape(line.Groups[3].Captures[i].Value);
            if (name == boundName)
            {
                if (!TryParse(value, out bound))
                {
                    return false;
                }
            }
            else if (labels.Exists(label => label.Name == name) || name == "__name__")
            {
                return false;
            }
            else
            {
                labels.Add((name, value));
            }
        }

        if (!TryParse(line.Groups[4].Value, out double number))
        {
            return false;
        }

        Metric? metric = boundName == ""
            ? null
            : family.Metrics.Find(other => other.Labels.Order().SequenceEqual(labels.Order()));
        if (metric is null)
        {
            metric = new Metric { Labels = labels };
            family.Metrics.Add(metric);
        }

        metric.Timestamp = line.Groups[5].Success ? long.Parse(line.Groups[5].Value, CultureInfo.InvariantCulture) : metric.Timestamp;
        if (boundName == "" || suffix == "_sum")
        {
            metric.Value = number;
            metric.Parts |= boundName == "" ? 0 : MetricContent.NoSum;
        }
        else if (suffix == "_count")
        {
            metric.Parts |= MetricContent.NoCount;
            metric.FloatCount = isHistogram && number % 1 != 0 ? number : metric.FloatCount;
            metric.Count = isHistogram && number % 1 != 0 ? metric.Count : number;
            return !isHistogram || !(number < 0);
        }
        else if (!double.IsNaN(bound))
        {
            metric.Points.Add(new Point(bound, number));
            return !isHistogram || !(number < 0);
        }

        return true;
    }

    private static bool TryParse(string text, out double value)
    {
        value = text switch { "+Inf" => double.PositiveInfinity, "NaN" => double.NaN, _ => 0 };
        return value != 0
            || double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out value);
    }

    private static FamilySet Build(IEnumerable<Family> families)
    {
        var set = new FamilySet();
        foreach (Family family in families)
        {
            MetricType type = Enum.Parse<MetricType>(family.Type!, ignoreCase: true);
            int index = family.Help is null
                ? set.AddFamily(set.AddText(Encoding.UTF8.GetBytes(family.Name)), type)
                : set.AddFamily(Encoding.UTF8.GetBytes(family.Name), type, Encoding.UTF8.GetBytes(family.Help));
            foreach (Metric metric in family.Metrics)
            {
                AddMetric(set, index, type, metric);
            }
        }

        return set;
    }

    // The reference's conversion, as far as the generated numbers need it.
    private static ulong Whole(double value) => !double.IsFinite(value) ? 1UL << 63 : value < 0 ? (ulong)(long)value : (ulong)value;

    private static void AddMetric(FamilySet set, int family, MetricType type, Metric metric)
    {
        int index = set.AddMetric(family);
        foreach ((string name, string value) in metric.Labels)
        {
            set.AddLabel(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));
        }

        bool isHistogram = type is MetricType.Histogram or MetricType.GaugeHistogram;
        bool floats = isHistogram && (metric.FloatCount is not null || metric.Points.Exists(point => point.Value % 1 != 0));
        foreach (Point point in metric.Points)
        {
            set.AddPoint(index, point.Bound, isHistogram && !floats ? 0 : point.Value, isHistogram && !floats ? (ulong)point.Value : 0);
        }

        ref MetricRow row = ref set.Metrics[index];
        row.Value = metric.Value;
        row.Count = floats && metric.FloatCount is null ? 0 : Whole(metric.Count);
        row.CountFloat = floats ? metric.FloatCount ?? metric.Count : 0;
        row.TimestampMs = metric.Timestamp ?? 0;
        row.Content = type switch
        {
            MetricType.Counter => MetricContent.Counter,
            MetricType.Gauge => MetricContent.Gauge,
            MetricType.Summary => MetricContent.Summary,
            MetricType.Untyped => MetricContent.Untyped,
            _ => MetricContent.Histogram,
        };
        row.Content |= metric.Timestamp is null ? 0 : MetricContent.Timestamp;
        row.Content |= floats ? MetricContent.FloatCounts : 0;
        row.Content |= isHistogram || type == MetricType.Summary ? (MetricContent.NoCount | MetricContent.NoSum) & ~metric.Parts : 0;
        row.Content &= floats ? ~MetricContent.NoCount : ~MetricContent.None;
        row.Content |= isHistogram && metric.Points.Exists(point => double.IsPositiveInfinity(point.Bound)) ? MetricContent.InfBucket : 0;
    }
}
