using System.Text;

namespace Exposition.Kestrel.Serving;

/// <summary>An answer to a push or delete. Both doors write it alike: without a text the body is empty, else it is the text and a newline.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The reason of a refusal.</param>
/// <param name="Close">Whether the connection must end with it, because the rest of the request was not read.</param>
internal readonly record struct Answer(int Status, string? Text = null, bool Close = false)
{
    /// <summary>The Content-Type of every answer with a text.</summary>
    public const string TextType = "text/plain; charset=utf-8";

    /// <summary>The body.</summary>
    public byte[] Body => Text is null ? [] : Encoding.UTF8.GetBytes(Text + "\n");

    /// <summary>The client has gone, or sent less than it announced.</summary>
    public static Answer CutShort => new(400, "unexpected EOF", Close: true);

    /// <summary>The body was too slow.</summary>
    public static Answer TooSlow => new(408, "request body was not received in time", Close: true);

    /// <summary>The body is longer than allowed.</summary>
    public static Answer TooLarge(long limit) => new(413, $"request body too large: more than {limit} bytes", Close: true);

    /// <summary>The kept state is still being loaded.</summary>
    public static Answer Loading => new(503, "not ready: the persisted metrics are being loaded");

    /// <summary>The change is stored, but not where it was promised to be.</summary>
    public static Answer NotConfirmed(string reason) => new(503, "stored in memory, but not on disk: " + reason);

    /// <summary>The phrase of the status line.</summary>
    public static ReadOnlySpan<byte> Phrase(int status) => status switch
    {
        200 => "OK"u8,
        202 => "Accepted"u8,
        400 => "Bad Request"u8,
        408 => "Request Timeout"u8,
        413 => "Payload Too Large"u8,
        429 => "Too Many Requests"u8,
        500 => "Internal Server Error"u8,
        503 => "Service Unavailable"u8,
        _ => "Unknown"u8,
    };
}
