using Microsoft.Data.Sqlite;

namespace Exposition.Persistence.Sqlite;

/// <summary>A readable database that is not ours, or of a later schema than we know.</summary>
internal sealed class ForeignFileException(string message) : Exception(message);

/// <summary>Sorts SQLite's result codes (https://sqlite.org/rescode.html).</summary>
internal static class SqliteErrors
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int NoMemory = 7;
    private const int Corrupt = 11;
    private const int TooBig = 18;
    private const int NotADatabase = 26;

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
        Busy or Locked => new DurableStoreException(DurableFault.Locked, "the file is in use by another process", e),
        NoMemory or TooBig => new DurableStoreException(DurableFault.GroupRefused, e.Message, e),
        Corrupt or NotADatabase => new DurableStoreException(DurableFault.Damaged, e.Message, e),
        _ => new DurableStoreException(DurableFault.Unavailable, e.Message, e),
    };
}
