using Exposition.Persistence.Rows;
using Exposition.Store;

namespace Exposition.Persistence.Sqlite;

/// <summary>A row as it was read and checked.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">The group, or null if the row does not even say that.</param>
/// <param name="Families">Its families, or null if the row is damaged.</param>
/// <param name="Bytes">The size of the content.</param>
internal readonly record struct DecodedRow(long Id, GroupingKey? Key, FamilyEntry[]? Families, int Bytes = 0)
{
    /// <summary>Checks and decodes a row. Safe for concurrent use.</summary>
    public static DecodedRow Of(long id, byte[] key, long version, long checksum, byte[] content)
    {
        bool isKey = GroupingKey.TryCreate(key, out GroupingKey? group);
        FamilyEntry[] families = [];
        bool good = isKey && checksum == RowChecksum.Of(key, version, content)
            && PackedContent.TryUnpack(content, out byte[] plain) && GroupContent.TryRead(plain, out families);
        return new DecodedRow(id, group, good ? families : null, content.Length);
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
        if (row.Families is not null && TryRestore(row.Key!, row.Families))
        {
            Groups++;
            return true;
        }

        Damaged++;
        onDamaged(row.Key?.ToString() ?? $"row {row.Id}");
        return false;
    }

    private bool TryRestore(GroupingKey group, FamilyEntry[] families)
    {
        try
        {
            restore(group, families);
            return true;
        }
        catch (InvalidOperationException)
        {
            // Its samples do not read back: written by a defect, and no reason to lose the other groups.
            return false;
        }
    }
}
