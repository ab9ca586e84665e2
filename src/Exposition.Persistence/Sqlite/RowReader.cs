using Exposition.Persistence.Rows;
using Exposition.Store;

namespace Exposition.Persistence.Sqlite;

/// <summary>Checks rows and hands the good ones on.</summary>
internal sealed class RowReader(RestoreGroup restore, Action<string> onDamaged)
{
    /// <summary>Takes groups that need no check.</summary>
    public RestoreGroup Restore => restore;

    public int Groups { get; private set; }

    public int Damaged { get; private set; }

    /// <summary>Takes a row.</summary>
    /// <returns>Whether it was good.</returns>
    public bool Take(long id, byte[] key, long version, long checksum, byte[] content)
    {
        bool isKey = GroupingKey.TryCreate(key, out GroupingKey? group);
        if (isKey && checksum == RowChecksum.Of(key, version, content) && GroupContent.TryRead(content, out FamilyEntry[] families)
            && TryRestore(group!, families))
        {
            Groups++;
            return true;
        }

        return Refuse(isKey ? group!.ToString() : $"row {id}");
    }

    /// <summary>Counts and reports a row that is not good.</summary>
    /// <returns>False.</returns>
    public bool Refuse(string what)
    {
        Damaged++;
        onDamaged(what);
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
