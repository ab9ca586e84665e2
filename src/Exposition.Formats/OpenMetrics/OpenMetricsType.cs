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
    Created,
    Quantile,
    Bucket,
    Sum,
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
            if (suffix.SequenceEqual(Suffix(type, PartAt(type, i))))
            {
                return PartAt(type, i);
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

    /// <summary>What the sample is that has one of them.</summary>
    public static OpenMetricsPart PartAt(OpenMetricsType type, int index) => type switch
    {
        OpenMetricsType.Counter => index == 0 ? OpenMetricsPart.Total : OpenMetricsPart.Created,
        OpenMetricsType.Summary when index == 0 => OpenMetricsPart.Quantile,
        OpenMetricsType.Summary or OpenMetricsType.Histogram or OpenMetricsType.GaugeHistogram => index switch
        {
            0 => OpenMetricsPart.Bucket,
            1 => OpenMetricsPart.Sum,
            2 => OpenMetricsPart.Count,
            _ => OpenMetricsPart.Created,
        },
        _ => OpenMetricsPart.Value,
    };

    /// <summary>The suffix of a sample's name; it may be empty.</summary>
    public static ReadOnlySpan<byte> Suffix(OpenMetricsType type, OpenMetricsPart part) => part switch
    {
        OpenMetricsPart.Value when type == OpenMetricsType.Info => "_info"u8,
        OpenMetricsPart.Total => "_total"u8,
        OpenMetricsPart.Created => "_created"u8,
        OpenMetricsPart.Bucket => "_bucket"u8,
        OpenMetricsPart.Sum => type == OpenMetricsType.GaugeHistogram ? "_gsum"u8 : "_sum"u8,
        OpenMetricsPart.Count => type == OpenMetricsType.GaugeHistogram ? "_gcount"u8 : "_count"u8,
        _ => default,
    };
}
