using System.Runtime.InteropServices;
using System.Text;
using Exposition.Engine.Remembering;

namespace Exposition.Engine.Content;

// What a group remembers that pushes add to, as fields (see GroupFields). A group without it has none of them:
//   mode     := tag 3: mode:1. Only of one that puts together.
//   ids      := tag 4: incarnation:8 count:8 [key:16 bytes, of ids that have their own]. In a durable copy the ids themselves have rows of
//               their own, see IdRows.
//   chunk    := tag 7: IdChunk: the last ones, in a message between nodes.
//   source   := tag 5: lastPush:8 text(name) known:1 [count:varint family* [times*]]. One of each; families are those of a content.
//   times    := count:varint (0 = unknown) nanoseconds:8 ... of each family. Only of a source that says of when its values are.

/// <summary>Writes and reads the fields of what a group remembers.</summary>
internal static class MemoryFields
{
    public const int Mode = 3;
    public const int Ids = 4;
    public const int Source = 5;
    public const int Chunk = 7;

    private const int Fixed = (4 * ContentWriter.MaxVarint) + (2 * sizeof(long));

    /// <summary>An upper bound of what they take.</summary>
    public static long MaxSize(in KeptMemory kept)
    {
        long size = (3 * Fixed) + IdKey.Length + (kept.HasIds && kept.Ids is { } ids ? (long)IdChunk.OfOne * ids.Count : 0);
        foreach ((string name, SourceState source) in kept.Memory?.Sources?.All ?? [])
        {
            size += SizeOf(name, source) + (2 * ContentWriter.MaxVarint);
        }

        return size;
    }

    public static void Write(in KeptMemory kept, ref ContentWriter writer)
    {
        if (kept.Memory is { } memory && PushModes.Joins(memory.Mode))
        {
            writer.Varint(Mode);
            writer.Varint(1);
            writer.Byte((byte)memory.Mode);
        }

        if (kept.Ids is { } ids)
        {
            writer.Varint(Ids);
            writer.Varint((2 * sizeof(long)) + (ids.Key is null ? 0 : IdKey.Length));
            writer.Int64(ids.Incarnation);
            writer.Int64(kept.IdCount);
            writer.Bytes(ids.Key is { } key ? key.Bytes.Span : []);
            if (kept.HasIds)
            {
                writer.Varint(Chunk);
                writer.Text(IdChunk.Write(ids.Range(ids.First, kept.IdCount).Ids));
            }
        }

        foreach ((string name, SourceState source) in kept.Memory?.Sources?.All ?? [])
        {
            byte[] field = new byte[checked((int)SizeOf(name, source))];
            var inner = new ContentWriter(field);
            Write(name, source, ref inner);
            writer.Varint(Source);
            writer.Text(field.AsSpan(0, inner.Position));
        }
    }

    /// <summary>Reads one of the fields.</summary>
    /// <returns>False if it is not in order.</returns>
    public static bool TryRead(int tag, ref ContentReader field, ref GroupState state)
    {
        switch (tag)
        {
            case Mode:
                bool known = field.TryByte(out byte mode) && mode <= (byte)PushMode.Cumulative;
                state = state with { Mode = (PushMode)mode };
                return known;
            case Ids:
                bool there = field.TryInt64(out long incarnation) & field.TryInt64(out long count);
                IdKey? key = field.TryBytes(IdKey.Length, out ReadOnlyMemory<byte> own) ? new IdKey(own.ToArray()) : null;
                state = state with { Incarnation = incarnation, IdCount = count, IdKey = key };
                return there && count > 0;
            case Chunk:
                List<StoredId> ids = [];
                bool isInOrder = field.TryBytes(field.Left, out ReadOnlyMemory<byte> chunk) && IdChunk.TryRead(chunk.Span, ids)
                    && state.IdKey is not null && ids.Count > 0 && ids.Count <= state.IdCount;
                state = isInOrder ? state with { Ids = state.IdsOf(CollectionsMarshal.AsSpan(ids), most: 0) } : state;
                return isInOrder;
            default:
                return TryReadSource(ref field, ref state);
        }
    }

    private static long SizeOf(string name, SourceState source)
    {
        long size = Fixed + (3L * name.Length);
        foreach (FamilyEntry family in source.Families ?? [])
        {
            size += GroupContent.MaxSize(family);
        }

        foreach (long[]? times in source.Times ?? [])
        {
            size += ContentWriter.MaxVarint + (sizeof(long) * (times?.LongLength ?? 0));
        }

        return size;
    }

    private static void Write(string name, SourceState source, ref ContentWriter writer)
    {
        writer.Int64(source.LastPush);
        writer.Text(Encoding.UTF8.GetBytes(name));
        writer.Byte(source.IsForgotten ? (byte)0 : (byte)1);
        if (source.Families is { } families)
        {
            writer.Varint(families.Length);
            foreach (ref readonly FamilyEntry family in families.AsSpan())
            {
                GroupContent.WriteFamily(family, ref writer);
            }
        }

        foreach (long[]? times in source.Times ?? [])
        {
            writer.Varint(times?.Length ?? 0);
            foreach (long time in times ?? [])
            {
                writer.Int64(time);
            }
        }
    }

    private static bool TryReadSource(ref ContentReader field, ref GroupState state)
    {
        if (!field.TryInt64(out long lastPush) || !field.TryText(out ReadOnlyMemory<byte> name) || !field.TryByte(out byte known))
        {
            return false;
        }

        FamilyEntry[]? families = null;
        long[]?[]? times = null;
        if (known != 0)
        {
            if (!field.TryVarint(out int count) || count > field.Left)
            {
                return false;
            }

            families = new FamilyEntry[count];
            for (int i = 0; i < count; i++)
            {
                if (!GroupContent.TryReadFamily(ref field, i, null, out families[i]))
                {
                    return false;
                }
            }

            if (!TryReadTimes(ref field, count, out times))
            {
                return false;
            }
        }

        var sources = state.Sources ?? new Dictionary<string, SourceState>(StringComparer.Ordinal);
        sources[Encoding.UTF8.GetString(name.Span)] = new SourceState(lastPush, families, times);
        state = state with { Sources = sources };
        return true;
    }

    private static bool TryReadTimes(ref ContentReader field, int families, out long[]?[]? times)
    {
        times = field.AtEnd ? null : new long[]?[families];
        for (int i = 0; i < (times?.Length ?? 0); i++)
        {
            if (!field.TryVarint(out int count) || count > field.Left / sizeof(long))
            {
                return false;
            }

            long[] all = new long[count];
            for (int metric = 0; metric < count; metric++)
            {
                field.TryInt64(out all[metric]);
            }

            times![i] = count > 0 ? all : null;
        }

        return true;
    }
}
