using System.Runtime.InteropServices;
using Exposition.Engine.Memory;

namespace Exposition.Engine.Ingest;

// Each POST adds a block. When they are many the smallest are packed into one, as far as each is not larger than all smaller ones together:
// so a small push does not copy a large group, and what is copied is copied again only with as much beside it. Blocks that hold mostly what
// is gone go with them.

/// <summary>Packs what a group has in many blocks, or in blocks of mostly nothing, into one.</summary>
internal static class GroupPacking
{
    private const int BlocksMax = 8;

    /// <summary>Packs if it is worth it.</summary>
    /// <param name="entries">The families of the group; of no more bytes than one block can hold.</param>
    /// <param name="pool">Where the block comes from.</param>
    /// <param name="newest">The block of the pushed ones; on return the block that is new in the group, with all that the other
    /// had.</param>
    public static void Repack(FamilyEntry[] entries, BlockPool pool, ref byte[] newest)
    {
        var blocks = new Dictionary<byte[], long>(ReferenceEqualityComparer.Instance);
        long all = 0;
        long live = 0;
        foreach (ref readonly FamilyEntry entry in entries.AsSpan())
        {
            if (entry.TextBlock is { } block)
            {
                long bytes = entry.TextLength + entry.Sidecar.Length;
                ref long known = ref CollectionsMarshal.GetValueRefOrAddDefault(blocks, block, out bool exists);
                known += bytes;
                live += bytes;
                all += exists ? 0 : block.Length;
            }
        }

        if (blocks.Count <= BlocksMax && live * 2 >= all)
        {
            return;
        }

        HashSet<byte[]> packed = Choose(blocks, newest, out long size);
        byte[] into = pool.Rent((int)size);
        int at = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            if (entries[i].TextBlock is { } block && packed.Contains(block))
            {
                FamilyEntry entry = entries[i];
                entries[i] = entry with { Text = Move(entry.Text, into, ref at), Sidecar = Move(entry.Sidecar, into, ref at) };
            }
        }

        newest = into;
    }

    // The newest is always among them, as a push brings one block.
    private static HashSet<byte[]> Choose(Dictionary<byte[], long> blocks, byte[] newest, out long size)
    {
        var packed = new HashSet<byte[]>(ReferenceEqualityComparer.Instance) { newest };
        size = blocks.GetValueOrDefault(newest);
        foreach ((byte[] block, long live) in blocks)
        {
            if (live * 2 < block.Length && packed.Add(block))
            {
                size += live;
            }
        }

        int left = blocks.Count - packed.Count + 1;
        foreach ((byte[] block, long live) in blocks.OrderBy(static block => block.Value))
        {
            if (packed.Contains(block))
            {
                continue;
            }

            if (left < BlocksMax && live > size)
            {
                break;
            }

            packed.Add(block);
            size += live;
            left--;
        }

        return packed;
    }

    /// <summary>Copies a piece into a block, at a place that moves on.</summary>
    public static ReadOnlyMemory<byte> Move(ReadOnlyMemory<byte> piece, byte[] block, ref int at)
    {
        piece.CopyTo(block.AsMemory(at));
        at += piece.Length;
        return piece.IsEmpty ? default : block.AsMemory(at - piece.Length, piece.Length);
    }
}
