using Exposition.Formats.OpenMetrics;

namespace Exposition.Formats;

public static partial class OpenMetricsFormat
{
    /// <summary>
    /// Reads a complete exposition. Strict: beside the grammar it enforces what the specification demands of each type, as the official
    /// Python parser does (order and place of metadata, metrics and points, suffixes, bucket order, +Inf, signs, exemplars, units, clashing
    /// names, <c># EOF</c>). Families without a sample are dropped.
    /// </summary>
    /// <remarks>
    /// Also accepted: names quoted in metadata lines and inside braces (as Prometheus 3 writes them), blanks around the labels, a byte
    /// order mark. A sample that repeats one of the same metric and the same millisecond is dropped if it has a timestamp, and an error if
    /// it has none. Sample timestamps beyond 64 bits of milliseconds become the greatest or least that there is. Takes time proportional to
    /// the body's length, whatever it holds; allocates nothing once the arrays of <paramref name="into"/> have grown.
    /// </remarks>
    /// <param name="body">The whole body. It must not change as long as <paramref name="into"/> is in use.</param>
    /// <param name="names">Which names are valid.</param>
    /// <param name="into">Reset and filled; after an error its content has no meaning. Not safe for concurrent use.</param>
    /// <param name="error">What was wrong and in which line.</param>
    /// <returns>Whether the whole body was read.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> body, NameScheme names, FamilySet into, out FormatError error)
    {
        ArgumentNullException.ThrowIfNull(into);
        into.Reset(body);
        return new OpenMetricsReader(into, names).TryRead(out error);
    }
}
