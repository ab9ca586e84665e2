using System.Diagnostics;
using Exposition.Engine;
using Exposition.Engine.Content;
using Exposition.Engine.Remembering;
using Exposition.Persistence.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

/// <summary>A row as it was read and checked.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">The group, or null if the row does not even say that.</param>
/// <param name="State">What it says of the group; without families if the row is damaged.</param>
/// <param name="Bytes">The size of the content.</param>
[DebuggerDisplay("{Id}: {Key}, {Bytes} bytes")]
internal readonly record struct DecodedRow(long Id, GroupingKey? Key, GroupState State, int Bytes = 0)
{
    /// <summary>What it remembers beside its families.</summary>
    public KeptMemory Memory { get; init; }

    /// <summary>Whether all ids could be read.</summary>
    public bool HasAllIds { get; init; } = true;
}

// Rows come by the million at a start. So a column is read where it lies, once; and of a small row, which is mostly names and help texts
// that all groups have, only the samples are kept.

/// <summary>Checks and decodes rows of id, key, version, checksum and content. For one thread.</summary>
/// <param name="ids">Where ids of pushes are; null if the file has none.</param>
internal sealed class RowDecoder(IdRows? ids)
{
    private const int SmallContent = 4096;

    private readonly byte[] _small = new byte[SmallContent];

    private readonly RecentHeads _heads = new();

    /// <summary>
    /// A column of bytes, which are good until the next row; false if it is something else. What a broken page yields need not be what the
    /// schema says.
    /// </summary>
    public static bool TryGetBytes(sqlite3_stmt row, int column, out ReadOnlySpan<byte> bytes)
    {
        bool there = raw.sqlite3_column_type(row, column) == raw.SQLITE_BLOB;
        bytes = there ? raw.sqlite3_column_blob(row, column) : default;
        return there;
    }

    /// <summary>Checks and decodes a row. Its key is empty if it is damaged; the shape is null if the row has none.</summary>
    public DecodedRow Decode(sqlite3_stmt row, long id, ReadOnlySpan<byte> key, byte[]? shape)
    {
        if (!GroupingKey.TryCreate(key, out GroupingKey? group))
        {
            return new DecodedRow(id, null, default);
        }

        GroupState state = default;
        bool good = TryGetInteger(row, 2, out long version) & TryGetInteger(row, 3, out long checksum)
            & TryGetBytes(row, 4, out ReadOnlySpan<byte> content)
            && checksum == RowChecksum.Of(key, version, content)
            && TryRead(content, shape, out state);
        if (!good)
        {
            return new DecodedRow(id, group, default, content.Length + (shape?.Length ?? 0));
        }

        KeptMemory memory = new(state.Memory, null, 0, null);
        bool hasAllIds = state.IdCount == 0 || (ids is not null && TryReadIds(ids, id, group, state, ref memory));
        return new DecodedRow(id, group, state, content.Length + (shape?.Length ?? 0)) { Memory = memory, HasAllIds = hasAllIds };
    }

    /// <summary>Whether the file is broken, and what can be read of it is looked for.</summary>
    public bool IsSalvaging { get; set; }

    private bool TryReadIds(IdRows ids, long id, GroupingKey group, in GroupState state, ref KeptMemory memory)
    {
        try
        {
            return ids.TryRead(id, group, state, ref memory);
        }
        catch (SqliteException e) when (IsSalvaging && SqliteErrors.Translate(e).Fault == DurableFault.Damaged)
        {
            // The group itself is good.
            return false;
        }
    }

    private static bool TryGetInteger(sqlite3_stmt row, int column, out long value)
    {
        bool there = raw.sqlite3_column_type(row, column) == raw.SQLITE_INTEGER;
        value = there ? raw.sqlite3_column_int64(row, column) : 0;
        return there;
    }

    private bool TryRead(ReadOnlySpan<byte> content, byte[]? shape, out GroupState state)
    {
        if (content.Length > SmallContent || PackedContent.IsOne(content) || SplitColumn.IsOne(content))
        {
            state = default;
            byte[] column = content.ToArray();
            return SplitColumn.IsOne(column)
                ? SplitColumn.TryJoin(column, shape, out state)
                : PackedContent.TryUnpack(column, out byte[] plain) && GroupContent.TryRead(plain, out state);
        }

        content.CopyTo(_small);
        if (!GroupContent.TryRead(_small, content.Length, _heads, out state))
        {
            return false;
        }

        MoveOut(state.Families);
        return true;
    }

    private static void MoveOut(FamilyEntry[] families)
    {
        int length = 0;
        foreach (ref readonly FamilyEntry family in families.AsSpan())
        {
            length += family.TextLength + family.Sidecar.Length;
        }

        byte[] kept = GC.AllocateUninitializedArray<byte>(length);
        int end = 0;
        for (int i = 0; i < families.Length; i++)
        {
            ref FamilyEntry family = ref families[i];
            family = family with
            {
                Text = Keep(family.Text, kept, ref end),
                Sidecar = Keep(family.Sidecar, kept, ref end),
            };
        }
    }

    private static ReadOnlyMemory<byte> Keep(ReadOnlyMemory<byte> bytes, byte[] into, ref int end)
    {
        if (bytes.IsEmpty)
        {
            return default;
        }

        Memory<byte> kept = into.AsMemory(end, bytes.Length);
        bytes.CopyTo(kept);
        end += bytes.Length;
        return kept;
    }
}
