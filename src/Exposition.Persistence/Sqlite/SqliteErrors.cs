using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

/// <summary>A readable database that is not ours, or of a later schema than we know.</summary>
internal sealed class ForeignFileException(string message) : Exception(message);

/// <summary>Sorts SQLite's result codes (https://sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    /// <summary>Runs an action and translates its errors.</summary>
    public static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            throw Translate(e);
        }
    }

    public static DurableStoreException Translate(SqliteException e) => e.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new DurableStoreException(
            DurableFault.Locked, "the file is in use by another process, or by another engine of this one", e),
        raw.SQLITE_NOMEM or raw.SQLITE_TOOBIG => new DurableStoreException(DurableFault.GroupRefused, e.Message, e),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => new DurableStoreException(DurableFault.Damaged, e.Message, e),
        _ => new DurableStoreException(DurableFault.Unavailable, e.Message, e),
    };
}
