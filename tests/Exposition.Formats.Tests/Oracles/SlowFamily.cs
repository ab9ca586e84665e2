using System.Text;
using Exposition.Formats.Internal;

namespace Exposition.Formats.Tests.Oracles;

/// <summary>The body is to be refused, with the first error in it.</summary>
internal sealed class RefusedException(string message) : Exception(message);

/// <summary>A family as <see cref="SlowTextReader"/> collects it.</summary>
internal sealed class SlowFamily(string name)
{
    private readonly List<SlowMetric> _metrics = [];

    public string Name => name;

    public string? Help { get; set; }

    public MetricType? Type { get; set; }

    public bool IsHistogram => Type is MetricType.Histogram or MetricType.GaugeHistogram;

    /// <summary>The label that is no label but the bound of a point.</summary>
    public string? BoundName => IsHistogram ? "le" : Type == MetricType.Summary ? "quantile" : null;

    /// <summary>Stores a sample line.</summary>
    public SlowMetric Store(string part, List<(string Name, string Value)> labels, double bound, double value, string quotedName)
    {
        SlowMetric? metric = BoundName is null ? null : _metrics.Find(other => other.Labels.Order().SequenceEqual(labels.Order()));
        if (metric is null)
        {
            metric = new SlowMetric(labels);
            _metrics.Add(metric);
        }

        if (BoundName is null)
        {
            metric.Value = value;
            return metric;
        }

        if (part == "_sum")
        {
            metric.Value = value;
        }
        else if (part == "_count" && !IsHistogram)
        {
            metric.Count = GoNumber.ToUInt64(value);
        }
        else if (part == "_count" || !double.IsNaN(bound))
        {
            // A histogram counts in whole numbers, or else in floats; a summary's quantile has any value.
            bool isWhole = IsHistogram && GoNumber.ToUInt64(value) == value;
            if (IsHistogram && !isWhole && value < 0)
            {
                throw new RefusedException((part == "_count" ? "negative count for histogram " : "negative bucket population for histogram ") + quotedName);
            }

            if (part != "_count")
            {
                metric.Points.Add((bound, isWhole ? 0 : value, isWhole ? (ulong)value : 0));
            }
            else if (isWhole)
            {
                metric.Count = (ulong)value;
            }
            else
            {
                metric.CountFloat = value;
            }
        }

        return metric;
    }

    /// <summary>The families that have metrics, as the real reader gives them.</summary>
    public static FamilySet Build(IEnumerable<SlowFamily> families)
    {
        var set = new FamilySet();
        foreach (SlowFamily family in families.Where(family => family._metrics.Count > 0))
        {
            int index = family.Help is null
                ? set.AddFamily(set.AddText(Encoding.Latin1.GetBytes(family.Name)), family.Type!.Value)
                : set.AddFamily(Encoding.Latin1.GetBytes(family.Name), family.Type!.Value, Encoding.Latin1.GetBytes(family.Help));
            foreach (SlowMetric metric in family._metrics)
            {
                metric.AddTo(set, index, family.Type.Value);
            }
        }

        return set;
    }
}

/// <summary>A metric as <see cref="SlowTextReader"/> collects it.</summary>
internal sealed class SlowMetric(List<(string Name, string Value)> labels)
{
    public List<(string Name, string Value)> Labels => labels;

    public List<(double Bound, double Value, ulong Count)> Points { get; private set; } = [];

    public double? Value { get; set; }

    public ulong? Count { get; set; }

    public double? CountFloat { get; set; }

    public long? Timestamp { get; set; }

    public void AddTo(FamilySet set, int family, MetricType type)
    {
        int index = set.AddMetric(family);
        foreach ((string name, string value) in Labels)
        {
            set.AddLabel(Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value));
        }

        MetricContent content = type switch
        {
            MetricType.Counter => MetricContent.Counter,
            MetricType.Gauge => MetricContent.Gauge,
            MetricType.Summary => MetricContent.Summary,
            MetricType.Untyped => MetricContent.Untyped,
            _ => MetricContent.Histogram,
        };
        bool isHistogram = content == MetricContent.Histogram;
        if (isHistogram && (CountFloat is not null || Points.Exists(point => point.Value != 0)))
        {
            // One float makes all counts floats; only a whole count beside a float count stays.
            content |= MetricContent.FloatCounts;
            (CountFloat, Count) = CountFloat is null ? (Count ?? 0, 0UL) : (CountFloat, Count ?? 0);
            Points = [.. Points.Select(point => point.Value == 0 ? (point.Bound, (double)point.Count, 0UL) : point)];
        }

        if (isHistogram || type == MetricType.Summary)
        {
            content |= (Count is null ? MetricContent.NoCount : 0) | (Value is null ? MetricContent.NoSum : 0);
        }

        content |= Timestamp is null ? 0 : MetricContent.Timestamp;
        content |= isHistogram && Points.Exists(point => double.IsPositiveInfinity(point.Bound)) ? MetricContent.InfBucket : 0;
        foreach ((double bound, double value, ulong count) in Points)
        {
            set.AddPoint(index, bound, value, count);
        }

        ref MetricRow row = ref set.Metrics[index];
        row.Content = content;
        row.Value = Value ?? 0;
        row.Count = Count ?? 0;
        row.CountFloat = CountFloat ?? 0;
        row.TimestampMs = Timestamp ?? 0;
    }
}
