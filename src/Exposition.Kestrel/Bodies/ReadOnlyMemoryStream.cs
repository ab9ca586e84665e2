namespace Exposition.Kestrel.Bodies;

/// <summary>Reads memory without copying it first. Not safe for concurrent use.</summary>
/// <param name="memory">What to read.</param>
/// <param name="oneByOne">How many of the last bytes are returned one by one, so that the position tells how many of them the reader
/// wanted.</param>
internal sealed class ReadOnlyMemoryStream(ReadOnlyMemory<byte> memory, int oneByOne = 0) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => memory.Length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Whether more was wanted than there is.</summary>
    public bool Exhausted { get; private set; }

    /// <summary>How many bytes the last read has returned.</summary>
    public int LastRead { get; private set; }

    public override int Read(Span<byte> buffer)
    {
        int left = memory.Length - _position;
        int count = Math.Min(buffer.Length, left > oneByOne ? left - oneByOne : oneByOne > 0 ? Math.Min(1, left) : left);
        Exhausted |= left == 0 && !buffer.IsEmpty;
        memory.Span.Slice(_position, count).CopyTo(buffer);
        _position += count;
        LastRead = count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
