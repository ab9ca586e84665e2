namespace Exposition.Engine.Remembering;

/// <summary>A push with an id, as it is remembered.</summary>
/// <param name="Id">Keyed hash of the id.</param>
/// <param name="Body">The same of the decoded body.</param>
/// <param name="At">When it was stored, in nanoseconds since the Unix epoch.</param>
/// <param name="Status">How it was answered.</param>
internal readonly record struct StoredId(UInt128 Id, UInt128 Body, long At, PushStatus Status);

// A ring. Ids have numbers, 1 for the first of a group; those from _first to _last are known. Who stores a push writes its id behind the
// last one (Stage), publishes a snapshot that says how many ids it has, and then makes it the last (Commit): if the publication fails, the
// place is written again. So whoever has a snapshot finds the ids that belong to it, as far as they are not forgotten. One at a time stages
// (Turns); all others only read.

/// <summary>The ids of the last pushes to a group.</summary>
/// <param name="incarnation">Tells them from those of an earlier group of the same key.</param>
/// <param name="count">How many it has had.</param>
internal sealed class PushIds(long incarnation, long count)
{
    /// <summary>What one counts for in <see cref="MetricStore.StoredBytes"/>.</summary>
    public const int BytesOfOne = 48;

    private const int FirstRoom = 16;

    private readonly Lock _lock = new();
    private StoredId[] _ring = [];
    private long _first = count + 1;
    private long _last = count;

    /// <summary>A group's first.</summary>
    public PushIds()
        : this(Random.Shared.NextInt64(), 0)
    {
    }

    public long Incarnation { get; } = incarnation;

    /// <summary>The key under which they are hashed, where nodes have the group in common; null for that of the store.</summary>
    public IdKey? Key { get; init; }

    /// <summary>The number of the newest one.</summary>
    public long Last => Volatile.Read(ref _last);

    /// <summary>The number of the oldest that is known.</summary>
    public long First => Volatile.Read(ref _first);

    /// <summary>What they count for in <see cref="MetricStore.StoredBytes"/>.</summary>
    public long Bytes => (long)BytesOfOne * _ring.Length;

    /// <summary>How many are known.</summary>
    public int Count => (int)(Volatile.Read(ref _last) - Volatile.Read(ref _first) + 1);

    /// <summary>The newest ones, the newest first.</summary>
    public StoredId[] Newest(int most)
    {
        lock (_lock)
        {
            var newest = new StoredId[Math.Min(most, Count)];
            for (int i = 0; i < newest.Length; i++)
            {
                newest[i] = At(_last - i);
            }

            return newest;
        }
    }

    /// <summary>Those from one number to another that are known, in their order, with the number of the first.</summary>
    public (long First, StoredId[] Ids) Range(long from, long to)
    {
        lock (_lock)
        {
            from = Math.Max(from, _first);
            var ids = new StoredId[Math.Max(0, to - from + 1)];
            for (int i = 0; i < ids.Length; i++)
            {
                ids[i] = At(from + i);
            }

            return (from, ids);
        }
    }

    /// <summary>Those that are known at a time, with one more, in memory of their own. These are not changed.</summary>
    /// <param name="ids">These; null for none.</param>
    /// <param name="added">The one; null for none.</param>
    /// <param name="since">Only those that were stored then or later.</param>
    /// <param name="most">How many there may be; 0 for any number.</param>
    /// <param name="key">The key under which they are hashed, unless they have their own.</param>
    /// <param name="forgotten">How many ids are forgotten for it that were still to be known.</param>
    /// <returns>Null where none is left.</returns>
    public static PushIds? With(PushIds? ids, StoredId? added, long since, int most, IdKey key, out int forgotten)
    {
        StoredId[] known = ids is null ? [] : ids.Range(ids.FirstSince(since), ids.Last).Ids;
        forgotten = added is not null && most > 0 ? Math.Max(0, known.Length + 1 - most) : 0;
        if (added is null && (known.Length == 0 || (ids!.Key is not null && known.Length == ids.Count)))
        {
            return known.Length == 0 ? null : ids;
        }

        known = added is { } one ? [.. known, one] : known;
        var next = ids is null ? new PushIds(Random.Shared.NextInt64(), 1) { Key = key }
            : new PushIds(ids.Incarnation, ids.Last + (added is null ? 0 : 1)) { Key = ids.Key ?? key };
        next.Restore(known, most);
        return next;
    }

    /// <summary>
    /// These; of another incarnation where they do not go on from those that the group has: a durable copy knows ids by their numbers.
    /// </summary>
    public PushIds After(PushIds? has)
    {
        if (has is null || has.Incarnation != Incarnation
            || (has.Last <= Last && (has.Count == 0 || has.Last < First || At(has.Last) == has.At(has.Last))))
        {
            return this;
        }

        var other = new PushIds(Random.Shared.NextInt64(), Last) { Key = Key };
        other.Restore(Range(First, Last).Ids, most: 0);
        return other;
    }

    /// <summary>Finds a push.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="since">Only one that was stored then or later.</param>
    /// <param name="found">The push.</param>
    public bool TryFind(UInt128 id, long since, out StoredId found)
    {
        for (long number = _last; number >= _first; number--)
        {
            ref readonly StoredId known = ref At(number);
            if (known.Id == id)
            {
                found = known;
                return known.At >= since;
            }
        }

        found = default;
        return false;
    }

    /// <summary>What they count for with one more, in bytes.</summary>
    public long BytesWithOneMore(long since, int most) => (long)BytesOfOne * RoomFor(since, most);

    /// <summary>Whether there is room for one more without growing.</summary>
    public bool HasRoom(long since, int most) => RoomFor(since, most) == _ring.Length;

    /// <summary>Writes the next one.</summary>
    /// <returns>Its number.</returns>
    public long Stage(in StoredId id, long since, int most)
    {
        lock (_lock)
        {
            Volatile.Write(ref _first, FirstSince(since));
            int room = RoomFor(since, most);
            if (room > _ring.Length)
            {
                var ring = new StoredId[room];
                for (long number = _first; number <= _last; number++)
                {
                    ring[number % room] = At(number);
                }

                _ring = ring;
            }

            _ring[(_last + 1) % _ring.Length] = id;
            return _last + 1;
        }
    }

    /// <summary>The push of the id that was staged is stored.</summary>
    /// <returns>How many ids are forgotten for it that were still to be known.</returns>
    public int Commit(int most)
    {
        lock (_lock)
        {
            Volatile.Write(ref _last, _last + 1);
            int forgotten = most > 0 ? Math.Max(0, Count - most) : 0;
            Volatile.Write(ref _first, _first + forgotten);
            return forgotten;
        }
    }

    /// <summary>Puts back ids that a durable copy has kept, in their order, before anybody else has these.</summary>
    public void Restore(ReadOnlySpan<StoredId> ids, int most)
    {
        ids = most > 0 && ids.Length > most ? ids[^most..] : ids;
        _first = _last - ids.Length + 1;
        _ring = new StoredId[RoomOf(ids.Length + 1, most)];
        for (int i = 0; i < ids.Length; i++)
        {
            _ring[(_first + i) % _ring.Length] = ids[i];
        }
    }

    private ref StoredId At(long number) => ref _ring[number % _ring.Length];

    private long FirstSince(long since)
    {
        long first = _first;
        while (first <= _last && At(first).At < since)
        {
            first++;
        }

        return first;
    }

    private int RoomFor(long since, int most) => Math.Max(_ring.Length, RoomOf(_last - FirstSince(since) + 2, most));

    // One place more than there may be, so that none goes before the next is stored.
    private static int RoomOf(long ids, int most)
    {
        long room = FirstRoom;
        while (room < ids)
        {
            room *= 2;
        }

        return checked((int)(most > 0 ? Math.Min(room, Math.Max((long)most + 1, 2)) : room));
    }
}
