using System.Text;
using System.Text.Unicode;

namespace Exposition.Kestrel.Routing;

/// <summary>Rules for the names of grouping labels in a path.</summary>
internal static class LabelNames
{
    /// <summary>Whether the name is <c>[a-zA-Z_][a-zA-Z0-9_]*</c> and not reserved.</summary>
    public static bool IsLegacy(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || char.IsAsciiDigit((char)name[0]) || IsReserved(name))
        {
            return false;
        }

        foreach (byte c in name)
        {
            if (c != '_' && !char.IsAsciiLetterOrDigit((char)c))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether the name is non-empty UTF-8 and not reserved.</summary>
    public static bool IsUtf8(ReadOnlySpan<byte> name) => !name.IsEmpty && !IsReserved(name) && Utf8.IsValid(name);

    /// <summary>
    /// Undoes the <c>U__</c> escaping: <c>__</c> is an underscore, <c>_hex_</c> (one to six digits) a code point. A name that is not
    /// wholly well-formed stays as it is.
    /// </summary>
    /// <param name="name">The name as sent; overwritten in place, as the result is never longer.</param>
    /// <returns>The length of the name now.</returns>
    public static int Unescape(Span<byte> name)
    {
        if (!name.StartsWith("U__"u8) || !Walk(name[3..], default, out int length))
        {
            return name.Length;
        }

        Walk(name[3..], name, out _);
        return length;
    }

    private static bool IsReserved(ReadOnlySpan<byte> name) => name.StartsWith("__"u8);

    // Writes only where `into` is not empty: the first walk decides whether the name is well-formed, the second replaces it.
    private static bool Walk(ReadOnlySpan<byte> escaped, Span<byte> into, out int written)
    {
        bool write = !into.IsEmpty;
        written = 0;
        for (int i = 0; i < escaped.Length; i++)
        {
            byte c = escaped[i];
            if (c != '_')
            {
                if (write)
                {
                    into[written] = c;
                }

                written++;
                continue;
            }

            if (++i >= escaped.Length)
            {
                return false;
            }

            if (escaped[i] == '_')
            {
                if (write)
                {
                    into[written] = (byte)'_';
                }

                written++;
                continue;
            }

            if (!TryCodePoint(escaped, ref i, out Rune rune))
            {
                return false;
            }

            if (write)
            {
                rune.EncodeToUtf8(into[written..]);
            }

            written += rune.Utf8SequenceLength;
        }

        return true;
    }

    private static bool TryCodePoint(ReadOnlySpan<byte> escaped, ref int i, out Rune rune)
    {
        rune = default;
        int value = 0;
        for (int digits = 0; i < escaped.Length; digits++, i++)
        {
            byte c = escaped[i];
            if (c == '_')
            {
                return Rune.TryCreate(value, out rune);
            }

            if (digits == 6 || !char.IsAsciiHexDigit((char)c))
            {
                return false;
            }

            value = (value << 4) | PercentEncoding.HexValue(c);
        }

        return false;
    }
}
