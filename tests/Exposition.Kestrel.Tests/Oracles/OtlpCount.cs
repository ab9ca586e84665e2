namespace Exposition.Kestrel.Tests;

// A walk by the grammar of protobuf alone, over requests that are known to be well formed; the engine's readers have no part in it.

/// <summary>Counts data points of a request once more.</summary>
internal static class OtlpCount
{
    private const int Gauge = 5, Sum = 7, Histogram = 9, Exponential = 10, Summary = 11;

    private static readonly Dictionary<int, int> s_flags = new()
    {
        [Gauge] = 8,
        [Sum] = 8,
        [Histogram] = 10,
        [Exponential] = 10,
        [Summary] = 8,
    };

    /// <summary>All of them, and those that have a value: whose flags do not say that they have none.</summary>
    public static (long All, long WithValue) Of(ReadOnlyMemory<byte> request)
    {
        IEnumerable<ReadOnlyMemory<byte>> metrics = Inside(request, 1).SelectMany(static resource => Inside(resource, 2))
            .SelectMany(static scope => Inside(scope, 2));
        bool[] haveValues = [.. metrics.SelectMany(static metric => s_flags.SelectMany(kind => Inside(metric, kind.Key)
            .SelectMany(static data => Inside(data, 1)).Select(point => HasValue(point, kind.Value))))];
        return (haveValues.Length, haveValues.Count(static has => has));
    }

    private static bool HasValue(ReadOnlyMemory<byte> point, int flags) => (Fields(point)
        .Where(field => field.Number == flags && field.Wire == 0).Select(static field => field.Value).LastOrDefault() & 1) == 0;

    private static IEnumerable<ReadOnlyMemory<byte>> Inside(ReadOnlyMemory<byte> message, int number) =>
        Fields(message).Where(field => field.Number == number && field.Wire == 2).Select(static field => field.Bytes);

    private static IEnumerable<(int Number, int Wire, ulong Value, ReadOnlyMemory<byte> Bytes)> Fields(ReadOnlyMemory<byte> message)
    {
        int at = 0, groups = 0;
        while (at < message.Length)
        {
            ulong tag = Varint(message.Span, ref at);
            int wire = (int)(tag & 7);
            ulong value = 0;
            ReadOnlyMemory<byte> bytes = default;
            switch (wire)
            {
                case 0:
                    value = Varint(message.Span, ref at);
                    break;
                case 1 or 5:
                    at += wire == 1 ? 8 : 4;
                    break;
                case 2:
                    int length = (int)Varint(message.Span, ref at);
                    bytes = message.Slice(at, length);
                    at += length;
                    break;
                default:
                    groups += wire == 3 ? 1 : -1;
                    break;
            }

            if (groups == 0 && wire < 3)
            {
                yield return ((int)(tag >> 3), wire, value, bytes);
            }
        }
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        int shift = 0;
        do
        {
            value |= (ulong)(bytes[at] & 0x7F) << shift;
            shift += 7;
        }
        while (bytes[at++] >= 0x80);
        return value;
    }
}
