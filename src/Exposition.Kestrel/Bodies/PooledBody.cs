using System.Numerics;

namespace Exposition.Kestrel.Bodies;

// A body is one contiguous array (BodyMemory). It is as long as the body is to be, but not longer than eight times what has come: a
// Content-Length is a promise of the client, not a reason to reserve memory. Where nobody has said how long, it grows by doubling. Each
// array is taken from what all bodies may hold, where there is a limit; TryReserve is the only thing that can fail, all else relies on it
// or, in tests, on there being none. Dispose returns the array; a body can be filled again afterwards. Not safe for concurrent use.

/// <summary>A growing byte buffer of pooled memory.</summary>
/// <param name="claim">What the request holds of the memory for all bodies; null for no limit.</param>
internal sealed class PooledBody(BodyClaim? claim = null) : IDisposable
{
    private const int Smallest = 4096;
    private const int LargestFirst = 1 << 20;
    private const int LargestUnearned = 64 << 10;
    private const int Ahead = 8;

    private byte[] _bytes = [];
    private long _expected;

    public int Length { get; private set; }

    /// <summary>The bytes. Valid until the body grows or is disposed of.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes.AsMemory(0, Length);

    /// <summary>Says how many bytes will probably still come.</summary>
    public void Expect(long bytes) => _expected = Length + bytes;

    /// <summary>Makes room.</summary>
    /// <returns>False if all bodies together hold too much; nothing has changed then.</returns>
    public bool TryReserve(int atLeast)
    {
        if (_bytes.Length - Length >= atLeast)
        {
            return true;
        }

        long needed = (long)Length + atLeast;
        int size = BodyMemory.SizeFor((int)Math.Min(Math.Max(needed, _bytes.Length == 0 ? First(atLeast) : Next(needed)), Array.MaxLength));
        if (claim?.TryTake(size) == false)
        {
            return false;
        }

        byte[] larger = Rent(size);
        _bytes.AsSpan(0, Length).CopyTo(larger);
        Return();
        _bytes = larger;
        return true;
    }

    // The pieces that come are of all sizes: arrays shall not be.
    private long First(int atLeast)
    {
        long most = Math.Clamp((long)BitOperations.RoundUpToPowerOf2((uint)atLeast) * Ahead, LargestUnearned, LargestFirst);
        return Math.Clamp(_expected, Smallest, most);
    }

    private long Next(long needed) => _expected >= needed ? Math.Min(_expected, Ahead * needed) : _bytes.Length * 2L;

    /// <summary>Memory behind the last byte, not empty. To be reserved before, where there is a limit.</summary>
    public Memory<byte> GetMemory(int atLeast = 1) =>
        TryReserve(atLeast) ? _bytes.AsMemory(Length) : throw new InvalidOperationException("no room was reserved");

    /// <summary>Takes bytes written to <see cref="GetMemory"/>.</summary>
    public void Advance(int count) => Length += count;

    /// <summary>Appends. To be reserved before, where there is a limit.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        // An empty append needs no reservation.
        if (!bytes.IsEmpty)
        {
            bytes.CopyTo(GetMemory(bytes.Length).Span);
            Length += bytes.Length;
        }
    }

    /// <summary>Empties the body and gives its memory back.</summary>
    public void Dispose()
    {
        Length = 0;
        _expected = 0;
        Return();
    }

    // Where the system has no memory, what was taken of the limit is given back: nobody else would.
    private byte[] Rent(int size)
    {
        try
        {
            return BodyMemory.Rent(size);
        }
        catch
        {
            claim?.GiveBack(size);
            throw;
        }
    }

    private void Return()
    {
        byte[] bytes = _bytes;
        _bytes = [];
        if (bytes.Length > 0)
        {
            claim?.GiveBack(bytes.Length);
            BodyMemory.Return(bytes);
        }
    }
}
