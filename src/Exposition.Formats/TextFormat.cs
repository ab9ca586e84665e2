using System.Buffers;

namespace Exposition.Formats;

/// <summary>The text format 0.0.4, with quoted UTF-8 names as in 1.0.0.</summary>
public static partial class TextFormat
{
    /// <summary>Writes the HELP (if there is one) and TYPE lines of a family.</summary>
    public static void WriteHeader(ReadOnlySpan<byte> name, MetricType type, bool hasHelp, ReadOnlySpan<byte> help, EscapingScheme scheme, IBufferWriter<byte> output) => throw new NotImplementedException();

    /// <summary>Writes the sample lines of a family.</summary>
    public static void WriteSamples(FamilySet set, int family, EscapingScheme scheme, IBufferWriter<byte> output) => throw new NotImplementedException();
}
