using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Exposition.Formats.Go;
using Exposition.Formats.Names;

namespace Exposition.Formats;

/// <summary>
/// Which names are valid, how names outside the legacy charset are escaped, and how <c>U__</c> names are read back
/// (the rules of prometheus/common's model package). All methods are pure and thread safe.
/// </summary>
public static class NameRules
{
    internal static readonly SearchValues<byte> MetricBytes = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:"u8);
    internal static readonly SearchValues<byte> LabelBytes = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"u8);

    /// <summary>Whether a metric name is valid: <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>, or any non-empty UTF-8.</summary>
    public static bool IsValidMetricName(ReadOnlySpan<byte> name, NameScheme scheme) =>
        scheme == NameScheme.Legacy ? IsLegacy(name, MetricBytes) : !name.IsEmpty && Utf8.IsValid(name);

    /// <summary>
    /// Whether a label name is valid: <c>[a-zA-Z_][a-zA-Z0-9_]*</c>, or any non-empty UTF-8. Reserved names (<c>__</c> first) are valid
    /// here.
    /// </summary>
    public static bool IsValidLabelName(ReadOnlySpan<byte> name, NameScheme scheme) =>
        scheme == NameScheme.Legacy ? IsLegacy(name, LabelBytes) : !name.IsEmpty && Utf8.IsValid(name);

    /// <summary>Bytes that <see cref="Escape"/> may need at most for a name of <paramref name="length"/> bytes.</summary>
    public static int MaxEscapedLength(int length) => checked((length * Escaping.MaxBytesPerByte) + Escaping.ValuesPrefix.Length);

    /// <summary>
    /// Writes a metric or label name as the scheme demands. Names inside the legacy charset (the colon included, for labels too)
    /// are never changed, as the Pushgateway does when it writes an exposition.
    /// </summary>
    /// <param name="name">The name; bytes that are not UTF-8 count as U+FFFD each.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="into">At least <see cref="MaxEscapedLength"/> bytes.</param>
    /// <returns>Number of bytes written.</returns>
    public static int Escape(ReadOnlySpan<byte> name, EscapingScheme scheme, Span<byte> into)
    {
        if (!Escaping.IsNeeded(name, scheme))
        {
            name.CopyTo(into);
            return name.Length;
        }

        var escaper = new Escaping(name, scheme);
        int written = 0;
        while (escaper.TryNext(into[written..], out int piece))
        {
            written += piece;
        }

        return written;
    }

    /// <summary>
    /// Reads a name back that was escaped with <see cref="EscapingScheme.Values"/>: after <c>U__</c>, <c>__</c> is an underscore and
    /// <c>_hex_</c> (one to six digits of either case) a code point. Anything malformed, or a name without the prefix, is copied as it is.
    /// </summary>
    /// <param name="name">The name as sent.</param>
    /// <param name="into">At least as many bytes as <paramref name="name"/>; must not overlap it.</param>
    /// <returns>Number of bytes written; 0 for <c>U__</c> alone.</returns>
    public static int UnescapeValues(ReadOnlySpan<byte> name, Span<byte> into)
    {
        if (name.StartsWith(Escaping.ValuesPrefix) && TryUnescape(name[Escaping.ValuesPrefix.Length..], into, out int written))
        {
            return written;
        }

        name.CopyTo(into);
        return name.Length;
    }

    private static bool TryUnescape(ReadOnlySpan<byte> rest, Span<byte> into, out int written)
    {
        written = 0;
        while (!rest.IsEmpty)
        {
            int plain = rest.IndexOf((byte)'_');
            plain = plain < 0 ? rest.Length : plain;
            rest[..plain].CopyTo(into[written..]);
            written += plain;
            if (plain == rest.Length)
            {
                return true;
            }

            rest = rest[(plain + 1)..];
            int digits = rest.IndexOf((byte)'_');
            if (digits is < 0 or > 6)
            {
                return false;
            }

            if (digits == 0)
            {
                into[written++] = (byte)'_';
            }
            else
            {
                uint code = 0;
                foreach (byte digit in rest[..digits])
                {
                    if (!char.IsAsciiHexDigit((char)digit))
                    {
                        return false;
                    }

                    code = (code << 4) | (uint)((digit & 0xF) + (digit > (byte)'9' ? 9 : 0));
                }

                if (!Rune.TryCreate(code, out Rune rune))
                {
                    return false;
                }

                // Never longer than what it was read from: the two underscores make up for it.
                written += rune.EncodeToUtf8(into[written..]);
            }

            rest = rest[(digits + 1)..];
        }

        return true;
    }

    // Why no label may have a name, which is given as it is written; null if one may. With a colon the text format writes it without
    // quotes, because metrics may have such names, and then refuses to read it.
    internal static string? FaultOfLabel(ReadOnlySpan<byte> name) =>
        name.IsEmpty ? "A label has an empty name."
        : name.StartsWith("__"u8)
            ? $"The label name {GoQuote.Text(name)} is reserved: names that begin with two underscores are."
        : name.Contains((byte)':') && IsLegacy(name)
            ? $"The label name {GoQuote.Text(name)} has a colon, which only names of metrics may have."
        : null;

    internal static bool IsLegacy(ReadOnlySpan<byte> name) => IsLegacy(name, MetricBytes);

    private static bool IsLegacy(ReadOnlySpan<byte> name, SearchValues<byte> allowed) =>
        !name.IsEmpty && !char.IsAsciiDigit((char)name[0]) && !name.ContainsAnyExcept(allowed);
}
