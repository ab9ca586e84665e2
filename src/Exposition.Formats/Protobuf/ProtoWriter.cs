using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Exposition.Formats.Rows;

namespace Exposition.Formats.Protobuf;

// A Put method writes at a place in a span that has room and returns the place behind it. One byte is left for the length of a message,
// which is written behind the message: one of 128 bytes or more is moved on to make room for the others.

/// <summary>The pieces that protobuf messages are written from.</summary>
internal static class ProtoWriter
{
    /// <summary>Room for tags, lengths and numbers around a label.</summary>
    public const int AroundLabel = 24;

    /// <summary>The same for a point.</summary>
    public const int AroundPoint = 32;

    /// <summary>The same for a metric with its value, beside its labels and points.</summary>
    public const int AroundMetric = 96;

    /// <summary>A field whose tag takes one byte and its value eight.</summary>
    public const int Fixed64Field = 1 + sizeof(ulong);

    private const int MaxVarint = 10;

    /// <summary>A signed number as the unsigned one that is written for it.</summary>
    public static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    public static int VarintLength(ulong value) => ((BitOperations.Log2(value | 1) * 9) + 73) / 64;

    /// <summary>Length of a field of bytes whose tag takes one byte.</summary>
    public static long BytesField(long length) => 1 + VarintLength((ulong)length) + length;

    public static void WriteVarint(ulong value, ref OutputCursor output) =>
        output.Advance(PutVarint(output.Reserve(MaxVarint), 0, value));

    /// <summary>Writes tag and length of a field of bytes.</summary>
    public static void WriteBytesHeader(byte tag, long length, ref OutputCursor output)
    {
        output.Write(tag);
        WriteVarint((ulong)length, ref output);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PutVarint(Span<byte> into, int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            into[at++] = (byte)(value | 0x80);
        }

        into[at] = (byte)value;
        return at + 1;
    }

    public static int PutDouble(Span<byte> into, int at, byte tag, double value)
    {
        into[at] = tag;
        BinaryPrimitives.WriteDoubleLittleEndian(into[(at + 1)..], value);
        return at + Fixed64Field;
    }

    public static int PutBytes(Span<byte> into, int at, byte tag, ReadOnlySpan<byte> bytes)
    {
        into[at] = tag;
        at = PutVarint(into, at + 1, (uint)bytes.Length);
        bytes.CopyTo(into[at..]);
        return at + bytes.Length;
    }

    /// <summary>Writes the length of the message that ends at a place into the one byte left for it, or more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int EndMessage(Span<byte> into, int lengthAt, int end)
    {
        int length = end - lengthAt - 1;
        int more = VarintLength((uint)length) - 1;
        if (more > 0)
        {
            into[(lengthAt + 1)..end].CopyTo(into[(lengthAt + 1 + more)..]);
        }

        PutVarint(into, lengthAt, (uint)length);
        return end + more;
    }

    public static int PutTimestamp(Span<byte> into, int at, in MetricRow metric)
    {
        if ((metric.Content & MetricContent.Timestamp) == 0)
        {
            return at;
        }

        into[at] = ProtoTag.TimestampMs;
        return PutVarint(into, at + 1, (ulong)metric.TimestampMs);
    }

    /// <summary>Writes the integer count, unless it is absent or none is wanted, and the sum, unless it is absent.</summary>
    public static int PutCountAndSum(Span<byte> into, int at, in MetricRow metric, bool hasCount)
    {
        if (hasCount && (metric.Content & MetricContent.NoCount) == 0)
        {
            into[at] = ProtoTag.SampleCount;
            at = PutVarint(into, at + 1, metric.Count);
        }

        return (metric.Content & MetricContent.NoSum) == 0 ? PutDouble(into, at, ProtoTag.SampleSum, metric.Value) : at;
    }

    /// <summary>Writes a quantile or a bucket; it has less than 128 bytes.</summary>
    public static int PutPoint(Span<byte> into, int at, MetricType type, in MetricRow metric, in PointRow point)
    {
        into[at] = ProtoTag.Point;
        int start = at + 2;
        at = start;
        if (type == MetricType.Summary)
        {
            at = PutDouble(into, at, ProtoTag.Quantile, point.Bound);
            at = PutDouble(into, at, ProtoTag.QuantileValue, point.Value);
        }
        else if (point.Value != 0 || ((metric.Content & MetricContent.FloatCounts) != 0 && point.Count == 0))
        {
            at = PutDouble(into, at, ProtoTag.UpperBound, point.Bound);
            at = PutDouble(into, at, ProtoTag.CumulativeCountFloat, point.Value);
        }
        else
        {
            into[at] = ProtoTag.CumulativeCount;
            at = PutVarint(into, at + 1, point.Count);
            at = PutDouble(into, at, ProtoTag.UpperBound, point.Bound);
        }

        into[start - 1] = (byte)(at - start);
        return at;
    }
}
