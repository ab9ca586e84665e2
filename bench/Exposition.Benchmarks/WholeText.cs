using System.Buffers;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>A whole body into a set, and a whole set into text.</summary>
internal static class WholeText
{
    /// <summary>Reads a body as the gateway does.</summary>
    public static void Read(byte[] body, FamilySet into)
    {
        if (!TextFormat.TryRead(body, new TextReadOptions(NameScheme.Legacy, Lenient: true), into, out var error))
        {
            throw new InvalidOperationException(error.ToString());
        }
    }

    /// <summary>Writes all families from the output's beginning.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(FamilySet set, ArrayBufferWriter<byte> output)
    {
        output.ResetWrittenCount();
        for (var family = 0; family < set.Families.Length; family++)
        {
            var row = set.Families[family];
            TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.Underscores, output);
            TextFormat.WriteSamples(set, family, EscapingScheme.Underscores, output);
        }

        return output.WrittenCount;
    }
}
