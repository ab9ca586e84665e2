using Exposition.Formats.Protobuf;

namespace Exposition.Formats.Otlp;

/// <summary>The buckets of an exponential histogram of one sign.</summary>
internal sealed class OtlpBuckets
{
    /// <summary>Index of the first.</summary>
    public int Offset { get; private set; }

    /// <summary>Observations in each, from there on.</summary>
    public List<ulong> Counts { get; } = [];

    public void Clear()
    {
        Offset = 0;
        Counts.Clear();
    }

    /// <summary>Reads their message.</summary>
    /// <returns>True.</returns>
    public bool Read(ProtoReader reader)
    {
        while (reader.TryReadTag(out uint tag))
        {
            switch (tag)
            {
                case 1 << 3:
                    reader.TryReadVarint(out ulong offset);
                    Offset = (int)ProtoReader.ZigZag(offset);
                    break;
                case (2 << 3) | (uint)WireType.Bytes:
                    ProtoReader packed = reader.Enter();
                    while (packed.TryReadVarint(out ulong count))
                    {
                        Counts.Add(count);
                    }

                    break;
                case 2 << 3:
                    reader.TryReadVarint(out ulong one);
                    Counts.Add(one);
                    break;
                default:
                    reader.TrySkip(tag);
                    break;
            }
        }

        return true;
    }
}
