using Exposition.Formats.Text;

namespace Exposition.Formats;

public static partial class TextFormat
{
    /// <summary>
    /// Reads a complete exposition. Samples are folded into summaries and histograms where a TYPE line came first, families without a
    /// metric are dropped, and every error is the first one in the text, in the words of the reference implementation.
    /// </summary>
    /// <remarks>
    /// Differences from the reference, in both modes: a line whose braces hold labels but no metric name is always refused as
    /// <c>invalid metric name</c> (the reference reuses the line before or panics), and <c>le</c> and <c>quantile</c> on a line with the
    /// metric name inside the braces belong to that metric's type, not to the type of the line before.
    /// Takes time proportional to the body's length, whatever it holds; allocates nothing once the arrays of <paramref name="into"/> have
    /// grown.
    /// </remarks>
    /// <param name="body">The whole body. It must not change as long as <paramref name="into"/> is in use.</param>
    /// <param name="options">Which names are valid and how strict to be.</param>
    /// <param name="into">Reset and filled; after an error its content has no meaning. Not safe for concurrent use.</param>
    /// <param name="error">What was wrong and in which line.</param>
    /// <returns>Whether the whole body was read.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> body, TextReadOptions options, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Reset(body);
        return new TextBodyReader(into, options, TextBodyReader.AnyFamily, into.Window).TryRead(out error);
    }

    /// <summary>
    /// Reads sample lines as <see cref="WriteSamples"/> wrote them with <see cref="EscapingScheme.AllowUtf8"/> into a family of
    /// <paramref name="into"/>, which must have been reset with them as its source. The family's name and type say how suffixes fold.
    /// </summary>
    /// <remarks>Strict, with any UTF-8 name; comments are skipped; unlike in a pushed body a label name may hold a colon without quotes,
    /// because that is how names with a colon are written. A line of another family is an error.</remarks>
    /// <param name="family">Index of the family; its metrics are appended.</param>
    /// <param name="into">The set; after an error its content has no meaning.</param>
    /// <param name="error">What was wrong and in which line.</param>
    /// <returns>Whether all lines were read.</returns>
    public static bool TryReadSamples(int family, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)family, (uint)into.Families.Length, nameof(family));
        return new TextBodyReader(into, new TextReadOptions(NameScheme.Utf8, Lenient: false), family, into.Window).TryRead(out error);
    }
}
