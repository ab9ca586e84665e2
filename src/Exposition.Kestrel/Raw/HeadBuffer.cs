using System.Buffers;

namespace Exposition.Kestrel.Raw;

/// <summary>
/// A head that crosses buffers of the pipe, copied together in small steps, so that what follows it is not copied with it. A mutable
/// struct: keep it in a field.
/// </summary>
internal struct HeadBuffer
{
    private const int Step = 1024;

    private byte[]? _bytes;

    /// <summary>How much is copied; zero where the head is read in the pipe's own buffer.</summary>
    public int Length { get; private set; }

    /// <summary>What is copied. Valid until more is.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Copies the next few bytes, at first also all that the parser has seen in the pipe's own buffer.</summary>
    /// <param name="all">All that has come since the head's first byte.</param>
    /// <param name="searched">How far the parser has come.</param>
    /// <returns>False if there are no more.</returns>
    public bool Extend(in ReadOnlySequence<byte> all, int searched)
    {
        ReadOnlySequence<byte> more = all.Slice(Length);
        int count = (int)Math.Min(Step + Math.Max(0, searched - Length), more.Length);
        if (_bytes is null || _bytes.Length < Length + count)
        {
            // It grows by doubling: most heads are short, and many may be left unfinished.
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(4 * Step, 2 * (Length + count)));
            int length = Length;
            Bytes.CopyTo(larger);
            Return();
            (_bytes, Length) = (larger, length);
        }

        more.Slice(0, count).CopyTo(_bytes.AsSpan(Length));
        Length += count;
        return count > 0;
    }

    /// <summary>Forgets the head and gives its memory back.</summary>
    public void Return()
    {
        Length = 0;
        if (_bytes is not null)
        {
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = null;
        }
    }
}
