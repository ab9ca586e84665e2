using System.Buffers;

namespace Exposition.Formats.Tests;

/// <summary>A buffer writer that gives what is asked for and not a byte more: each span ends at a closed page.</summary>
internal sealed class GuardedOutput(GuardedMemory memory) : IBufferWriter<byte>
{
    private readonly ArrayBufferWriter<byte> _written = new();
    private Memory<byte> _given;

    public ReadOnlySpan<byte> Written => _written.WrittenSpan;

    public void Advance(int count)
    {
        _written.Write(_given.Span[..count]);
        _given = default;
    }

    public Memory<byte> GetMemory(int sizeHint = 0) => _given = memory.AtEnd(new byte[Math.Max(sizeHint, 1)]);

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
