using System.Buffers;

namespace Exposition.Kestrel.Serving;

/// <summary>Counts what is written to an output.</summary>
internal sealed class CountedOutput(IBufferWriter<byte> output) : IBufferWriter<byte>
{
    public long Count { get; private set; }

    public void Advance(int count)
    {
        Count += count;
        output.Advance(count);
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => output.GetMemory(sizeHint);

    public Span<byte> GetSpan(int sizeHint = 0) => output.GetSpan(sizeHint);
}
