using System.Buffers.Binary;

namespace Exposition.Engine.Groups;

// To compare two keys is to fetch four objects. So each key is fetched once: what stands behind the start that all have in common becomes a
// number, the numbers are sorted, and what is equal in them is sorted by what follows.

/// <summary>Sorts many groups by their keys.</summary>
internal static class KeyOrder
{
    // Of a number of eight bytes the last says how many of the others belong to the key: of those that have ended, the shorter comes first.
    private const int Taken = sizeof(ulong) - 1;
    private const int Few = 16;

    public static void Sort(Span<GroupSlot> slots)
    {
        if (slots.Length <= Few)
        {
            slots.Sort(static (a, b) => a.Key.CompareTo(b.Key));
            return;
        }

        int from = CommonLength(slots);
        ulong[] numbers = new ulong[slots.Length];
        for (int i = 0; i < slots.Length; i++)
        {
            numbers[i] = NumberAt(slots[i].Key.Bytes, from);
        }

        numbers.AsSpan().Sort(slots);
        for (int first = 0, next = 1; first < slots.Length; first = next++)
        {
            while (next < slots.Length && numbers[next] == numbers[first])
            {
                next++;
            }

            if (next - first > 1)
            {
                Sort(slots[first..next]);
            }
        }
    }

    private static int CommonLength(ReadOnlySpan<GroupSlot> slots)
    {
        ReadOnlySpan<byte> common = slots[0].Key.Bytes;
        foreach (GroupSlot slot in slots)
        {
            common = common[..common.CommonPrefixLength(slot.Key.Bytes)];
        }

        return common.Length;
    }

    private static ulong NumberAt(ReadOnlySpan<byte> key, int from)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ReadOnlySpan<byte> rest = key[from..];
        bytes.Clear();
        rest[..Math.Min(rest.Length, Taken)].CopyTo(bytes);
        bytes[Taken] = (byte)Math.Min(rest.Length, sizeof(ulong));
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
