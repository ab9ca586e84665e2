namespace Exposition.Formats;

/// <summary>The text format 0.0.4, with quoted UTF-8 names as in 1.0.0.</summary>
public static partial class TextFormat
{
    /// <summary>Reads a complete exposition.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, TextReadOptions options, FamilySet into, out FormatError error) => throw new NotImplementedException();

    /// <summary>Reads sample lines as <see cref="WriteSamples"/> wrote them with <see cref="EscapingScheme.AllowUtf8"/> into a family of <paramref name="into"/>,
    /// which must have been reset with them as its source. The family's type says how suffixes fold.</summary>
    public static bool TryReadSamples(int family, FamilySet into, out FormatError error) => throw new NotImplementedException();
}
