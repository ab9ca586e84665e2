using Exposition.Persistence.Rows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Exposition.Persistence.Sqlite;

// Rows are read in the order of their ids. Behind a page that cannot be read the reading starts again at the next id that can be found:
// first one by one, as a page of rows holds some hundreds at most; then, where a page is broken that leads to many, in steps that double,
// and back by halves. So nothing is lost but what is on broken pages, and what lies between two broken parts of the tree that are thousands
// of ids apart. Shapes are looked up one by one, so that a broken page of theirs costs the groups whose shapes are on it.

/// <summary>Reads what can be read of the groups of a damaged file.</summary>
/// <param name="connection">The file; no reader of it may be open.</param>
/// <param name="hasShapes">Whether there is a table of shapes.</param>
/// <param name="decoder">Decodes the rows.</param>
internal sealed class Salvage(SqliteConnection connection, bool hasShapes, RowDecoder decoder)
{
    private const int OneByOne = 4096;

    // Ids are given out one after the other: beyond it there are none.
    private const long Beyond = 1L << 48;

    /// <summary>Reads all groups that can be read from an id on.</summary>
    public void ReadFrom(long id, RowBatches into)
    {
        decoder.IsSalvaging = true;
        using SqliteCommand select = SqliteFile.Command(
            connection, "SELECT id, key, version, checksum, content FROM groups WHERE id >= $id ORDER BY id", "$id");
        using SqliteCommand shape = SqliteFile.Command(
            connection, hasShapes ? "SELECT content FROM shapes WHERE id = $id" : "SELECT NULL WHERE $id", "$id");
        using SqliteCommand probe = SqliteFile.Command(
            connection, "SELECT id FROM groups WHERE id >= $id ORDER BY id LIMIT 1", "$id");
        long? from = FirstFrom(probe, Math.Max(id, 1));
        while (from is { } start)
        {
            // If nothing is read, it is the content of the row that was found.
            long next = start + 1;
            from = TryRead() ? null : FirstFrom(probe, next);

            bool TryRead() => Try(() =>
            {
                select.Parameters[0].Value = start;
                using SqliteDataReader rows = select.ExecuteReader();
                while (rows.Read())
                {
                    sqlite3_stmt row = rows.Handle!;
                    long id = raw.sqlite3_column_int64(row, 0);
                    _ = RowDecoder.TryGetBytes(row, 1, out ReadOnlySpan<byte> key);
                    into.Add(decoder.Decode(row, id, key, ShapeOf(row, id, shape)));
                    next = id + 1;
                }
            });
        }
    }

    private static byte[]? ShapeOf(sqlite3_stmt row, long id, SqliteCommand shape)
    {
        byte[]? found = null;
        if (RowDecoder.TryGetBytes(row, 4, out ReadOnlySpan<byte> content) && SplitColumn.IsOne(content))
        {
            shape.Parameters[0].Value = id;
            Try(() => found = shape.ExecuteScalar() as byte[]);
        }

        return found;
    }

    // The first id from one on whose row can be found, or null if there is none.
    private static long? FirstFrom(SqliteCommand probe, long from)
    {
        long bad = from - 1;
        for (long step = 1, tried = 0; bad < Beyond; tried++, step = tried < OneByOne ? 1 : step * 2)
        {
            if (TryFind(bad + step, out long? found))
            {
                return step == 1 ? found : Between(bad, bad + step);
            }

            bad += step;
        }

        return null;

        // Between an id that cannot be looked for and one that can.
        long? Between(long bad, long good)
        {
            while (good - bad > 1)
            {
                long middle = bad + ((good - bad) / 2);
                (bad, good) = TryFind(middle, out _) ? (bad, middle) : (middle, good);
            }

            return TryFind(good, out long? found) ? found : null;
        }

        bool TryFind(long id, out long? found)
        {
            long? first = null;
            probe.Parameters[0].Value = id;
            bool good = Try(() => first = (long?)probe.ExecuteScalar());
            found = first;
            return good;
        }
    }

    private static bool Try(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (SqliteException e) when (SqliteErrors.Translate(e).Fault == DurableFault.Damaged)
        {
            return false;
        }
    }
}
