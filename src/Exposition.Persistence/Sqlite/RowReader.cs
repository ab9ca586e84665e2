using Exposition.Persistence.Rows;
using Exposition.Store;
using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Sqlite;

/// <summary>A row as it was read and checked.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">The group, or null if the row does not even say that.</param>
/// <param name="State">What it says of the group; without families if the row is damaged.</param>
/// <param name="Bytes">The size of the content.</param>
internal readonly record struct DecodedRow(long Id, GroupingKey? Key, GroupState State, int Bytes = 0)
{
    /// <summary>Checks and decodes a row of id, key, version, checksum and content. What a broken page yields need not be what the schema says.</summary>
    public static DecodedRow Of(SqliteDataReader row, byte[]? shape)
    {
        long id = row.GetInt64(0);
        return row.GetValue(1) is byte[] key && row.GetValue(2) is long version && row.GetValue(3) is long checksum && row.GetValue(4) is byte[] content
            ? Of(id, key, version, checksum, content, shape)
            : new DecodedRow(id, null, default);
    }

    private static DecodedRow Of(long id, byte[] key, long version, long checksum, byte[] content, byte[]? shape)
    {
        GroupState state = default;
        bool good = GroupingKey.TryCreate(key, out GroupingKey? group) && checksum == RowChecksum.Of(key, version, content)
            && (SplitColumn.IsOne(content)
                ? SplitColumn.TryJoin(content, shape, out state)
                : PackedContent.TryUnpack(content, out byte[] plain) && GroupContent.TryRead(plain, out state));
        return new DecodedRow(id, group, good ? state : default, content.Length + (shape?.Length ?? 0));
    }
}

/// <summary>Hands good rows on and counts all.</summary>
internal sealed class RowReader(RestoreGroup restore, Action<string> onDamaged)
{
    /// <summary>Takes groups that need no check.</summary>
    public RestoreGroup Restore => restore;

    public int Groups { get; private set; }

    public int Damaged { get; private set; }

    /// <summary>Takes a row.</summary>
    /// <returns>Whether it was good.</returns>
    public bool Take(in DecodedRow row)
    {
        if (row.State.Families is not null && TryRestore(row))
        {
            Groups++;
            return true;
        }

        Damaged++;
        onDamaged(row.Key?.ToString() ?? $"row {row.Id}");
        return false;
    }

    private bool TryRestore(in DecodedRow row)
    {
        try
        {
            restore(new KeptGroup(row.Key!, row.State.Families) { ExpiresAt = row.State.ExpiresAt, LastFailure = row.State.LastFailure });
            return true;
        }
        catch (InvalidOperationException)
        {
            // Its samples do not read back: written by a defect, and no reason to lose the other groups.
            return false;
        }
    }
}
