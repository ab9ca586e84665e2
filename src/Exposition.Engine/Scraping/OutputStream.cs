using System.Buffers;

namespace Exposition.Engine.Scraping;

/// <summary>A stream that writes into whatever output there is at the time; without one, nowhere.</summary>
internal sealed class OutputStream : Stream
{
    public IBufferWriter<byte>? Output { get; set; }

    /// <summary>A stream into an output. It has nothing to be disposed of.</summary>
    public static OutputStream Over(IBufferWriter<byte> output) => new() { Output = output };

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer) => Output?.Write(buffer);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
