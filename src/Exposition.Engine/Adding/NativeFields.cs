using Exposition.Formats.Protobuf;

namespace Exposition.Engine.Adding;

// As they come; a field that comes twice is merged: numbers are replaced, lists are joined.

/// <summary>The fields of a native histogram as they are on the wire.</summary>
internal sealed class NativeFields
{
    public int Schema { get; private set; }

    public double ZeroThreshold { get; private set; }

    public ulong ZeroWhole { get; private set; }

    public double ZeroReal { get; private set; }

    public List<(int Offset, uint Length)> NegativeSpans { get; } = [];

    public List<(int Offset, uint Length)> PositiveSpans { get; } = [];

    public List<long> NegativeDeltas { get; } = [];

    public List<long> PositiveDeltas { get; } = [];

    public List<double> NegativeReals { get; } = [];

    public List<double> PositiveReals { get; } = [];

    public bool HasReals => NegativeReals.Count + PositiveReals.Count > 0;

    public void Read(uint tag, ref ProtoReader reader)
    {
        if (!ProtoSchema.TryGetField(ProtoMessage.Histogram, tag, out ProtoField? field) || field.Number is < 5 or > 14)
        {
            reader.TrySkip(tag);
        }
        else if (field.Kind == ProtoKind.Message)
        {
            (field.Number == 9 ? NegativeSpans : PositiveSpans).Add(ReadSpan(reader.Enter()));
        }
        else if (ProtoSchema.IsPacked(field, tag))
        {
            ProtoReader packed = reader.Enter();
            while (!packed.AtEnd)
            {
                Take(field, ref packed);
            }
        }
        else
        {
            Take(field, ref reader);
        }
    }

    private void Take(ProtoField field, ref ProtoReader reader)
    {
        ulong bits;
        _ = field.WireType == WireType.Fixed64 ? reader.TryReadFixed64(out bits) : reader.TryReadVarint(out bits);
        double real = BitConverter.UInt64BitsToDouble(bits);
        switch (field.Number)
        {
            case 5:
                Schema = (int)ProtoReader.ZigZag((uint)bits);
                break;
            case 6:
                ZeroThreshold = real;
                break;
            case 7:
                ZeroWhole = bits;
                break;
            case 8:
                ZeroReal = real;
                break;
            case 10:
                NegativeDeltas.Add(ProtoReader.ZigZag(bits));
                break;
            case 11:
                NegativeReals.Add(real);
                break;
            case 13:
                PositiveDeltas.Add(ProtoReader.ZigZag(bits));
                break;
            case 14:
                PositiveReals.Add(real);
                break;
        }
    }

    private static (int Offset, uint Length) ReadSpan(ProtoReader reader)
    {
        (int offset, uint length) = (0, 0);
        while (reader.TryReadTag(out uint tag))
        {
            if (tag == ProtoTag.SpanOffset && reader.TryReadVarint(out ulong zigZag))
            {
                offset = (int)ProtoReader.ZigZag((uint)zigZag);
            }
            else if (tag == ProtoTag.SpanLength && reader.TryReadVarint(out ulong buckets))
            {
                length = (uint)buckets;
            }
            else if (tag is not (ProtoTag.SpanOffset or ProtoTag.SpanLength))
            {
                reader.TrySkip(tag);
            }
        }

        return (offset, length);
    }
}
