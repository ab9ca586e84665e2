namespace Exposition.Formats.OpenMetrics;

/// <summary>The types of OpenMetrics.</summary>
internal enum OpenMetricsType : byte
{
    Unknown,
    Gauge,
    Counter,
    Info,
    StateSet,
    Summary,
    Histogram,
    GaugeHistogram,
}

/// <summary>What a sample line is of its metric.</summary>
internal enum OpenMetricsPart : byte
{
    /// <summary>Not a sample of the family.</summary>
    None,

    /// <summary>The value of a gauge, an unknown, an info or a state.</summary>
    Value,

    /// <summary>The value of a counter.</summary>
    Total,

    /// <summary>When a counter, a summary or a histogram was created.</summary>
    Created,

    /// <summary>A quantile of a summary.</summary>
    Quantile,

    /// <summary>A bucket of a histogram.</summary>
    Bucket,

    /// <summary>The sum of a summary or histogram.</summary>
    Sum,

    /// <summary>The count of a summary or histogram.</summary>
    Count,
}

/// <summary>The words of the types and the suffixes of their samples.</summary>
internal static class OpenMetricsTypes
{
    public static bool TryParse(ReadOnlySpan<byte> word, out OpenMetricsType type)
    {
        for (type = OpenMetricsType.Unknown; type <= OpenMetricsType.GaugeHistogram; type++)
        {
            if (word.SequenceEqual(Word(type)))
            {
                return true;
            }
        }

        return false;
    }

    public static ReadOnlySpan<byte> Word(OpenMetricsType type) => type switch
    {
        OpenMetricsType.Gauge => "gauge"u8,
        OpenMetricsType.Counter => "counter"u8,
        OpenMetricsType.Info => "info"u8,
        OpenMetricsType.StateSet => "stateset"u8,
        OpenMetricsType.Summary => "summary"u8,
        OpenMetricsType.Histogram => "histogram"u8,
        OpenMetricsType.GaugeHistogram => "gaugehistogram"u8,
        _ => "unknown"u8,
    };

    /// <summary>The type of the family in the model.</summary>
    public static MetricType ModelType(OpenMetricsType type) => type switch
    {
        OpenMetricsType.Counter => MetricType.Counter,
        OpenMetricsType.Summary => MetricType.Summary,
        OpenMetricsType.Histogram => MetricType.Histogram,
        OpenMetricsType.GaugeHistogram => MetricType.GaugeHistogram,
        OpenMetricsType.Unknown => MetricType.Untyped,
        _ => MetricType.Gauge,
    };

    /// <summary>The type that a family of the model goes out under.</summary>
    public static OpenMetricsType TypeOf(MetricType type) => type switch
    {
        MetricType.Counter => OpenMetricsType.Counter,
        MetricType.Gauge => OpenMetricsType.Gauge,
        MetricType.Summary => OpenMetricsType.Summary,
        MetricType.Histogram => OpenMetricsType.Histogram,
        MetricType.GaugeHistogram => OpenMetricsType.GaugeHistogram,
        _ => OpenMetricsType.Unknown,
    };

    /// <summary>Which sample of a family of the type a name ends in <paramref name="suffix"/>, the rest being the family's name.</summary>
    public static OpenMetricsPart PartOf(OpenMetricsType type, ReadOnlySpan<byte> suffix)
    {
        for (int i = 0; i < SuffixCount(type); i++)
        {
            if (suffix.SequenceEqual(Suffix(type, i, out OpenMetricsPart part)))
            {
                return part;
            }
        }

        return OpenMetricsPart.None;
    }

    /// <summary>How many sample names families of the type have.</summary>
    public static int SuffixCount(OpenMetricsType type) => type switch
    {
        OpenMetricsType.Counter => 2,
        OpenMetricsType.GaugeHistogram => 3,
        OpenMetricsType.Summary or OpenMetricsType.Histogram => 4,
        _ => 1,
    };

    /// <summary>One of the suffixes of a type; it may be empty.</summary>
    public static ReadOnlySpan<byte> Suffix(OpenMetricsType type, int index, out OpenMetricsPart part)
    {
        bool gauge = type == OpenMetricsType.GaugeHistogram;
        switch (type)
        {
            case OpenMetricsType.Counter:
                part = index == 0 ? OpenMetricsPart.Total : OpenMetricsPart.Created;
                return index == 0 ? "_total"u8 : "_created"u8;
            case OpenMetricsType.Info:
                part = OpenMetricsPart.Value;
                return "_info"u8;
            case OpenMetricsType.Summary when index == 0:
                part = OpenMetricsPart.Quantile;
                return default;
            case OpenMetricsType.Summary or OpenMetricsType.Histogram or OpenMetricsType.GaugeHistogram:
                part = index switch
                {
                    0 => OpenMetricsPart.Bucket,
                    1 => OpenMetricsPart.Sum,
                    2 => OpenMetricsPart.Count,
                    _ => OpenMetricsPart.Created,
                };
                return index switch
                {
                    0 => "_bucket"u8,
                    1 => gauge ? "_gsum"u8 : "_sum"u8,
                    2 => gauge ? "_gcount"u8 : "_count"u8,
                    _ => "_created"u8,
                };
            default:
                part = OpenMetricsPart.Value;
                return default;
        }
    }
}
