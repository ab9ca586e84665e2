using Exposition.Engine.Groups;

namespace Exposition.Engine.Repeats;

// Groups are pushed in turns, so "least recently used" would, once the groups are more than fit, always throw out what is needed next.
// Hence who is in stays in as long as it is used; only what has not served a push for a while makes room.

/// <summary>Bounds the memory of all shapes of a store. Safe for concurrent use.</summary>
internal sealed class ShapeCache(long capacity, TimeProvider time)
{
    private const int LooksPerEntry = 8;
    private static readonly TimeSpan s_stale = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private readonly List<PushShape> _entries = [];
    private long _bytes;
    private long _refused;
    private int _hand;

    /// <summary>Memory of the shapes, in bytes.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How often a shape found no room.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>Whether a body is small enough for a shape of it to be worth trying.</summary>
    public bool MayHold(int bodyLength) => bodyLength <= capacity / 8;

    /// <summary>Gives a shape to its group if there is room.</summary>
    public bool TryEnter(GroupSlot slot, PushShape shape)
    {
        lock (_lock)
        {
            for (int looks = 0; _bytes + shape.Size > capacity && looks < LooksPerEntry && _entries.Count > 0; looks++)
            {
                _hand = (_hand + 1) % _entries.Count;
                if (time.GetElapsedTime(_entries[_hand].LastUsed) > s_stale)
                {
                    Remove(_entries[_hand]);
                }
            }

            if (_bytes + shape.Size > capacity || slot.IsRemoved)
            {
                _refused += slot.IsRemoved ? 0 : 1;
                return false;
            }

            if (slot.Shape is { } old)
            {
                Remove(old);
            }

            shape.LastUsed = time.GetTimestamp();
            shape.Slot = slot;
            shape.CacheIndex = _entries.Count;
            _entries.Add(shape);
            _bytes += shape.Size;
            slot.Shape = shape;
            return true;
        }
    }

    /// <summary>Takes a group's shape away.</summary>
    public void Drop(GroupSlot slot)
    {
        lock (_lock)
        {
            if (slot.Shape is { } shape)
            {
                Remove(shape);
            }
        }
    }

    private void Remove(PushShape shape)
    {
        PushShape last = _entries[^1];
        last.CacheIndex = shape.CacheIndex;
        _entries[shape.CacheIndex] = last;
        _entries.RemoveAt(_entries.Count - 1);
        _bytes -= shape.Size;
        shape.Slot!.Shape = null;
        shape.Slot = null;
        shape.Discard();
    }
}
