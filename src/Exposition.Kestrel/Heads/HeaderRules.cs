using System.Buffers;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Heads;

/// <summary>The rules for headers, over HTTP/1 and HTTP/2 alike.</summary>
internal static class HeaderRules
{
    /// <summary>The bytes of methods and of the names of headers.</summary>
    public static readonly SearchValues<byte> TokenBytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private static readonly SearchValues<byte> s_controlBytes =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Where(static c => c != '\t').Select(static c => (byte)c), 0x7F]);

    private static readonly SearchValues<char> s_token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> s_controls =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Where(static c => c != '\t').Select(static c => (char)c), '\x7F']);

    /// <summary>Whether this is the name of a header: a token.</summary>
    public static bool IsName(ReadOnlySpan<char> name) => !name.IsEmpty && !name.ContainsAnyExcept(s_token);

    /// <summary>Whether there is a control character other than a tabulator.</summary>
    public static bool HasControls(ReadOnlySpan<byte> value) => value.ContainsAny(s_controlBytes);

    /// <inheritdoc cref="HasControls(ReadOnlySpan{byte})"/>
    public static bool HasControls(ReadOnlySpan<char> value) => value.ContainsAny(s_controls);

    /// <summary>Reads a Content-Length: digits, and nothing else.</summary>
    public static bool TryReadLength(ReadOnlySpan<byte> value, out long length)
    {
        length = 0;
        foreach (byte c in value)
        {
            int digit = c - '0';
            if (digit is < 0 or > 9 || length > (long.MaxValue - digit) / 10)
            {
                return false;
            }

            length = (length * 10) + digit;
        }

        return !value.IsEmpty;
    }

    /// <summary>Looks at a Transfer-Encoding.</summary>
    /// <returns>Null if it is <c>chunked</c> alone; else the refusal.</returns>
    public static Answer? ComplainOfCoding(string value)
    {
        if (IsChunked(value))
        {
            return null;
        }

        string[] codings = value.Split(',', StringSplitOptions.TrimEntries);
        return Array.Exists(codings, static coding => coding.Length == 0) ? Bad("empty transfer encoding")
            : codings.Count(IsChunked) > 1 ? Bad("too many transfer encodings")
            : Array.FindIndex(codings, IsChunked) is var at && at >= 0
                && at < codings.Length - 1 ? Bad("chunked is not the last transfer encoding")
            : Bad("unsupported transfer encoding", 501);
    }

    private static bool IsChunked(string coding) => string.Equals(coding, "chunked", StringComparison.OrdinalIgnoreCase);

    private static Answer Bad(string reason, int status = 400) => Answer.BadHead(status, Rejection.TransferEncoding, reason);
}
