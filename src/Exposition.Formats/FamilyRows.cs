namespace Exposition.Formats;

/// <summary>
/// A piece of text in a <see cref="FamilySet"/>: a range of the source bytes or, when <see cref="Start"/> is negative, of the set's scratch
/// bytes.
/// </summary>
/// <param name="Start">Offset into the source, or the complement (<c>~offset</c>) of an offset into the scratch bytes.</param>
/// <param name="Length">Length in bytes.</param>
internal readonly record struct TextRef(int Start, int Length)
{
    /// <summary>True for the empty text.</summary>
    public bool IsEmpty => Length == 0;
}

/// <summary>What a metric carries: its value kinds and the facts that the text format cannot say.</summary>
[Flags]
internal enum MetricContent : ushort
{
    /// <summary>No value at all.</summary>
    None = 0,

    /// <summary>A counter value.</summary>
    Counter = 1 << 0,

    /// <summary>A gauge value.</summary>
    Gauge = 1 << 1,

    /// <summary>A summary.</summary>
    Summary = 1 << 2,

    /// <summary>An untyped value.</summary>
    Untyped = 1 << 3,

    /// <summary>A histogram.</summary>
    Histogram = 1 << 4,

    /// <summary>The bits that say which value kinds are present.</summary>
    Kinds = Counter | Gauge | Summary | Untyped | Histogram,

    /// <summary>A sample timestamp.</summary>
    Timestamp = 1 << 5,

    /// <summary>Histogram counts given as floating point numbers.</summary>
    FloatCounts = 1 << 6,

    /// <summary>Spans of a native histogram (also the empty marker span).</summary>
    NativeHistogram = 1 << 7,

    /// <summary>A histogram with a bucket whose bound is +Inf.</summary>
    InfBucket = 1 << 8,

    /// <summary>
    /// Exemplars, a created timestamp, unknown fields or several value kinds: anything that only the metric's own protobuf bytes keep.
    /// </summary>
    OnlyInRaw = 1 << 9,

    /// <summary>A summary or histogram without a sample count; text shows it as 0, protobuf leaves the field out.</summary>
    NoCount = 1 << 10,

    /// <summary>
    /// A summary or histogram without a sum (Flink's summaries, for one); text shows it as 0, protobuf leaves the field out.
    /// </summary>
    NoSum = 1 << 11,
}

/// <summary>A family: a name, a type, a help text and a chain of metrics in order of first appearance.</summary>
internal struct FamilyRow
{
    /// <summary>The family's name, unescaped.</summary>
    public TextRef Name;

    /// <summary>The help text, unescaped; meaningful if <see cref="HasHelp"/>.</summary>
    public TextRef Help;

    /// <summary>Whether a help text was given (it may be empty in protobuf).</summary>
    public bool HasHelp;

    /// <summary>
    /// The unit, or empty. OpenMetrics and protobuf only; OpenMetrics demands that the name ends in it (a counter's before <c>_total</c>).
    /// </summary>
    public TextRef Unit;

    /// <summary>Text only: a TYPE line or a sample has fixed the type.</summary>
    public bool HasType;

    // Text only: what the first TYPE line says, if there was one. It differs from the type where samples came before it.
    internal MetricType? TypeLine;

    /// <summary>The type. Values above <see cref="MetricType.GaugeHistogram"/> can come from protobuf and are kept as they are.</summary>
    public MetricType Type;

    /// <summary>Index of the first metric in <see cref="FamilySet.Metrics"/>, or -1.</summary>
    public int FirstMetric;

    /// <summary>Index of the last metric, or -1.</summary>
    public int LastMetric;

    /// <summary>Number of metrics in the chain.</summary>
    public int MetricCount;
}

/// <summary>A metric: a label set with a scalar value, a summary or a histogram.</summary>
internal struct MetricRow
{
    /// <summary>First of the metric's labels in <see cref="FamilySet.Labels"/>; they are consecutive.</summary>
    public int FirstLabel;

    /// <summary>Number of labels. The text format's <c>le</c> and <c>quantile</c> are points, not labels.</summary>
    public int LabelCount;

    /// <summary>Next metric of the family, or -1.</summary>
    public int Next;

    /// <summary>What is there.</summary>
    public MetricContent Content;

    /// <summary>The scalar value (of the kind that the family's type names), or the sum of a summary or histogram.</summary>
    public double Value;

    /// <summary>Sample count of a summary or histogram.</summary>
    public ulong Count;

    /// <summary>Sample count of a float histogram; counts instead of <see cref="Count"/> if greater than zero.</summary>
    public double CountFloat;

    /// <summary>Sample timestamp in milliseconds since the Unix epoch; meaningful with <see cref="MetricContent.Timestamp"/>.</summary>
    public long TimestampMs;

    /// <summary>First quantile or bucket in <see cref="FamilySet.Points"/>, or -1.</summary>
    public int FirstPoint;

    /// <summary>Last quantile or bucket, or -1.</summary>
    public int LastPoint;

    /// <summary>Number of quantiles or buckets in the chain.</summary>
    public int PointCount;

    /// <summary>The bytes of the io.prometheus.client.Metric message that the metric was read from; empty when it came from text. From
    /// OpenMetrics, a metric that rows cannot hold whole has a message without labels here.</summary>
    public TextRef Raw;
}

/// <summary>A label pair.</summary>
internal struct LabelRow
{
    /// <summary>The label's name, unescaped.</summary>
    public TextRef Name;

    /// <summary>The label's value, unescaped.</summary>
    public TextRef Value;
}

/// <summary>A quantile of a summary or a bucket of a classic histogram.</summary>
internal struct PointRow
{
    /// <summary>The quantile, or the bucket's upper bound.</summary>
    public double Bound;

    /// <summary>
    /// The quantile's value, or the bucket's cumulative count as a float; a bucket counts by <see cref="Count"/> where this is 0.
    /// </summary>
    public double Value;

    /// <summary>The bucket's cumulative count.</summary>
    public ulong Count;

    /// <summary>Next point of the metric, or -1.</summary>
    public int Next;
}
