using System.Text;
using Exposition.Formats.Go;

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

    /// <summary>What the first TYPE line says, wherever it stands.</summary>
    public MetricType? Declared { get; set; }

    public bool HasMetrics => _metrics.Count > 0;

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
                throw new RefusedException(
                    (part == "_count" ? "negative count for histogram " : "negative bucket population for histogram ") + quotedName);
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

    public static bool HasParts(MetricType? type) => type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram;

    /// <summary>
    /// Gives samples the type that was declared behind them, if that changes nothing but what they are called; and makes the families that
    /// are called like a part of a summary or histogram that part, sample by sample, where no value is changed, doubled or lost by it.
    /// </summary>
    public static void Settle(List<SlowFamily> families)
    {
        foreach (SlowFamily family in families)
        {
            bool isSummary = family.Declared == MetricType.Summary && family.Type == MetricType.Untyped
                && family._metrics.TrueForAll(metric => metric.Labels.Exists(
                    label => label.Name == "quantile" && Number(label.Value) is { } bound && !double.IsNaN(bound)));
            if (isSummary)
            {
                List<SlowMetric> samples = [.. family._metrics];
                family._metrics.Clear();
                family.Type = MetricType.Summary;
                samples.ForEach(sample => family.TryTake(sample, ""));
            }
            else if (family.Declared is { } declared && !HasParts(declared))
            {
                family.Type = declared;
            }
        }

        foreach (SlowFamily family in families.Where(family => !HasParts(family.Type)))
        {
            foreach (string suffix in (string[])["_count", "_sum", "_bucket"])
            {
                if (families.Find(other => other.Name.Length > 0 && other.Name + suffix == family.Name) is { } whole && HasParts(whole.Type)
                    && (whole.IsHistogram || suffix != "_bucket"))
                {
                    family._metrics.RemoveAll(sample => whole.TryTake(sample, suffix));
                }
            }
        }
    }

    private static double? Number(string text) => ExactNumber.TryParse(Encoding.Latin1.GetBytes(text), out double number) ? number : null;

    private bool TryTake(SlowMetric sample, string part)
    {
        double value = sample.Value!.Value;
        (string Name, string Value)? boundLabel = sample.Labels.Exists(label => label.Name == BoundName && Number(label.Value) is not null)
            ? sample.Labels.Find(label => label.Name == BoundName)
            : null;
        double bound = boundLabel is { } found ? Number(found.Value)!.Value : double.NaN;
        bool isPoint = part is "" or "_bucket";
        bool isCount = part == "_count" || (isPoint && IsHistogram);
        if ((isPoint ? double.IsNaN(bound) : boundLabel is not null)
            || (isCount && !(IsHistogram ? value >= 0 : GoNumber.ToUInt64(value) == value)))
        {
            return false;
        }

        List<(string Name, string Value)> labels = [.. sample.Labels.Where(label => label != boundLabel)];
        SlowMetric? known = _metrics.Find(other => other.Labels.Order().SequenceEqual(labels.Order()));
        if (known is not null
            && ((part == "_sum" && known.Value is not null) || (part == "_count" && (known.Count ?? known.CountFloat) is not null)))
        {
            return false;
        }

        SlowMetric stored = Store(part, labels, bound, value, "");
        stored.Timestamp = sample.Timestamp ?? stored.Timestamp;
        return true;
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
