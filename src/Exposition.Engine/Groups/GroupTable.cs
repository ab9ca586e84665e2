using System.Collections.Concurrent;

namespace Exposition.Engine.Groups;

// Many tables instead of one: a table that is full is made anew as a whole, while whoever adds to it holds the writer lock. And so is one
// that has become nearly empty, as these do not shrink. Who reads the old one meanwhile misses what is added to the new: of a group that
// comes at the moment, either answer is right.

/// <summary>The groups by their keys. Safe for concurrent readers; changed under the store's writer lock.</summary>
internal sealed class GroupTable
{
    private const int Tables = 64;
    private const int SmallTable = 256;
    private const int LeastShareUsed = 8;

    private Table[] _tables = NewTables();

    /// <summary>All groups, in no order.</summary>
    public IEnumerable<GroupSlot> All =>
        Volatile.Read(ref _tables).SelectMany(static table => table.Groups.Select(static pair => pair.Value));

    /// <summary>The table for a hash, of as many.</summary>
    public static int PlaceOf(int hash, int tables) => (int)((uint)hash % (uint)tables);

    public GroupSlot? Find(GroupingKey key) => Find(key.Bytes, key.GetHashCode());

    public GroupSlot? Find(ReadOnlySpan<byte> key) => Find(key, Utf8Key.Comparer.GetHashCode(key));

    public void Add(GroupSlot slot) => TableOf(slot.Key.GetHashCode()).Add(slot);

    public void Remove(GroupSlot slot) => TableOf(slot.Key.GetHashCode()).Remove(slot);

    /// <summary>Moves all groups to a table of their own, in a time that does not depend on how many they are.</summary>
    public GroupTable MoveAll()
    {
        var moved = new GroupTable { _tables = _tables };
        Volatile.Write(ref _tables, NewTables());
        return moved;
    }

    private static Table[] NewTables() => [.. Enumerable.Range(0, Tables).Select(static _ => new Table())];

    private Table TableOf(int hash) => Volatile.Read(ref _tables)[PlaceOf(hash, Tables)];

    private GroupSlot? Find(ReadOnlySpan<byte> key, int hash) =>
        TableOf(hash).Groups.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out GroupSlot? slot) ? slot : null;

    private sealed class Table
    {
        private ConcurrentDictionary<byte[], GroupSlot> _groups = New(0);
        private int _count;
        private int _most;

        public ConcurrentDictionary<byte[], GroupSlot> Groups => Volatile.Read(ref _groups);

        public void Add(GroupSlot slot)
        {
            Groups[slot.Key.Array] = slot;
            _most = Math.Max(_most, ++_count);
        }

        public void Remove(GroupSlot slot)
        {
            Groups.TryRemove(slot.Key.Array, out _);
            _count--;
            if (_most > SmallTable && _count < _most / LeastShareUsed)
            {
                Shrink();
            }
        }

        private void Shrink()
        {
            ConcurrentDictionary<byte[], GroupSlot> fewer = New(_count);
            foreach ((byte[] key, GroupSlot slot) in Groups)
            {
                fewer[key] = slot;
            }

            _most = _count;
            Volatile.Write(ref _groups, fewer);
        }

        private static ConcurrentDictionary<byte[], GroupSlot> New(int capacity) => new(1, capacity, Utf8Key.Comparer);
    }
}
