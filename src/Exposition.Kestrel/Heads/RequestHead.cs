using System.Runtime.InteropServices;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Heads;

/// <summary>What the parser says about a head so far.</summary>
internal enum HeadVerdict : byte
{
    NeedMore,

    /// <summary>The head is complete and wholly understood.</summary>
    Hot,

    /// <summary>Kestrel's own HTTP shall have it. <see cref="RequestHead.Reason"/> says why.</summary>
    HandOn,
}

/// <summary>The methods that are served raw.</summary>
internal enum WireMethod : byte
{
    Get,
    Put,
    Post,
    Delete,
}

/// <summary>A piece of the head, by offset from its first byte. Absent where the length is negative.</summary>
internal readonly record struct HeadRange(int Start, int Length)
{
    public static HeadRange Absent => new(0, -1);

    public bool IsPresent => Length >= 0;

    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> head) => Length <= 0 ? default : head.Slice(Start, Length);
}

/// <summary>A request head: what was understood of it, and where the parser stands. Ranges are offsets into the head's bytes.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct RequestHead
{
    /// <summary>Where the next line starts.</summary>
    public int Position;

    /// <summary>How far the unfinished line was searched for its end.</summary>
    public int Searched;

    public int HeaderCount;
    public WireMethod Method;
    public HeadRange Target;
    public HeadRange Host;
    public HeadRange ContentType;
    public HeadRange ContentEncoding;
    /// <summary>The first of them.</summary>
    public HeadRange Accept;
    public HeadRange AcceptEncoding;
    public HeadRange Authorization;
    public HeadRange ScrapeTimeout;
    public HeadRange ExpireAfter;
    public HeadRange PushMode;
    public HeadRange PushId;
    public HeadRange Source;

    /// <summary>Content-Length, or -1.</summary>
    public long ContentLength;

    public bool Chunked;

    /// <summary>Whether the client asked to close the connection.</summary>
    public bool Close;

    /// <summary>Whether the client asked to keep the connection.</summary>
    public bool KeepAlive;

    /// <summary>Approximate size as the Pushgateway counts it: target, method, protocol, header names and values, host.</summary>
    public int Size;

    /// <summary>Why it is not served raw.</summary>
    public HandOnReason Reason;

    public void Reset()
    {
        this = default;
        Host = ContentType = ContentEncoding = Accept = AcceptEncoding = Authorization = ScrapeTimeout = HeadRange.Absent;
        ExpireAfter = PushMode = PushId = Source = HeadRange.Absent;
        ContentLength = -1;
    }
}
