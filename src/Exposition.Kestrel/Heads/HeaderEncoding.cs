using System.Text;
using Microsoft.Net.Http.Headers;

namespace Exposition.Kestrel.Heads;

// Kestrel reads "+4", "-0" and " 4" for lengths, too, and over HTTP/2 one that it cannot read ends all streams of the connection. So what
// is no number in digits is shown to it as one that nobody can mean, which HeadLimits refuses.

/// <summary>How Kestrel is to read the values of headers: byte by byte, as the Pushgateway does, and a length in digits only.</summary>
internal sealed class HeaderEncoding : Encoding
{
    /// <summary>What a Content-Length that is none becomes.</summary>
    public const long NoLength = long.MaxValue;

    private const int NoLengthDigits = 19;

    private static readonly HeaderEncoding s_length = new();

    /// <summary>For <c>KestrelServerOptions.RequestHeaderEncodingSelector</c>.</summary>
    public static Encoding For(string header) =>
        string.Equals(header, HeaderNames.ContentLength, StringComparison.OrdinalIgnoreCase) ? s_length : Latin1;

    public override int GetCharCount(byte[] bytes, int index, int count) => Math.Max(count, NoLengthDigits);

    public override int GetMaxCharCount(int byteCount) => Math.Max(byteCount, NoLengthDigits);

    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex) =>
        GetChars(bytes.AsSpan(byteIndex, byteCount), chars.AsSpan(charIndex));

    public override int GetChars(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        long length = HeaderRules.TryReadLength(bytes, out long read) ? Math.Min(read, NoLength - 1) : NoLength;
        length.TryFormat(chars, out int written, provider: System.Globalization.CultureInfo.InvariantCulture);
        return written;
    }

    public override int GetByteCount(char[] chars, int index, int count) => count;

    public override int GetMaxByteCount(int charCount) => charCount;

    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
        Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);
}
