namespace Exposition.Kestrel.Routing;

// The dialect of the Pushgateway (Go's base64.RawURLEncoding after all trailing '=' are cut): alphabet of RFC 4648 section 5, CR and LF
// skipped anywhere, trailing bits that are not zero tolerated, a lone last digit refused. The framework's decoder differs in all of these
// and cannot say where an error is, which is part of the Pushgateway's error text.

/// <summary>Decodes the base64 of <c>@base64</c> path components.</summary>
internal static class Base64Url
{
    /// <summary>Decodes.</summary>
    /// <param name="text">The component.</param>
    /// <param name="into">At least three quarters of its length; may be the same memory, from the same start.</param>
    /// <param name="written">Number of bytes decoded: all, or those of the complete quanta before the error.</param>
    /// <param name="errorAt">Offset of the illegal byte.</param>
    /// <returns>False if the text is not base64.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> text, Span<byte> into, out int written, out int errorAt)
    {
        text = text.TrimEnd((byte)'=');
        written = 0;
        errorAt = 0;
        int bits = 0;
        int digits = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int value = Digit(text[i]);
            if (value < 0)
            {
                if (text[i] is (byte)'\r' or (byte)'\n')
                {
                    continue;
                }

                errorAt = i;
                return false;
            }

            bits = (bits << 6) | value;
            if (++digits == 4)
            {
                into[written++] = (byte)(bits >> 16);
                into[written++] = (byte)(bits >> 8);
                into[written++] = (byte)bits;
                bits = digits = 0;
            }
        }

        switch (digits)
        {
            case 1:
                errorAt = text.Length - 1;
                return false;
            case 2:
                into[written++] = (byte)(bits >> 4);
                break;
            case 3:
                into[written++] = (byte)(bits >> 10);
                into[written++] = (byte)(bits >> 2);
                break;
        }

        return true;
    }

    private static int Digit(byte c) => c switch
    {
        >= (byte)'A' and <= (byte)'Z' => c - 'A',
        >= (byte)'a' and <= (byte)'z' => c - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => c - '0' + 52,
        (byte)'-' => 62,
        (byte)'_' => 63,
        _ => -1,
    };
}
