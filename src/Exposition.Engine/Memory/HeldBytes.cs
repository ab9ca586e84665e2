using Exposition.Engine.Groups;

namespace Exposition.Engine.Memory;

// While a scrape is open, memory of snapshots that it shows stays in use after they were replaced. Upper bound: bytes replaced since the
// oldest open scrape began, except those created after the newest one (as their serial says).

/// <summary>
/// Bytes of replaced snapshots, and of tables, that are held for the sake of scrapes. Safe for concurrent use; costs a push two reads while
/// no scrape is open.
/// </summary>
internal sealed class HeldBytes
{
    private readonly Lock _lock = new();
    private readonly List<long> _marks = [];
    private long _replaced;
    private long _tables;
    private long _oldestMark;
    private long _newestSerial;
    private int _open;
    private int _collecting;

    /// <summary>How many there are now.</summary>
    public long Now => Volatile.Read(ref _open) == 0
        ? 0
        : Volatile.Read(ref _tables) + Math.Max(0, Volatile.Read(ref _replaced) - Volatile.Read(ref _oldestMark));

    /// <summary>A scrape has made tables of so many bytes; negative, when it lets them go.</summary>
    public void AddTables(long bytes) => Interlocked.Add(ref _tables, bytes);

    /// <summary>A scrape is about to open its view.</summary>
    /// <returns>What <see cref="Close"/> is to be given.</returns>
    public long Open()
    {
        lock (_lock)
        {
            _collecting++;
            long mark = Volatile.Read(ref _replaced);
            _marks.Add(mark);
            Volatile.Write(ref _oldestMark, _marks[0]);
            Volatile.Write(ref _open, _marks.Count);
            return mark;
        }
    }

    /// <summary>It has opened it, and shows nothing that is made from now on.</summary>
    public void Opened()
    {
        lock (_lock)
        {
            Volatile.Write(ref _newestSerial, Math.Max(_newestSerial, EntrySerial.Last));
            _collecting--;
        }
    }

    /// <summary>It has closed.</summary>
    public void Close(long mark)
    {
        lock (_lock)
        {
            _marks.Remove(mark);
            Volatile.Write(ref _open, _marks.Count);
            Volatile.Write(ref _oldestMark, _marks.Count > 0 ? _marks[0] : 0);
        }
    }

    /// <summary>A snapshot was replaced.</summary>
    /// <param name="old">Its families.</param>
    /// <param name="current">Those in their place: the text of which is the same lives on in them.</param>
    public void Replaced(ReadOnlySpan<FamilyEntry> old, ReadOnlySpan<FamilyEntry> current)
    {
        if (Volatile.Read(ref _open) == 0)
        {
            return;
        }

        long newest = Volatile.Read(ref _collecting) > 0 ? long.MaxValue : Volatile.Read(ref _newestSerial);

        // Both are in order of their names.
        long bytes = 0;
        int at = 0;
        foreach (ref readonly FamilyEntry entry in old)
        {
            if (entry.Serial > newest)
            {
                continue;
            }

            while (at < current.Length && !current[at].Name.Equals(entry.Name)
                && current[at].Name.Span.SequenceCompareTo(entry.Name.Span) < 0)
            {
                at++;
            }

            bytes += at < current.Length && current[at].Serial == entry.Serial ? 0 : entry.TextLength + entry.Sidecar.Length;
        }

        Interlocked.Add(ref _replaced, bytes);
    }
}
