using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exposition.Formats.Internal;

/// <summary>A growing array of rows that can be cleared without losing its memory. A mutable struct: keep it in a field.</summary>
internal struct RowList<T>
    where T : unmanaged
{
    private T[]? _rows;
    private int _count;

    public readonly int Count => _count;

    /// <summary>The memory it keeps.</summary>
    public readonly long CapacityBytes => (_rows?.Length ?? 0) * (long)Unsafe.SizeOf<T>();

    /// <summary>The rows; valid until the list grows.</summary>
    public readonly ReadOnlyMemory<T> Memory => _rows.AsMemory(0, _count);

    public readonly Span<T> Span => _rows.AsSpan(0, _count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in T row)
    {
        T[]? rows = _rows;
        int count = _count;
        if (rows is null || (uint)count >= (uint)rows.Length)
        {
            rows = Grow(count + 1);
        }

        rows[count] = row;
        _count = count + 1;
    }

    /// <summary>Appends uninitialised rows and returns them.</summary>
    public Span<T> AddRange(int count)
    {
        int start = _count;
        if (_rows is null || _rows.Length - start < count)
        {
            Grow(checked(start + count));
        }

        _count = start + count;
        return _rows.AsSpan(start, count);
    }

    /// <summary>The first of at least <paramref name="count"/> free rows behind the last one; they join by <see cref="Commit"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T Reserve(int count)
    {
        T[]? rows = _rows;
        if (rows is null || rows.Length - _count < count)
        {
            rows = Grow(checked(_count + count));
        }

        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(rows), _count);
    }

    /// <summary>Takes in the first rows of those last reserved.</summary>
    public void Commit(int count) => _count += count;

    public void Truncate(int count) => _count = count;

    /// <summary>Empties the list; an array of more than so many bytes is given up so that one huge body is not remembered for ever.</summary>
    public void Clear(int bytesKept)
    {
        _count = 0;
        if (_rows is not null && (long)_rows.Length * Unsafe.SizeOf<T>() > bytesKept)
        {
            _rows = null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T[] Grow(int needed)
    {
        int size = Math.Max(needed, Math.Max(16, _rows is null ? 0 : (int)Math.Min((long)_rows.Length * 2, Array.MaxLength)));
        Array.Resize(ref _rows, size);
        return _rows;
    }
}
