using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.Serving;

/// <summary>A request that changes a group, without its body: what either door has understood of the head.</summary>
internal struct PushRequest
{
    public PushMethod Method;

    /// <summary>The group, or why there is none.</summary>
    public Route Route;

    public BodyEncoding Encoding;

    public PushFormat Format;

    /// <summary>The charset that its Content-Type names, or null if that is UTF-8 or none.</summary>
    public string? Charset;

    /// <summary>Approximate size of the head: target, method, protocol, header names and values, host.</summary>
    public int HeadSize;

    /// <summary>Content-Length, or 0 where the body is chunked.</summary>
    public long AnnouncedBytes;

    /// <summary>When the head was complete, on the clock's scale.</summary>
    public long StartedAt;

    /// <summary>What it holds of the memory for all bodies; null for no limit.</summary>
    public BodyClaim? Claim;

    /// <summary>When the pushed series shall expire, where the client has said it. Zero means never.</summary>
    public TimeSpan? ExpireAfter;

    /// <summary>What it does to what its group has, where the client has said it.</summary>
    public PushMode? GivenMode;

    /// <summary>The id by which it counts once; empty for none. Valid as long as the request.</summary>
    public ReadOnlyMemory<byte> Id;

    /// <summary>Who counts what it says; empty for none. Valid as long as the request.</summary>
    public ReadOnlyMemory<byte> Source;

    /// <summary>What is wrong with a header, or null.</summary>
    public string? HeaderError;

    /// <summary>Whose it is, where the other end of the connection is not the client itself.</summary>
    public ClientAddress? Client;

    /// <summary>Who sends it, for what is kept of refusals; null where nothing is.</summary>
    public Caller? Caller;

    /// <summary>Who sends it: something whose text says so, or null.</summary>
    public object? Sender;

    public Door Door;

    public readonly PushDetails Details => new(ExpireAfter, Sender) { Id = Id, Source = Source };

    /// <summary>Takes the body's language and charset: text, unless a Content-Type names another one exactly.</summary>
    public void TakeContentType(ReadOnlySpan<byte> value)
    {
        Format = PushContentType.IsDelimitedProtobuf(value) ? PushFormat.Protobuf
            : PushContentType.IsOpenMetrics(value) ? PushFormat.OpenMetrics
            : PushFormat.Text;
        Charset = OtherText.CharsetOf(value);
    }
}
