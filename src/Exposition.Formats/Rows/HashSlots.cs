namespace Exposition.Formats.Rows;

// Open addressing with linear probing over one array. A slot counts only if it carries the current epoch, so clearing is one increment
// however large the last exposition was. Hashes come from KeyedHash.Text, which is keyed per process: a client cannot choose colliding
// names.

/// <summary>A reusable hash table from hashes to row indexes; the caller compares the rows. A mutable struct: keep it in a field.</summary>
internal struct HashSlots
{
    private const int SlotsKept = 1 << 19;

    private Slot[]? _slots;
    private int _count;
    private uint _epoch;

    /// <summary>Where a search for <paramref name="hash"/> begins.</summary>
    public readonly int Start(uint hash) => _slots is null ? 0 : (int)(hash & (uint)(_slots.Length - 1));

    /// <summary>Steps to the next row stored under the hash.</summary>
    /// <returns>False when there is no further one.</returns>
    public readonly bool Next(uint hash, ref int position, out int row)
    {
        Slot[]? slots = _slots;
        if (slots is not null)
        {
            int mask = slots.Length - 1;
            while (slots[position & mask].Epoch == _epoch)
            {
                ref Slot slot = ref slots[position & mask];
                position++;
                if (slot.Hash == hash)
                {
                    row = slot.Row;
                    return true;
                }
            }
        }

        row = -1;
        return false;
    }

    /// <summary>Adds a row; whether an equal one is there already is the caller's to know.</summary>
    public void Add(uint hash, int row)
    {
        if (_slots is null || _count * 2 >= _slots.Length)
        {
            Grow();
        }

        Place(_slots!, hash, row);
        _count++;
    }

    public void Clear()
    {
        _count = 0;
        if (_slots is { Length: > SlotsKept } || _epoch == uint.MaxValue)
        {
            _slots = null;
        }

        _epoch++;
    }

    private readonly void Place(Slot[] slots, uint hash, int row)
    {
        int mask = slots.Length - 1;
        int position = (int)hash & mask;
        while (slots[position].Epoch == _epoch)
        {
            position = (position + 1) & mask;
        }

        slots[position] = new Slot { Hash = hash, Row = row, Epoch = _epoch };
    }

    private void Grow()
    {
        Slot[]? old = _slots;
        var slots = new Slot[old is null ? 64 : checked(old.Length * 2)];
        uint epoch = _epoch;

        // A fresh array holds epoch 0 everywhere, which must not be the current one.
        _epoch = Math.Max(epoch, 1);
        if (old is not null)
        {
            foreach (ref Slot slot in old.AsSpan())
            {
                if (slot.Epoch == epoch)
                {
                    Place(slots, slot.Hash, slot.Row);
                }
            }
        }

        _slots = slots;
    }

    private struct Slot
    {
        public uint Hash;
        public int Row;
        public uint Epoch;
    }
}
