using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Exposition.Formats.Scanning;

// Three sets of bytes are all that the walk over a line asks for:
//   not a name   everything but [A-Za-z0-9_]      (":" counts as none: it is legal in metric names only, and rare)
//   quoted stop  `"` `\` LF
//   value stop   SP TAB LF
// LF is in all three, so no search can leave its line.
//
// A classifier turns 64 bytes into three words, bit i for byte i. It is the only code that differs from processor to processor, and it is
// called once per window, so an ordinary virtual call costs nothing.

/// <summary>Finds, for each byte, the sets that it belongs to.</summary>
internal abstract class ByteClassifier
{
    /// <summary>Bytes per word of a map.</summary>
    public const int BlockBytes = 64;

    /// <summary>
    /// Names the variant to use instead of the best one: <c>scalar</c>, <c>vector128</c>, <c>vector256</c> or <c>vector512</c>.
    /// </summary>
    public const string ForcingVariable = "EXPOSITION_SCANNER";

    /// <summary>The variants that this processor can run, the best one last.</summary>
    public static IReadOnlyList<ByteClassifier> Supported { get; } = FindSupported();

    /// <summary>The variant in use.</summary>
    public static ByteClassifier Best { get; } = Choose(Environment.GetEnvironmentVariable(ForcingVariable));

    public abstract string Name { get; }

    /// <summary>Classifies whole blocks; a word per block is written to each map.</summary>
    public abstract void Classify(ReadOnlySpan<byte> blocks, Span<ulong> notName, Span<ulong> quotedStop, Span<ulong> valueStop);

    /// <summary>The variant of a name, or the best one where the name is empty.</summary>
    /// <exception cref="PlatformNotSupportedException">A variant that does not exist or that this processor cannot run.</exception>
    public static ByteClassifier Choose(string? name) => string.IsNullOrEmpty(name)
        ? Supported[^1]
        : Supported.FirstOrDefault(variant => variant.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new PlatformNotSupportedException(
                $"{ForcingVariable}={name}: not one of the variants of this processor "
                    + $"({string.Join(", ", Supported.Select(static variant => variant.Name))})");

    private static List<ByteClassifier> FindSupported()
    {
        var supported = new List<ByteClassifier> { new ScalarClassifier() };
        if (Vector128.IsHardwareAccelerated)
        {
            supported.Add(new Vector128Classifier());
        }

        if (Vector256.IsHardwareAccelerated)
        {
            supported.Add(new Vector256Classifier());
        }

        if (Vector512.IsHardwareAccelerated && Avx512Vbmi.IsSupported)
        {
            supported.Add(new Vector512Classifier());
        }

        return supported;
    }
}
