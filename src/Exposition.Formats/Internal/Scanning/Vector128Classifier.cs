using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Exposition.Formats.Internal.Scanning;

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
                quotes |= (ulong)(lineEnd | Vector128.Equals(bytes, Vector128.Create((byte)'"')) | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))).ExtractMostSignificantBits() << i;
                values |= (ulong)(lineEnd | Vector128.Equals(bytes, Vector128.Create((byte)' ')) | Vector128.Equals(bytes, Vector128.Create((byte)'\t'))).ExtractMostSignificantBits() << i;
            }

            (notName[block], quotedStop[block], valueStop[block]) = (~names, quotes, values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Names(Vector128<byte> bytes)
    {
        Vector128<byte> letters = Vector128.LessThanOrEqual((bytes | Vector128.Create((byte)0x20)) - Vector128.Create((byte)'a'), Vector128.Create((byte)25));
        Vector128<byte> digits = Vector128.LessThanOrEqual(bytes - Vector128.Create((byte)'0'), Vector128.Create((byte)9));
        return letters | digits | Vector128.Equals(bytes, Vector128.Create((byte)'_'));
    }
}
