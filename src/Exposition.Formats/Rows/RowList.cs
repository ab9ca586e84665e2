using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Exposition.Formats.Rows;

/// <summary>A growing array of rows that can be cleared without losing its memory. A mutable struct: keep it in a field.</summary>
/// <param name="progress">How far what the rows are read from has been read, where that is known.</param>
/// <param name="isSeries">Whether there may be no more than <see cref="ReadProgress.MostSeries"/>.</param>
internal struct RowList<T>(ReadProgress? progress, bool isSeries = false)
    where T : unmanaged
{
    // From here on an array that grows leaves much behind, so it grows to what will be needed.
    private const int Large = 1 << 20;

    // Beyond the limit: what is added to a set that was read.
    private const int Spare = 16;

    private readonly ReadProgress? _progress = progress;
    private readonly bool _isSeries = isSeries;
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

    /// <summary>
    /// Empties the list; an array of more than so many bytes is given up so that one huge body is not remembered for ever.
    /// </summary>
    public void Clear(long bytesKept)
    {
        _count = 0;
        if (_rows is not null && (long)_rows.Length * Unsafe.SizeOf<T>() > bytesKept)
        {
            _rows = null;
        }
    }

    /// <summary>Makes room for so many rows in all, where there is none.</summary>
    public void Expect(int count)
    {
        if (count > (_rows?.Length ?? 0))
        {
            Resize(count);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T[] Grow(int needed)
    {
        long size = Math.Max(needed, Math.Max(16, 2L * (_rows?.Length ?? 0)));
        long most = _isSeries && _progress is { MostSeries: > 0 } limited ? limited.MostSeries + (long)Spare : Array.MaxLength;
        if (needed > most)
        {
            throw new TooManyRowsException();
        }

        if (_progress is not null && size * Unsafe.SizeOf<T>() >= Large)
        {
            size = _progress.Foresee(needed);
        }

        return Resize((int)Math.Min(size, Math.Min(most, Array.MaxLength)));
    }

    private T[] Resize(int size)
    {
        T[] rows = GC.AllocateUninitializedArray<T>(size);
        Span.CopyTo(rows);
        return _rows = rows;
    }
}
