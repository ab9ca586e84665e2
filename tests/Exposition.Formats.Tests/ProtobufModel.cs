namespace Exposition.Formats.Tests;

/// <summary>
/// A slow and simple judge of what Go's protobuf accepts as a MetricFamily: nothing but the wire rules, spelled out once more.
/// </summary>
internal sealed class ProtobufModel
{
    // message -> (field -> (wire type, child message, packed element wire type or -1))
    private static readonly Dictionary<string, Dictionary<int, (int Wire, string? Child, int Packed)>> s_messages = new()
    {
        ["family"] = new() { [1] = (2, null, -1), [2] = (2, null, -1), [3] = (0, null, -1), [4] = (2, "metric", -1), [5] = (2, null, -1) },
        ["metric"] = new()
        {
            [1] = (2, "pair", -1),
            [2] = (2, "value", -1),
            [3] = (2, "counter", -1),
            [4] = (2, "summary", -1),
            [5] = (2, "value", -1),
            [6] = (0, null, -1),
            [7] = (2, "histogram", -1)
        },
        ["pair"] = new() { [1] = (2, null, -1), [2] = (2, null, -1) },
        ["value"] = new() { [1] = (1, null, -1) },
        ["counter"] = new() { [1] = (1, null, -1), [2] = (2, "exemplar", -1), [3] = (2, "time", -1) },
        ["summary"] = new() { [1] = (0, null, -1), [2] = (1, null, -1), [3] = (2, "quantile", -1), [4] = (2, "time", -1) },
        ["quantile"] = new() { [1] = (1, null, -1), [2] = (1, null, -1) },
        ["histogram"] = new()
        {
            [1] = (0, null, -1),
            [2] = (1, null, -1),
            [3] = (2, "bucket", -1),
            [4] = (1, null, -1),
            [5] = (0, null, -1),
            [6] = (1, null, -1),
            [7] = (0, null, -1),
            [8] = (1, null, -1),
            [9] = (2, "span", -1),
            [10] = (0, null, 0),
            [11] = (1, null, 1),
            [12] = (2, "span", -1),
            [13] = (0, null, 0),
            [14] = (1, null, 1),
            [15] = (2, "time", -1),
            [16] = (2, "exemplar", -1),
        },
        ["bucket"] = new() { [1] = (0, null, -1), [2] = (1, null, -1), [3] = (2, "exemplar", -1), [4] = (1, null, -1) },
        ["span"] = new() { [1] = (0, null, -1), [2] = (0, null, -1) },
        ["exemplar"] = new() { [1] = (2, "pair", -1), [2] = (1, null, -1), [3] = (2, "time", -1) },
        ["time"] = new() { [1] = (0, null, -1), [2] = (0, null, -1) },
    };

    private readonly byte[] _bytes;
    private int _at;

    private ProtobufModel(byte[] bytes) => _bytes = bytes;

    public static bool IsFamily(byte[] message)
    {
        try
        {
            new ProtobufModel(message).Message("family", -1);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private void Message(string type, int group)
    {
        while (_at < _bytes.Length || group >= 0)
        {
            ulong tag = Varint();
            ulong number = tag >> 3;
            int wire = (int)(tag & 7);
            Require(number is >= 1 and <= (1 << 29) - 1);
            if (wire == 4)
            {
                Require(group == (int)number);
                return;
            }

            bool known = s_messages.TryGetValue(type, out var fields) & (fields ?? []).TryGetValue((int)number, out var field);
            switch (wire)
            {
                case 0:
                    Varint();
                    break;
                case 1:
                    Take(8);
                    break;
                case 2:
                    byte[] inner = Take(Varint());
                    if (known && field.Child is not null)
                    {
                        new ProtobufModel(inner).Message(field.Child, -1);
                    }
                    else if (known && field.Packed >= 0)
                    {
                        var packed = new ProtobufModel(inner);
                        while (packed._at < inner.Length)
                        {
                            _ = field.Packed == 0 ? packed.Varint() : (ulong)packed.Take(8).Length;
                        }
                    }

                    break;
                case 3:
                    Message("", (int)number);
                    break;
                case 5:
                    Take(4);
                    break;
                default:
                    Require(false);
                    break;
            }
        }
    }

    private ulong Varint()
    {
        UInt128 value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (UInt128)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                Require(value <= ulong.MaxValue);
                return (ulong)value;
            }
        }

        throw new FormatException();
    }

    private byte[] Take(ulong count)
    {
        Require(count <= (ulong)(_bytes.Length - _at));
        _at += (int)count;
        return _bytes[(_at - (int)count).._at];
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new FormatException();
        }
    }
}
