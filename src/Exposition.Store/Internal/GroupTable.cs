using System.Collections.Concurrent;

namespace Exposition.Store.Internal;

// Many tables instead of one: a table that is full is made anew as a whole, while whoever adds to it holds the writer lock.

/// <summary>The groups by their keys. Safe for concurrent readers; changed under the store's writer lock.</summary>
internal sealed class GroupTable
{
    private const int Tables = 64;

    private readonly ConcurrentDictionary<byte[], GroupSlot>[] _tables =
        [.. Enumerable.Range(0, Tables).Select(static _ => new ConcurrentDictionary<byte[], GroupSlot>(1, 0, Utf8Key.Comparer))];

    /// <summary>All groups, in no order.</summary>
    public IEnumerable<GroupSlot> All => _tables.SelectMany(static table => table.Select(static pair => pair.Value));

    /// <summary>The table for a hash, of as many.</summary>
    public static int PlaceOf(int hash, int tables) => (int)((uint)hash % (uint)tables);

    public GroupSlot? Find(GroupingKey key) => Find(key.Bytes, key.GetHashCode());

    public GroupSlot? Find(ReadOnlySpan<byte> key) => Find(key, Utf8Key.Comparer.GetHashCode(key));

    public void Add(GroupSlot slot) => _tables[PlaceOf(slot.Key.GetHashCode(), Tables)][slot.Key.Array] = slot;

    public void Remove(GroupSlot slot) => _tables[PlaceOf(slot.Key.GetHashCode(), Tables)].TryRemove(slot.Key.Array, out _);

    public void Clear()
    {
        foreach (ConcurrentDictionary<byte[], GroupSlot> table in _tables)
        {
            table.Clear();
        }
    }

    private GroupSlot? Find(ReadOnlySpan<byte> key, int hash) =>
        _tables[PlaceOf(hash, Tables)].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out GroupSlot? slot) ? slot : null;
}
