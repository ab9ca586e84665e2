namespace Exposition.Formats.Scanning;

/// <summary>
/// A table lookup per byte: the definition that the vector variants are tested against, and the variant of processors without vectors.
/// </summary>
internal sealed class ScalarClassifier : ByteClassifier
{
    public const byte NotName = 1;
    public const byte QuotedStop = 2;
    public const byte ValueStop = 4;

    /// <summary>The sets of each byte.</summary>
    public static readonly byte[] Sets = BuildSets();

    public override string Name => "scalar";

    public override void Classify(ReadOnlySpan<byte> blocks, Span<ulong> notName, Span<ulong> quotedStop, Span<ulong> valueStop)
    {
        for (int block = 0; block < blocks.Length / BlockBytes; block++)
        {
            (ulong names, ulong quotes, ulong values) = (0, 0, 0);
            ReadOnlySpan<byte> bytes = blocks.Slice(block * BlockBytes, BlockBytes);
            for (int i = 0; i < bytes.Length; i++)
            {
                ulong sets = Sets[bytes[i]];
                names |= (sets & 1) << i;
                quotes |= ((sets >> 1) & 1) << i;
                values |= (sets >> 2) << i;
            }

            (notName[block], quotedStop[block], valueStop[block]) = (names, quotes, values);
        }
    }

    private static byte[] BuildSets()
    {
        byte[] sets = new byte[256];
        for (int b = 0; b < sets.Length; b++)
        {
            bool isName = char.IsAsciiLetterOrDigit((char)b) || b == '_';
            sets[b] = (byte)(
                (isName ? 0 : NotName) | (b is '"' or '\\' or '\n' ? QuotedStop : 0) | (b is ' ' or '\t' or '\n' ? ValueStop : 0));
        }

        return sets;
    }
}
