using System.Buffers;
using System.Text;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Heads;

// head    = method SP target SP ( "HTTP/1.1" / "HTTP/1.0" ) CRLF *( name ":" OWS value OWS CRLF ) CRLF
// method  = 1*tchar        name = 1*tchar        value = *( HTAB / %x20-7E / %x80-FF )
// target  = "/" *tbyte / scheme "://" [ user "@" ] host [ ":" port ] [ "/" *tbyte ] / "*" for OPTIONS / host for CONNECT
// tbyte   = %x21-7E / %x80-FF
//
// What may be framed in two ways is refused. What is left is written anew by CheckedHead.

/// <summary>How long the body of a request is.</summary>
/// <param name="Length">Its bytes; zero if there is none or it is chunked.</param>
/// <param name="Chunked">Whether it is chunked.</param>
/// <param name="Last">Whether nothing may follow it: two lengths were given.</param>
/// <param name="Upgrade">Whether something else than HTTP may follow.</param>
internal readonly record struct BodyFraming(long Length, bool Chunked, bool Last, bool Upgrade);

/// <summary>Judges the heads of HTTP/1 that are not served raw, as the Pushgateway does or stricter, and in its words.</summary>
internal sealed class HeadCheck(ExpositionOptions options)
{
    private readonly int _maxTarget = HeadLimits.OrMost(options.MaxTargetBytes);
    private readonly int _maxHeaders = HeadLimits.OrMost(options.MaxHeaders);

    // Controls and blanks. Bytes above ASCII stand for themselves, as at the Pushgateway.
    private static readonly SearchValues<byte> s_noTarget = SearchValues.Create(
        [.. Enumerable.Range(0, ' ' + 1).Select(static c => (byte)c), 0x7F]);

    /// <summary>Judges a head.</summary>
    /// <param name="head">The head, with its empty line; each line ends in CR LF.</param>
    /// <param name="into">Where it is written for Kestrel.</param>
    /// <param name="framing">How the body is framed.</param>
    /// <returns>Null, or why it is refused.</returns>
    public Answer? Read(ReadOnlySpan<byte> head, IBufferWriter<byte> into, out BodyFraming framing)
    {
        framing = default;
        ReadOnlySpan<byte> line = CheckedHead.NextLine(ref head);
        ReadOnlySpan<byte> headers = head;
        var fields = default(CheckedHead);
        Answer? refusal = ReadRequestLine(line, ref fields) ?? ReadHeaders(headers, ref fields) ?? Settle(ref fields, out framing);
        if (refusal is null)
        {
            fields.Write(headers, framing, into);
        }

        return refusal;
    }

    private static Answer Bad(Rejection why, string reason, int status = 400) => Answer.BadHead(status, why, reason);

    private Answer? ReadRequestLine(ReadOnlySpan<byte> line, ref CheckedHead fields)
    {
        int first = line.IndexOf((byte)' ');
        int last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first + 1 || line[..first].ContainsAnyExcept(HeaderRules.TokenBytes))
        {
            return Bad(Rejection.RequestLine, "malformed request line");
        }

        ReadOnlySpan<byte> version = line[(last + 1)..];
        fields.Method = line[..first];
        fields.Target = line[(first + 1)..last];
        fields.IsOld = version.SequenceEqual("HTTP/1.0"u8);
        return !fields.IsOld && !version.SequenceEqual("HTTP/1.1"u8)
                ? version is [(byte)'H', (byte)'T', (byte)'T', (byte)'P', (byte)'/', >= (byte)'0' and <= (byte)'9', (byte)'.', >= (byte)'0'
                    and <= (byte)'9']
                    ? Bad(Rejection.Version, "unsupported protocol version", 505)
                    : Bad(Rejection.RequestLine, "malformed HTTP version")
            : fields.Target.ContainsAny(s_noTarget) ? Bad(Rejection.Target, "invalid character in the request target")
            : ReadTarget(ref fields);
    }

    private Answer? ReadTarget(ref CheckedHead fields)
    {
        int escaped = fields.Target.Length;
        foreach (byte c in fields.Target)
        {
            escaped += c >= 0x80 ? 2 : 0;
        }

        if (escaped > _maxTarget)
        {
            return Answer.TargetTooLong(escaped, options);
        }

        if (fields.Target[0] == '/')
        {
            return null;
        }

        if (fields.Target.SequenceEqual("*"u8))
        {
            return fields.Method.SequenceEqual("OPTIONS"u8) ? null : Bad(Rejection.Target, "the target * is for OPTIONS only");
        }

        if (fields.Method.SequenceEqual("CONNECT"u8))
        {
            fields.Authority = fields.Target;
            return HostHeader.IsHost(fields.Authority) ? null : Bad(Rejection.Target, "malformed authority in the request target");
        }

        int scheme = fields.Target.IndexOf("://"u8);
        if (scheme <= 0 || fields.Target[..scheme].ContainsAnyExcept(HeaderRules.TokenBytes))
        {
            return Bad(Rejection.Target, "malformed request target");
        }

        ReadOnlySpan<byte> rest = fields.Target[(scheme + 3)..];
        int end = rest.IndexOfAny((byte)'/', (byte)'?');
        ReadOnlySpan<byte> authority = end < 0 ? rest : rest[..end];
        fields.Authority = authority[(authority.LastIndexOf((byte)'@') + 1)..];
        fields.Target = end < 0 ? "/"u8 : rest[end..];
        return HostHeader.IsHost(fields.Authority) ? null : Bad(Rejection.Target, "malformed host in the request target");
    }

    private Answer? ReadHeaders(ReadOnlySpan<byte> lines, ref CheckedHead fields)
    {
        fields.Length = -1;
        int count = 0;
        while (CheckedHead.NextLine(ref lines) is { IsEmpty: false } line)
        {
            if (++count > _maxHeaders)
            {
                return Answer.TooManyHeaders(count, options);
            }

            int colon = line.IndexOf((byte)':');
            ReadOnlySpan<byte> name = colon < 0 ? line : line[..colon];
            if (colon <= 0 || name.ContainsAnyExcept(HeaderRules.TokenBytes))
            {
                return Bad(Rejection.Header, colon < 0
                    || name is [(byte)' ' or (byte)'\t', ..] ? "malformed header line" : "invalid header name");
            }

            ReadOnlySpan<byte> value = line[(colon + 1)..].Trim(" \t"u8);
            if (HeaderRules.HasControls(value))
            {
                return Bad(Rejection.Header, "invalid header value");
            }

            if (TakeHeader(name, value, ref fields) is { } bad)
            {
                return bad;
            }
        }

        return null;
    }

    private static Answer? TakeHeader(scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref CheckedHead fields)
    {
        switch (name.Length)
        {
            case 4 when Is(name, "Host"u8):
                if (fields.HasHost)
                {
                    return Bad(Rejection.Host, "too many Host headers");
                }

                fields.HasHost = true;
                fields.Host = value;
                return null;
            case 6 when Is(name, "Expect"u8):
                return Is(value, "100-continue"u8) ? null : Answer.BadExpectation;
            case 7 when Is(name, "Upgrade"u8):
                fields.Upgrade = true;
                return null;
            case 14 when Is(name, "Content-Length"u8):
                // The same again is no other length: so the Pushgateway takes it.
                if (!HeaderRules.TryReadLength(value, out long length) || (fields.Length >= 0 && fields.Length != length))
                {
                    return Bad(Rejection.ContentLength, "bad Content-Length");
                }

                fields.Length = length;
                return null;
            case 17 when Is(name, "Transfer-Encoding"u8):
                if (fields.Chunked)
                {
                    return Bad(Rejection.TransferEncoding, "too many transfer encodings");
                }

                fields.Chunked = true;
                return HeaderRules.ComplainOfCoding(Encoding.Latin1.GetString(value));
            default:
                return null;
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);

    private static Answer? Settle(ref CheckedHead fields, out BodyFraming framing)
    {
        framing = default;
        if (!fields.HasHost && !fields.IsOld)
        {
            return Bad(Rejection.Host, "missing required Host header");
        }

        if (!fields.Authority.IsEmpty)
        {
            fields.HasHost = true;
            fields.Host = fields.Authority;
        }
        else if (!HostHeader.TryRead(ref fields.Host))
        {
            return Bad(Rejection.Host, "malformed Host header");
        }

        framing = new BodyFraming(
            fields.Chunked ? 0 : Math.Max(0, fields.Length), fields.Chunked, Last: fields.Chunked && fields.Length >= 0, fields.Upgrade);
        return null;
    }
}
