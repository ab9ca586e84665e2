using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Exposition.Formats.Scanning;

/// <summary>Compares sixteen bytes at a time: any 64-bit processor, and native code that was built for no particular one.</summary>
internal sealed class Vector128Classifier : ByteClassifier
{
    public override string Name => "vector128";

    public override void Classify(ReadOnlySpan<byte> blocks, Span<ulong> notName, Span<ulong> quotedStop, Span<ulong> valueStop)
    {
        for (int block = 0; block < blocks.Length / BlockBytes; block++)
        {
            ref byte start = ref MemoryMarshal.GetReference(blocks.Slice(block * BlockBytes, BlockBytes));
            (ulong names, ulong quotes, ulong values) = (0, 0, 0);
            for (int i = 0; i < BlockBytes; i += Vector128<byte>.Count)
            {
                Vector128<byte> bytes = Vector128.LoadUnsafe(ref start, (nuint)i);
                names |= (ulong)Names(bytes).ExtractMostSignificantBits() << i;
                Vector128<byte> lineEnd = Vector128.Equals(bytes, Vector128.Create((byte)'\n'));
                quotes |= (ulong)(lineEnd
                    | Vector128.Equals(bytes, Vector128.Create((byte)'"'))
                    | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))).ExtractMostSignificantBits() << i;
                values |= (ulong)(lineEnd
                    | Vector128.Equals(bytes, Vector128.Create((byte)' '))
                    | Vector128.Equals(bytes, Vector128.Create((byte)'\t'))).ExtractMostSignificantBits() << i;
            }

            (notName[block], quotedStop[block], valueStop[block]) = (~names, quotes, values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Names(Vector128<byte> bytes)
    {
        Vector128<byte> letters = (bytes | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a');
        Vector128<byte> digits = bytes - Vector128.Create((byte)'0');
        return AtMost(letters, 25) | AtMost(digits, 9) | Vector128.Equals(bytes, Vector128.Create((byte)'_'));
    }

    // A plain "less than or equal" goes through mask registers where the processor has them, and is slower for it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AtMost(Vector128<byte> bytes, byte most) =>
        Vector128.Equals(Vector128.Min(bytes, Vector128.Create(most)), bytes);
}
