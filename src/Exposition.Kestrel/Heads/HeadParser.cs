using System.Buffers;
using System.Text;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.Heads;

// head    = method SP target SP "HTTP/1.1" CRLF *( name ":" OWS value OWS CRLF ) CRLF
// method  = "GET" / "PUT" / "POST" / "DELETE"          target = "/" *( %x21-7E )
// name    = 1*tchar                                    value  = *( HTAB / %x20-7E )
//
// The parser is a filter, not a judge: it says Hot only of heads that it understands to the last byte, so that no other reader could frame
// the request differently, and HandOn of everything else, for Kestrel to serve or refuse. Hence it is stricter than RFC 9112 asks.
// It takes the head from its first byte each time, with more bytes at the end, and goes on where it stopped: lines are read once, and an
// unfinished line is searched for its end once. It neither allocates nor throws, and keeps no reference to the bytes.

/// <summary>Reads request heads that can be served raw.</summary>
internal sealed class HeadParser(PushPath paths, int maxBytes, int maxTarget, int maxHeaders)
{
    private const int LongestAroundTarget = 17;
    private const int LongestLength = 18;

    private static readonly SearchValues<byte> s_valueBytes = SearchValues.Create(
        [(byte)'\t', .. Enumerable.Range(' ', '~' - ' ' + 1).Select(static c => (byte)c)]);

    /// <summary>Reads on.</summary>
    /// <param name="bytes">All that has come since the head's first byte; may hold more than the head.</param>
    /// <param name="head">Reset before the first call. When Hot, its Position is the length of the head.</param>
    public HeadVerdict Continue(ReadOnlySpan<byte> bytes, ref RequestHead head)
    {
        while (true)
        {
            int found = bytes[head.Searched..].IndexOf((byte)'\n');
            if (found < 0)
            {
                head.Searched = bytes.Length;
                return head.Position == 0 && bytes.Length - LongestAroundTarget > maxTarget ? HandOn(ref head, HandOnReason.TargetTooLong)
                    : bytes.Length >= maxBytes ? HandOn(ref head, HandOnReason.TooLong)
                    : head.Position == 0 && !MayBecomeHot(bytes) ? HandOn(ref head, HandOnReason.Method)
                    : HeadVerdict.NeedMore;
            }

            int end = head.Searched + found;
            if (end >= maxBytes)
            {
                return HandOn(ref head, HandOnReason.TooLong);
            }

            if (end == head.Position || bytes[end - 1] != '\r')
            {
                return HandOn(ref head, HandOnReason.Syntax);
            }

            ReadOnlySpan<byte> line = bytes[head.Position..(end - 1)];
            int start = head.Position;
            head.Position = head.Searched = end + 1;
            if (start == 0)
            {
                if (!ReadRequestLine(line, ref head))
                {
                    return HeadVerdict.HandOn;
                }
            }
            else if (line.IsEmpty)
            {
                return Finish(ref head);
            }
            else if (!ReadHeader(line, start, ref head))
            {
                return HeadVerdict.HandOn;
            }
        }
    }

    private static HeadVerdict HandOn(ref RequestHead head, HandOnReason reason)
    {
        head.Reason = reason;
        return HeadVerdict.HandOn;
    }

    private static bool Refuse(ref RequestHead head, HandOnReason reason)
    {
        head.Reason = reason;
        return false;
    }

    // Something that is not HTTP at all may never send a line feed.
    private static bool MayBecomeHot(ReadOnlySpan<byte> start) =>
        IsPrefix(start, "GET /"u8) || IsPrefix(start, "PUT /"u8) || IsPrefix(start, "POST /"u8) || IsPrefix(start, "DELETE /"u8);

    private static bool IsPrefix(ReadOnlySpan<byte> start, ReadOnlySpan<byte> method)
    {
        int common = Math.Min(start.Length, method.Length);
        return start[..common].SequenceEqual(method[..common]);
    }

    private bool ReadRequestLine(ReadOnlySpan<byte> line, ref RequestHead head)
    {
        int space = line.IndexOf((byte)' ');
        if (space < 0)
        {
            return Refuse(ref head, HandOnReason.Syntax);
        }

        switch (line[..space])
        {
            case [(byte)'G', (byte)'E', (byte)'T']: head.Method = WireMethod.Get; break;
            case [(byte)'P', (byte)'U', (byte)'T']: head.Method = WireMethod.Put; break;
            case [(byte)'P', (byte)'O', (byte)'S', (byte)'T']: head.Method = WireMethod.Post; break;
            case [(byte)'D', (byte)'E', (byte)'L', (byte)'E', (byte)'T', (byte)'E']: head.Method = WireMethod.Delete; break;
            default: return Refuse(ref head, HandOnReason.Method);
        }

        ReadOnlySpan<byte> rest = line[(space + 1)..];
        int length = rest.IndexOf((byte)' ');
        if (length < 0 || !rest[(length + 1)..].SequenceEqual("HTTP/1.1"u8))
        {
            return Refuse(ref head, HandOnReason.Version);
        }

        ReadOnlySpan<byte> target = rest[..length];
        if (target.IsEmpty || target[0] != '/' || target.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E))
        {
            return Refuse(ref head, HandOnReason.Path);
        }

        if (length > maxTarget)
        {
            return Refuse(ref head, HandOnReason.TargetTooLong);
        }

        head.Target = new HeadRange(space + 1, length);
        head.Size = space + length + 8;
        return head.Method == WireMethod.Get ? paths.IsTelemetry(target) || Refuse(ref head, HandOnReason.Path)
            : paths.IsGroup(target) || Refuse(ref head, HandOnReason.Path);
    }

    private bool ReadHeader(ReadOnlySpan<byte> line, int start, ref RequestHead head)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(HeaderRules.TokenBytes))
        {
            return Refuse(ref head, HandOnReason.Syntax);
        }

        if (++head.HeaderCount > maxHeaders)
        {
            return Refuse(ref head, HandOnReason.TooLong);
        }

        int from = colon + 1;
        int to = line.Length;
        while (from < to && line[from] is (byte)' ' or (byte)'\t')
        {
            from++;
        }

        while (to > from && line[to - 1] is (byte)' ' or (byte)'\t')
        {
            to--;
        }

        ReadOnlySpan<byte> value = line[from..to];
        return value.ContainsAnyExcept(s_valueBytes) ? Refuse(ref head, HandOnReason.Syntax)
            : TakeHeader(line[..colon], value, new HeadRange(start + from, to - from), ref head);
    }

    // Headers are told apart by length first; those that are not named here mean nothing to us and are only counted.
    private static bool TakeHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, HeadRange range, ref RequestHead head)
    {
        head.Size += name.Length + value.Length;
        switch (name.Length)
        {
            case 2 when Is(name, "TE"u8):
                return true;
            case 4 when Is(name, "Host"u8):
                head.Size -= name.Length;
                return TakeOnce(ref head.Host, range, ref head, HandOnReason.Host)
                    && (HostHeader.IsHost(value) || Refuse(ref head, HandOnReason.Host));
            case 6 when Is(name, "Accept"u8):
                if (!head.Accept.IsPresent)
                {
                    head.Accept = range;
                }

                return true;
            case 6 when Is(name, "Expect"u8):
                return Refuse(ref head, HandOnReason.Expect);
            case 6 when Is(name, "Origin"u8):
                // A page: whether it may is decided by the endpoints.
                return head.Method == WireMethod.Get || Refuse(ref head, HandOnReason.Header);
            case 7 when Is(name, "Upgrade"u8):
                return Refuse(ref head, HandOnReason.Connection);
            case 7 when Is(name, "Trailer"u8):
                return Refuse(ref head, HandOnReason.Framing);
            case 10 when Is(name, "Connection"u8):
                return TakeConnection(value, ref head);
            case 12 when Is(name, "Content-Type"u8):
                return TakeOnce(ref head.ContentType, range, ref head, HandOnReason.Header);
            case 13 when Is(name, "Authorization"u8):
                return TakeOnce(ref head.Authorization, range, ref head, HandOnReason.Header);
            case 14 when Is(name, "Sec-Fetch-Site"u8):
                return head.Method == WireMethod.Get || Refuse(ref head, HandOnReason.Header);
            case 14 when Is(name, "Content-Length"u8):
                return TakeContentLength(value, ref head);
            case 15 when Is(name, "Accept-Encoding"u8):
                return TakeOnce(ref head.AcceptEncoding, range, ref head, HandOnReason.Header);
            case 16 when Is(name, "Content-Encoding"u8):
                return TakeOnce(ref head.ContentEncoding, range, ref head, HandOnReason.Header);
            case 17 when Is(name, "Transfer-Encoding"u8):
                // The Pushgateway does not count it in the size: its HTTP layer takes it away.
                head.Size -= name.Length + value.Length;
                if (head.Chunked || !value.SequenceEqual("chunked"u8))
                {
                    return Refuse(ref head, HandOnReason.Framing);
                }

                return head.Chunked = true;
            case 17 when Is(name, "Exposition-Source"u8):
                return TakeOnce(ref head.Source, range, ref head, HandOnReason.Header);
            case 18 when Is(name, "Exposition-Push-Id"u8):
                return TakeOnce(ref head.PushId, range, ref head, HandOnReason.Header);
            case 20 when Is(name, "Exposition-Push-Mode"u8):
                return TakeOnce(ref head.PushMode, range, ref head, HandOnReason.Header);
            case 23 when Is(name, "Exposition-Expire-After"u8):
                return TakeOnce(ref head.ExpireAfter, range, ref head, HandOnReason.Header);
            case 35 when Is(name, "X-Prometheus-Scrape-Timeout-Seconds"u8):
                return TakeOnce(ref head.ScrapeTimeout, range, ref head, HandOnReason.Header);
            default:
                return true;
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);

    private static bool TakeOnce(ref HeadRange field, HeadRange range, ref RequestHead head, HandOnReason reason)
    {
        if (field.IsPresent)
        {
            return Refuse(ref head, reason);
        }

        field = range;
        return true;
    }

    // Digits only, once: no sign, no list, no blank inside.
    private static bool TakeContentLength(ReadOnlySpan<byte> value, ref RequestHead head)
    {
        if (head.ContentLength >= 0 || value.Length > LongestLength || !HeaderRules.TryReadLength(value, out long length))
        {
            return Refuse(ref head, HandOnReason.Framing);
        }

        head.ContentLength = length;
        return true;
    }

    private static bool TakeConnection(ReadOnlySpan<byte> value, ref RequestHead head)
    {
        foreach (Range part in value.Split((byte)','))
        {
            ReadOnlySpan<byte> option = value[part].Trim(" \t"u8);
            if (Is(option, "close"u8))
            {
                head.Close = true;
            }
            else if (Is(option, "keep-alive"u8))
            {
                head.KeepAlive = true;
            }
            else if (!Is(option, "te"u8))
            {
                return Refuse(ref head, HandOnReason.Connection);
            }
        }

        return true;
    }

    private static HeadVerdict Finish(ref RequestHead head) =>
        !head.Host.IsPresent ? HandOn(ref head, HandOnReason.Host)
        : head.Chunked && head.ContentLength >= 0 ? HandOn(ref head, HandOnReason.Framing)
        : head.Method == WireMethod.Get
            && (head.Chunked || head.ContentLength > 0 || head.ContentEncoding.IsPresent) ? HandOn(ref head, HandOnReason.Header)
        : HeadVerdict.Hot;
}
