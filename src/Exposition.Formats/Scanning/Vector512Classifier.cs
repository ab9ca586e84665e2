using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Exposition.Formats.Scanning;

/// <summary>
/// Looks sixty-four bytes up at once in a table of 128 entries (AVX-512 VBMI). The top three bits of an entry are the three sets; the bits
/// are moved to the top, one after the other, and gathered there. The lookup ignores a byte's own top bit, so bytes beyond ASCII are put
/// right after it.
/// </summary>
internal sealed class Vector512Classifier : ByteClassifier
{
    private const int NotNameBit = 7;
    private const int QuotedStopBit = 6;
    private const int ValueStopBit = 5;

    private readonly Vector512<byte> _lower;
    private readonly Vector512<byte> _upper;

    public Vector512Classifier()
    {
        Span<byte> table = stackalloc byte[128];
        for (int b = 0; b < table.Length; b++)
        {
            int sets = ScalarClassifier.Sets[b];
            table[b] = (byte)(((sets & ScalarClassifier.NotName) != 0 ? 1 << NotNameBit : 0)
                | ((sets & ScalarClassifier.QuotedStop) != 0 ? 1 << QuotedStopBit : 0)
                | ((sets & ScalarClassifier.ValueStop) != 0 ? 1 << ValueStopBit : 0));
        }

        _lower = Vector512.Create<byte>(table[..64]);
        _upper = Vector512.Create<byte>(table[64..]);
    }

    public override string Name => "vector512";

    public override void Classify(ReadOnlySpan<byte> blocks, Span<ulong> notName, Span<ulong> quotedStop, Span<ulong> valueStop)
    {
        Vector512<byte> lower = _lower;
        Vector512<byte> upper = _upper;
        int count = blocks.Length / BlockBytes;
        for (int block = 0; block < count; block++)
        {
            Vector512<byte> bytes = Vector512.LoadUnsafe(ref MemoryMarshal.GetReference(blocks.Slice(block * BlockBytes, BlockBytes)));
            Vector512<byte> sets = Avx512Vbmi.PermuteVar64x8x2(lower, bytes, upper);
            ulong beyondAscii = bytes.ExtractMostSignificantBits();
            Vector512<byte> next = sets + sets;
            notName[block] = sets.ExtractMostSignificantBits() | beyondAscii;
            quotedStop[block] = next.ExtractMostSignificantBits() & ~beyondAscii;
            valueStop[block] = (next + next).ExtractMostSignificantBits() & ~beyondAscii;
        }
    }
}
