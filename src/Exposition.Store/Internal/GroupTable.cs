using System.Collections.Concurrent;

namespace Exposition.Store.Internal;

// Many tables instead of one: a table that is full is made anew as a whole, while whoever adds to it holds the writer lock.

/// <summary>The groups by their keys. Safe for concurrent readers; changed under the store's writer lock.</summary>
internal sealed class GroupTable
{
    private const int Tables = 64;

    private ConcurrentDictionary<byte[], GroupSlot>[] _tables = NewTables();

    /// <summary>All groups, in no order.</summary>
    public IEnumerable<GroupSlot> All => Volatile.Read(ref _tables).SelectMany(static table => table.Select(static pair => pair.Value));

    /// <summary>The table for a hash, of as many.</summary>
    public static int PlaceOf(int hash, int tables) => (int)((uint)hash % (uint)tables);

    public GroupSlot? Find(GroupingKey key) => Find(key.Bytes, key.GetHashCode());

    public GroupSlot? Find(ReadOnlySpan<byte> key) => Find(key, Utf8Key.Comparer.GetHashCode(key));

    public void Add(GroupSlot slot) => _tables[PlaceOf(slot.Key.GetHashCode(), Tables)][slot.Key.Array] = slot;

    public void Remove(GroupSlot slot) => _tables[PlaceOf(slot.Key.GetHashCode(), Tables)].TryRemove(slot.Key.Array, out _);

    /// <summary>Moves all groups to a table of their own, in a time that does not depend on how many they are.</summary>
    public GroupTable MoveAll()
    {
        var moved = new GroupTable { _tables = _tables };
        Volatile.Write(ref _tables, NewTables());
        return moved;
    }

    private static ConcurrentDictionary<byte[], GroupSlot>[] NewTables() =>
        [.. Enumerable.Range(0, Tables).Select(static _ => new ConcurrentDictionary<byte[], GroupSlot>(1, 0, Utf8Key.Comparer))];

    private GroupSlot? Find(ReadOnlySpan<byte> key, int hash) =>
        Volatile.Read(ref _tables)[PlaceOf(hash, Tables)].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out GroupSlot? slot) ? slot : null;
}
