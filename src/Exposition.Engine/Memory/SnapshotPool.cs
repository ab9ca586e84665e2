using System.Runtime.CompilerServices;

namespace Exposition.Engine.Memory;

/// <summary>Spare snapshots by the number of families that they have room for. Safe for concurrent use; takes no lock.</summary>
/// <param name="capacity">Most bytes that lie here unused.</param>
internal sealed class SnapshotPool(long capacity)
{
    private readonly SparePool<GroupSnapshot> _spare = new(capacity);

    /// <summary>Bytes that lie here unused.</summary>
    public long Bytes => _spare.Bytes;

    /// <summary>A snapshot with room for so many families. Nothing is in it.</summary>
    public GroupSnapshot Rent(int families)
    {
        int room = SparePool<GroupSnapshot>.SizeFor(families);
        return _spare.TryTake(room) ?? GroupSnapshot.Empty(room);
    }

    /// <summary>Takes a snapshot back that nobody refers to any more.</summary>
    public void Return(GroupSnapshot spare)
    {
        // Those of other pushes have room for just what is in them.
        int room = spare.Room;
        if (SparePool<GroupSnapshot>.SizeFor(room) == room)
        {
            spare.Clear();
            _spare.Put(room, SizeOf(room), spare);
        }
    }

    /// <summary>Lets go of what was not asked for since the last call.</summary>
    /// <returns>How many bytes that is.</returns>
    public long Trim() => _spare.Trim();

    private static long SizeOf(int room) => (long)room * Unsafe.SizeOf<FamilyEntry>();
}
