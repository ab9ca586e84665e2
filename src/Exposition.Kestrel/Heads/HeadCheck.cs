using System.Buffers;
using System.Globalization;
using System.Text;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Heads;

// head    = method SP target SP ( "HTTP/1.1" / "HTTP/1.0" ) CRLF *( name ":" OWS value OWS CRLF ) CRLF
// method  = 1*tchar        name = 1*tchar        value = *( HTAB / %x20-7E / %x80-FF )
// target  = "/" *tbyte / scheme "://" [ user "@" ] host [ ":" port ] [ "/" *tbyte ] / "*" for OPTIONS / host for CONNECT
// tbyte   = %x21-7E / %x80-FF
//
// What may be framed in two ways is refused, and what is left is written anew in one way only, so that Kestrel cannot frame it differently
// than it was judged: one Content-Length in digits, or one "chunked"; the target in origin form, with bytes above ASCII escaped; the Host
// of an absolute target. Requests of HTTP/1.0 that change something and have no length get one of zero, which Kestrel would ask for.

/// <summary>How long the body of a request is.</summary>
/// <param name="Length">Its bytes; zero if there is none or it is chunked.</param>
/// <param name="Chunked">Whether it is chunked.</param>
/// <param name="Last">Whether nothing may follow it: two lengths were given.</param>
/// <param name="Upgrade">Whether something else than HTTP may follow.</param>
internal readonly record struct BodyFraming(long Length, bool Chunked, bool Last, bool Upgrade);

/// <summary>Judges the heads of HTTP/1 that are not served raw, as the reference does or stricter, and in its words.</summary>
internal sealed class HeadCheck(int maxTarget, int maxHeaders)
{
    // Controls and blanks. Bytes above ASCII stand for themselves, as at the reference.
    private static readonly SearchValues<byte> s_noTarget = SearchValues.Create(
        [.. Enumerable.Range(0, ' ' + 1).Select(static c => (byte)c), 0x7F]);

    private static ReadOnlySpan<byte> LineEnd => "\r\n"u8;

    /// <summary>Judges a head.</summary>
    /// <param name="head">The head, with its empty line; each line ends in CR LF.</param>
    /// <param name="into">Where it is written for Kestrel.</param>
    /// <param name="framing">How the body is framed.</param>
    /// <returns>Null, or why it is refused.</returns>
    public Answer? Read(ReadOnlySpan<byte> head, IBufferWriter<byte> into, out BodyFraming framing)
    {
        framing = default;
        ReadOnlySpan<byte> line = NextLine(ref head);
        ReadOnlySpan<byte> headers = head;
        var fields = default(Fields);
        return ReadRequestLine(line, ref fields)
            ?? ReadHeaders(headers, ref fields)
            ?? Settle(ref fields, out framing)
            ?? Write(headers, fields, framing, into);
    }

    private static ReadOnlySpan<byte> NextLine(scoped ref ReadOnlySpan<byte> head)
    {
        int end = head.IndexOf(LineEnd);
        ReadOnlySpan<byte> line = head[..end];
        head = head[(end + 2)..];
        return line;
    }

    private static Answer Bad(Rejection why, string reason, int status = 400) => Answer.BadHead(status, why, reason);

    private Answer? ReadRequestLine(ReadOnlySpan<byte> line, ref Fields fields)
    {
        int first = line.IndexOf((byte)' ');
        int last = line.LastIndexOf((byte)' ');
        if (first <= 0 || last <= first + 1 || line[..first].ContainsAnyExcept(HeadParser.TokenBytes))
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

    private Answer? ReadTarget(ref Fields fields)
    {
        int escaped = fields.Target.Length;
        foreach (byte c in fields.Target)
        {
            escaped += c >= 0x80 ? 2 : 0;
        }

        if (escaped > maxTarget)
        {
            return Answer.TargetTooLong(escaped, maxTarget);
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
            return HeadParser.IsHost(fields.Authority) ? null : Bad(Rejection.Target, "malformed authority in the request target");
        }

        int scheme = fields.Target.IndexOf("://"u8);
        if (scheme <= 0 || fields.Target[..scheme].ContainsAnyExcept(HeadParser.TokenBytes))
        {
            return Bad(Rejection.Target, "malformed request target");
        }

        ReadOnlySpan<byte> rest = fields.Target[(scheme + 3)..];
        int end = rest.IndexOfAny((byte)'/', (byte)'?');
        ReadOnlySpan<byte> authority = end < 0 ? rest : rest[..end];
        fields.Authority = authority[(authority.LastIndexOf((byte)'@') + 1)..];
        fields.Target = end < 0 ? "/"u8 : rest[end..];
        return HeadParser.IsHost(fields.Authority) ? null : Bad(Rejection.Target, "malformed host in the request target");
    }

    private Answer? ReadHeaders(ReadOnlySpan<byte> lines, ref Fields fields)
    {
        fields.Length = -1;
        int count = 0;
        while (NextLine(ref lines) is { IsEmpty: false } line)
        {
            if (++count > maxHeaders)
            {
                return Answer.TooManyHeaders(count, maxHeaders);
            }

            int colon = line.IndexOf((byte)':');
            ReadOnlySpan<byte> name = colon < 0 ? line : line[..colon];
            if (colon <= 0 || name.ContainsAnyExcept(HeadParser.TokenBytes))
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

    private static Answer? TakeHeader(scoped ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ref Fields fields)
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
                // The same again is no other length: so the reference takes it.
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

    private static Answer? Settle(ref Fields fields, out BodyFraming framing)
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

    private static Answer? Write(ReadOnlySpan<byte> lines, in Fields fields, in BodyFraming framing, IBufferWriter<byte> into)
    {
        into.Write(fields.Method);
        into.Write(" "u8);
        if (fields.Target[0] == '/' && fields.Target.IndexOf("%00"u8) >= 0)
        {
            // Kestrel refuses it in origin form alone.
            into.Write("http://"u8);
            into.Write(fields.Host.IsEmpty ? "localhost"u8 : fields.Host);
        }
        else if (fields.Target[0] == '?')
        {
            into.Write("/"u8);
        }

        WriteEscaped(fields.Target, into);
        into.Write(fields.IsOld ? " HTTP/1.0\r\n"u8 : " HTTP/1.1\r\n"u8);
        if (fields.HasHost)
        {
            WriteHeader("Host: "u8, fields.Host, into);
        }

        while (NextLine(ref lines) is { IsEmpty: false } line)
        {
            ReadOnlySpan<byte> name = line[..line.IndexOf((byte)':')];
            if (!Is(name, "Host"u8) && !Is(name, "Content-Length"u8) && !Is(name, "Transfer-Encoding"u8)
                && !(framing.Last && Is(name, "Connection"u8)))
            {
                into.Write(line);
                into.Write(LineEnd);
            }
        }

        if (framing.Last)
        {
            into.Write("Connection: close\r\n"u8);
        }

        if (framing.Chunked)
        {
            into.Write("Transfer-Encoding: chunked\r\n"u8);
        }
        else if (fields.Length >= 0 || (fields.IsOld && (fields.Method.SequenceEqual("PUT"u8) || fields.Method.SequenceEqual("POST"u8))))
        {
            WriteHeader("Content-Length: "u8, Encoding.ASCII.GetBytes(framing.Length.ToString(CultureInfo.InvariantCulture)), into);
        }

        into.Write(LineEnd);
        return null;
    }

    private static void WriteHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, IBufferWriter<byte> into)
    {
        into.Write(name);
        into.Write(value);
        into.Write(LineEnd);
    }

    private static void WriteEscaped(ReadOnlySpan<byte> target, IBufferWriter<byte> into)
    {
        while (!target.IsEmpty)
        {
            int plain = target.IndexOfAnyInRange((byte)0x80, (byte)0xFF);
            into.Write(plain < 0 ? target : target[..plain]);
            if (plain < 0)
            {
                return;
            }

            into.Write(Encoding.ASCII.GetBytes($"%{target[plain]:X2}"));
            target = target[(plain + 1)..];
        }
    }

    private ref struct Fields
    {
        public ReadOnlySpan<byte> Method;
        public ReadOnlySpan<byte> Target;
        public ReadOnlySpan<byte> Authority;
        public ReadOnlySpan<byte> Host;
        public bool HasHost;
        public bool IsOld;
        public bool Chunked;
        public bool Upgrade;
        public long Length;
    }
}
