namespace Exposition.Formats.Protobuf;

/// <summary>
/// Tags (field number times eight plus wire type) of the messages that the reader and the writer know by heart; the table is
/// <see cref="ProtoSchema"/>.
/// </summary>
internal static class ProtoTag
{
    public const byte FamilyName = (1 << 3) | (int)WireType.Bytes;
    public const byte FamilyHelp = (2 << 3) | (int)WireType.Bytes;
    public const byte FamilyType = (3 << 3) | (int)WireType.Varint;
    public const byte FamilyMetric = (4 << 3) | (int)WireType.Bytes;

    public const byte FamilyUnit = (5 << 3) | (int)WireType.Bytes;

    public const byte Label = (1 << 3) | (int)WireType.Bytes;
    public const byte Gauge = (2 << 3) | (int)WireType.Bytes;
    public const byte Counter = (3 << 3) | (int)WireType.Bytes;
    public const byte Summary = (4 << 3) | (int)WireType.Bytes;
    public const byte Untyped = (5 << 3) | (int)WireType.Bytes;
    public const byte TimestampMs = (6 << 3) | (int)WireType.Varint;
    public const byte Histogram = (7 << 3) | (int)WireType.Bytes;

    public const byte LabelName = (1 << 3) | (int)WireType.Bytes;
    public const byte LabelValue = (2 << 3) | (int)WireType.Bytes;

    // Gauge, counter and untyped alike.
    public const byte ScalarValue = (1 << 3) | (int)WireType.Fixed64;

    public const byte CounterExemplar = (2 << 3) | (int)WireType.Bytes;
    public const byte CounterCreated = (3 << 3) | (int)WireType.Bytes;
    public const byte SummaryCreated = (4 << 3) | (int)WireType.Bytes;
    public const byte HistogramCreated = (15 << 3) | (int)WireType.Bytes;
    public const byte BucketExemplar = (3 << 3) | (int)WireType.Bytes;

    public const byte ExemplarLabel = (1 << 3) | (int)WireType.Bytes;
    public const byte ExemplarValue = (2 << 3) | (int)WireType.Fixed64;
    public const byte ExemplarTime = (3 << 3) | (int)WireType.Bytes;

    public const byte TimeSeconds = (1 << 3) | (int)WireType.Varint;
    public const byte TimeNanos = (2 << 3) | (int)WireType.Varint;

    // Summary and histogram alike.
    public const byte SampleCount = (1 << 3) | (int)WireType.Varint;
    public const byte SampleSum = (2 << 3) | (int)WireType.Fixed64;
    public const byte Point = (3 << 3) | (int)WireType.Bytes;
    public const byte SampleCountFloat = (4 << 3) | (int)WireType.Fixed64;

    // Native histograms, beside classic buckets.
    public const byte Schema = (5 << 3) | (int)WireType.Varint;
    public const byte ZeroThreshold = (6 << 3) | (int)WireType.Fixed64;
    public const byte ZeroCount = (7 << 3) | (int)WireType.Varint;
    public const byte NegativeSpan = (9 << 3) | (int)WireType.Bytes;
    public const byte NegativeDelta = (10 << 3) | (int)WireType.Varint;
    public const byte PositiveSpan = (12 << 3) | (int)WireType.Bytes;
    public const byte PositiveDelta = (13 << 3) | (int)WireType.Varint;

    // The two bytes of a tag of field 16, the first one in the low byte.
    public const ushort NativeExemplar = 0x0182;

    public const byte SpanOffset = (1 << 3) | (int)WireType.Varint;
    public const byte SpanLength = (2 << 3) | (int)WireType.Varint;

    public const byte Quantile = (1 << 3) | (int)WireType.Fixed64;
    public const byte QuantileValue = (2 << 3) | (int)WireType.Fixed64;

    public const byte CumulativeCount = (1 << 3) | (int)WireType.Varint;
    public const byte UpperBound = (2 << 3) | (int)WireType.Fixed64;
    public const byte CumulativeCountFloat = (4 << 3) | (int)WireType.Fixed64;
}
