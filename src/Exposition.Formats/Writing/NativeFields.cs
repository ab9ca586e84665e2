using Exposition.Formats.Protobuf;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Writing;

// Buckets go from a dense list into spans of buckets and, for each bucket of a span, the difference to the one before it. A gap of one or
// two empty buckets is cheaper as buckets than as a new span. A histogram without buckets has an empty span, which says that it is native.

/// <summary>Writes the fields of a native histogram into a list of bytes.</summary>
internal static class NativeFields
{
    private const int Around = 64;
    private const int MostPerBucket = 32;
    private const int MostFilled = 2;

    public static void Write(scoped in NativeHistogramValue value, ref RowList<byte> into)
    {
        long buckets = (long)value.NegativeCounts.Length + value.PositiveCounts.Length;
        Span<byte> room = into.AddRange(checked((int)(Around + (MostPerBucket * buckets))));
        room[0] = ProtoTag.Schema;
        int at = ProtoWriter.PutVarint(room, 1, (uint)ProtoWriter.ZigZag(value.Schema));
        at = ProtoWriter.PutDouble(room, at, ProtoTag.ZeroThreshold, value.ZeroThreshold);
        room[at] = ProtoTag.ZeroCount;
        at = ProtoWriter.PutVarint(room, at + 1, value.ZeroCount);
        int start = at;
        at = PutBuckets(room, at, ProtoTag.NegativeSpan, ProtoTag.NegativeDelta, value.NegativeOffset, value.NegativeCounts);
        at = PutBuckets(room, at, ProtoTag.PositiveSpan, ProtoTag.PositiveDelta, value.PositiveOffset, value.PositiveCounts);
        at = at == start ? PutSpan(room, at, ProtoTag.PositiveSpan, 0, 0) : at;
        into.Truncate(at);
    }

    private static int PutBuckets(Span<byte> into, int at, byte spanTag, byte deltaTag, int offset, ReadOnlySpan<ulong> counts)
    {
        int end = 0;
        for (int from = 0; TryFindRun(counts, from, out int start, out int length); from = end)
        {
            // The first span begins at a bucket's index, each later one so far behind the one before.
            at = PutSpan(into, at, spanTag, from == 0 ? checked(offset + start) : start - end, length);
            end = start + length;
        }

        ulong last = 0;
        for (int from = 0; TryFindRun(counts, from, out int start, out int length); from = start + length)
        {
            foreach (ulong count in counts.Slice(start, length))
            {
                into[at] = deltaTag;
                at = ProtoWriter.PutVarint(into, at + 1, ProtoWriter.ZigZag(unchecked((long)(count - last))));
                last = count;
            }
        }

        return at;
    }

    private static bool TryFindRun(ReadOnlySpan<ulong> counts, int from, out int start, out int length)
    {
        int skipped = counts[from..].IndexOfAnyExcept(0UL);
        start = from + skipped;
        length = 0;
        for (int i = start; skipped >= 0 && i < counts.Length && i - start - length <= MostFilled; i++)
        {
            length = counts[i] != 0 ? i - start + 1 : length;
        }

        return skipped >= 0;
    }

    private static int PutSpan(Span<byte> into, int at, byte tag, int offset, int length)
    {
        into[at] = tag;
        into[at + 2] = ProtoTag.SpanOffset;
        int end = ProtoWriter.PutVarint(into, at + 3, (uint)ProtoWriter.ZigZag(offset));
        into[end] = ProtoTag.SpanLength;
        end = ProtoWriter.PutVarint(into, end + 1, (uint)length);
        return ProtoWriter.EndMessage(into, at + 1, end);
    }
}
