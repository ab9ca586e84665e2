namespace Exposition.Formats.Protobuf;

// What a metric says is collected beside its row, because rows move while labels and points are added.
internal readonly ref partial struct ProtoMetricReader
{
    // Counts up to 2^53 survive the way through the float64 of the text format.
    private const ulong ExactCount = 1UL << 53;

    [Flags]
    private enum Seen : byte
    {
        Value = 1,
        Sum = 2,
        Count = 4,
        NativeField = 8,
    }

    // What the text format prints and a reader of it gets back: not -0, and of the NaNs the quiet one without payload (Go's has a one).
    private static bool IsPlain(double value) => double.IsNaN(value)
        ? (BitConverter.DoubleToUInt64Bits(value) & 0x7FFF_FFFF_FFFF_FFFE) == 0x7FF8_0000_0000_0000
        : value != 0 || !double.IsNegative(value);

    // From 2^63 on the conversion back from 2^64 is not defined in Go and saturates here, so 2^64 itself must not count as exact.
    private static bool IsExact(ulong count) => count <= ExactCount || (count < ulong.MaxValue - 1023 && (ulong)(double)count == count);

    private struct Value
    {
        public MetricContent Content;
        public Seen Seen;
        public double Number;
        public double CountFloat;
        public ulong Count;
        public long TimestampMs;

        public void FlagIf(bool onlyInRaw) => Content |= onlyInRaw ? MetricContent.OnlyInRaw : 0;

        public void Finish(MetricContent wanted)
        {
            MetricContent kinds = Content & MetricContent.Kinds;
            FlagIf((kinds & (kinds - 1)) != 0 || !IsPlain(Number));
            if ((kinds & wanted) == 0)
            {
                return;
            }

            bool distribution = (wanted & (MetricContent.Summary | MetricContent.Histogram)) != 0;
            bool complete = distribution ? IsExact(Count) && IsPlain(CountFloat) && !(CountFloat < 0) : (Seen & Seen.Value) != 0;
            if (distribution)
            {
                Content |= ((Seen & Seen.Count) == 0 ? MetricContent.NoCount : 0) | ((Seen & Seen.Sum) == 0 ? MetricContent.NoSum : 0);
            }

            FlagIf(!complete || ((Seen & Seen.NativeField) != 0 && (Content & MetricContent.NativeHistogram) == 0));
        }
    }
}
