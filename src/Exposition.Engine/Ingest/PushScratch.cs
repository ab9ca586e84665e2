using System.Runtime.CompilerServices;
using Exposition.Formats;

namespace Exposition.Engine.Ingest;

// What it takes depends on how short the lines are: five times the body where they have 70 bytes, twelve times where they have 15. Lines
// and labels are counted in a fraction of the time that it takes to read them.

/// <summary>How much memory a push needs beside its body.</summary>
internal static class PushScratch
{
    // The equal sign, the quotes and the comma.
    private const int AroundLabel = 4;

    // An empty instance label.
    private const int AroundLine = 16;

    // Of a family: its row, its places in tables, its entry and head, and what is found out about it. One without labels has a line, one
    // with a type two.
    private const int PerBareLine = 400;

    // A metric and a label in protobuf, as they usually are.
    private const int ProtobufMetric = 48;
    private const int ProtobufLabel = 20;

    // Of a stored byte: rows of what is stored and of what is made, their texts, and the block.
    private const int PerJoined = 12;

    /// <summary>The same of what a push is put together with: a group of so many bytes.</summary>
    public static long OfJoin(long stored) => PerJoined * stored;

    /// <summary>
    /// An estimate, rather too high: the rows, the order of the series, the text with its grouping labels, and the block that it is stored
    /// in.
    /// </summary>
    public static long Of(GroupingKey key, PushFormat format, ReadOnlySpan<byte> body)
    {
        bool isText = format != PushFormat.Protobuf;
        long lines = isText ? body.Count((byte)'\n') : body.Length / ProtobufMetric;
        long labels = isText ? body.Count((byte)'=') : body.Length / ProtobufLabel;
        long bare = isText ? Math.Max(0, lines - body.Count((byte)'{')) : 0;
        long added = 1;
        long perLine = AroundLine;
        foreach (GroupingLabel label in key.Labels)
        {
            added++;
            perLine += label.Name.Length + label.Value.Length + AroundLabel;
        }

        long metrics = lines * (Unsafe.SizeOf<MetricRow>() + (2 * sizeof(int)));
        long labelRows = ((2 * labels) + (lines * added)) * Unsafe.SizeOf<LabelRow>();
        return metrics + labelRows + (bare * PerBareLine) + (2 * (body.Length + (lines * perLine)));
    }
}
