using System.Buffers;
using System.Buffers.Text;
using System.Globalization;

namespace Exposition.Benchmarks;

/// <summary>
/// The baseline: what one would write in an afternoon with the framework's means, <see cref="SearchValues"/> for the tokens and
/// <see cref="double.TryParse(ReadOnlySpan{byte}, NumberStyles, IFormatProvider?, out double)"/> for the values. It finds names, labels and
/// values, and checks none of them: no families, no types, no escapes, no duplicates, no UTF-8, no messages.
/// </summary>
internal static class LineParser
{
    private static readonly SearchValues<byte> s_nameEnds = SearchValues.Create("{ \t"u8);
    private static readonly SearchValues<byte> s_quoteEnds = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> s_tokenEnds = SearchValues.Create(" \t"u8);

    /// <summary>Reads all lines.</summary>
    public static Tally Read(ReadOnlySpan<byte> body)
    {
        var tally = default(Tally);
        var names = 0L;
        while (!body.IsEmpty)
        {
            var end = body.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            if (line.IsEmpty || line[0] == '#')
            {
                continue;
            }

            var nameEnd = line.IndexOfAny(s_nameEnds);
            names += nameEnd;
            var rest = line[nameEnd..];
            if (rest[0] == '{')
            {
                rest = SkipLabels(rest[1..], ref names);
            }

            rest = rest.TrimStart((byte)' ');
            var valueEnd = rest.IndexOfAny(s_tokenEnds);
            tally = tally.With(Number(valueEnd < 0 ? rest : rest[..valueEnd]));
        }

        return names > 0 || tally.Samples == 0 ? tally : default;
    }

    /// <summary>Reads a value.</summary>
    public static double Number(ReadOnlySpan<byte> text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        ? value
        : Word(text);

    /// <summary>The same with the framework's other parser.</summary>
    public static double NumberByUtf8Parser(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out double value, out var consumed) && consumed == text.Length
        ? value
        : Word(text);

    // The framework has no short words for infinity.
    private static double Word(ReadOnlySpan<byte> text) => text.EndsWith("Inf"u8)
        ? text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity
        : throw new FormatException("no number");

    private static ReadOnlySpan<byte> SkipLabels(ReadOnlySpan<byte> rest, scoped ref long names)
    {
        while (rest[0] != '}')
        {
            var equals = rest.IndexOf((byte)'=');
            names += equals;
            rest = rest[(equals + 2)..];
            var quote = rest.IndexOfAny(s_quoteEnds);
            while (rest[quote] == '\\')
            {
                var more = rest[(quote + 2)..].IndexOfAny(s_quoteEnds);
                quote += 2 + more;
            }

            rest = rest[(quote + 1)..];
            rest = rest[0] == ',' ? rest[1..].TrimStart((byte)' ') : rest;
        }

        return rest[1..];
    }
}
