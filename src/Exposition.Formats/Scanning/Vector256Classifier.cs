using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Exposition.Formats.Scanning;

/// <summary>Compares thirty-two bytes at a time.</summary>
internal sealed class Vector256Classifier : ByteClassifier
{
    public override string Name => "vector256";

    public override void Classify(ReadOnlySpan<byte> blocks, Span<ulong> notName, Span<ulong> quotedStop, Span<ulong> valueStop)
    {
        for (int block = 0; block < blocks.Length / BlockBytes; block++)
        {
            ref byte start = ref MemoryMarshal.GetReference(blocks.Slice(block * BlockBytes, BlockBytes));
            (ulong names, ulong quotes, ulong values) = (0, 0, 0);
            for (int i = 0; i < BlockBytes; i += Vector256<byte>.Count)
            {
                Vector256<byte> bytes = Vector256.LoadUnsafe(ref start, (nuint)i);
                names |= (ulong)Names(bytes).ExtractMostSignificantBits() << i;
                Vector256<byte> lineEnd = Vector256.Equals(bytes, Vector256.Create((byte)'\n'));
                quotes |= (ulong)(lineEnd
                    | Vector256.Equals(bytes, Vector256.Create((byte)'"'))
                    | Vector256.Equals(bytes, Vector256.Create((byte)'\\'))).ExtractMostSignificantBits() << i;
                values |= (ulong)(lineEnd
                    | Vector256.Equals(bytes, Vector256.Create((byte)' '))
                    | Vector256.Equals(bytes, Vector256.Create((byte)'\t'))).ExtractMostSignificantBits() << i;
            }

            (notName[block], quotedStop[block], valueStop[block]) = (~names, quotes, values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Names(Vector256<byte> bytes)
    {
        Vector256<byte> letters = (bytes | Vector256.Create((byte)0x20)) - Vector256.Create((byte)'a');
        Vector256<byte> digits = bytes - Vector256.Create((byte)'0');
        return AtMost(letters, 25) | AtMost(digits, 9) | Vector256.Equals(bytes, Vector256.Create((byte)'_'));
    }

    // A plain "less than or equal" goes through mask registers where the processor has them, and is slower for it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> AtMost(Vector256<byte> bytes, byte most) =>
        Vector256.Equals(Vector256.Min(bytes, Vector256.Create(most)), bytes);
}
