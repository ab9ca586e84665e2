using System.Text;
using Exposition.Formats.Go;

namespace Exposition.Kestrel.Outcomes;

/// <summary>
/// An answer to a push or delete. Both doors write it alike: without a text the body is empty, else it is the text and a newline. A push
/// that is refused without the check of consistency is answered as one that is stored: then the text is for log and refusals alone.
/// </summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Text">The reason of a refusal.</param>
/// <param name="Close">Whether the connection must end with it, because the rest of the request was not read.</param>
/// <param name="Limit">The limit that has refused the request.</param>
/// <param name="Why">The class of a refusal, where the status does not say it.</param>
/// <param name="Rejected">Why the request was refused before any handler saw it.</param>
internal readonly record struct Answer(
    int Status, string? Text = null, bool Close = false, Limit Limit = Limit.None, Refusal Why = Refusal.None,
        Rejection Rejected = Rejection.None)
{
    /// <summary>What it will be, where a change is on its way; then nothing else of this counts.</summary>
    public Task<Answer>? Later { get; init; }

    /// <summary>Whether the change was taken by this host alone.</summary>
    public bool IsAlone { get; init; }

    /// <summary>The class of the refusal; none for a success.</summary>
    public Refusal Refusal => Why != Refusal.None ? Why : Status switch
    {
        < 400 => Refusal.None,
        408 => Refusal.Timeout,
        413 => Refusal.TooLarge,
        429 or 503 => Refusal.Overload,
        500 => Refusal.Internal,
        _ => Refusal.Incomplete,
    };

    /// <summary>The Content-Type of every answer with a text.</summary>
    public const string TextType = "text/plain; charset=utf-8";

    public byte[] Body => Text is null || Status == 202 ? [] : Encoding.UTF8.GetBytes(Text + "\n");

    /// <summary>The client has gone, or sent less than it announced.</summary>
    public static Answer CutShort => new(400, "unexpected EOF", Close: true);

    /// <summary>The body was the slowest when others waited for memory.</summary>
    public static Answer Displaced(ExpositionOptions options) => new(
        408, $"request body came too slowly while others waited for the memory of all bodies ({options.NameOf(Limit.InflightBytes)})",
        Close: true, Limit.InflightBytes);

    public static Answer TooSlow => new(408, "request body was not received in time", Close: true, Limit.BodyTimeout);

    public static Answer HeadTooSlow =>
        new(408, "request head was not received in time", Close: true, Limit.HeadTimeout, Rejected: Rejection.Timeout);

    public static Answer TooLarge(long limit) => new(413, $"request body too large: more than {limit} bytes", Close: true, Limit.BodyBytes);

    /// <summary>The body is longer than allowed when it is decoded.</summary>
    public static Answer TooLargeDecoded(long limit) =>
        new(413, $"request body too large: more than {limit} bytes when decoded", Close: false, Limit.DecodedBytes);

    /// <summary>The body is longer than allowed when it is decoded, for its size as sent.</summary>
    public static Answer TooDense(long limit, int sent, ExpositionOptions options) => new(413,
        $"request body too large: {sent} bytes decode to more than {limit}, which is 1 MiB and {options.MaxDecodeRatio} times as many "
            + $"({options.NameOf(Limit.DecodeRatio)})",
        Close: false, Limit.DecodeRatio);

    /// <summary>The body is not UTF-8, and what its Content-Type says of it does not help.</summary>
    public static Answer UnknownCharset(string charset)
    {
        string shown = ShownText.Of(Encoding.UTF8.GetBytes(charset));
        return new(415, $"the body is not UTF-8, and it cannot be read in the charset of its Content-Type: {shown}", Why: Refusal.Encoding);
    }

    /// <summary>The target has a percent sign that escapes nothing.</summary>
    public static Answer MalformedTarget =>
        BadHead(400, Rejection.Target, "malformed percent escape in the request target (a percent sign itself is sent as %25)");

    public static Answer NotFound => new(404, "404 page not found", Rejected: Rejection.NotFound);

    /// <summary>The path leads nowhere, but is close to one that does.</summary>
    public static Answer NotFoundAt(string meant) => NotFound with { Text = $"{NotFound.Text}: the path is {meant}" };

    public static Answer NotAllowed => new(405, "Method Not Allowed", Rejected: Rejection.Method);

    /// <summary>The client has stopped in the middle of a head.</summary>
    public static Answer HeadCutShort => BadHead(400, Rejection.Incomplete, "unexpected EOF");

    /// <summary>The head is not in order. In the words of the Pushgateway, which has the status in the text.</summary>
    public static Answer BadHead(int status, Rejection why, string reason) =>
        new(status, $"{status} {Encoding.ASCII.GetString(Phrase(status))}: {reason}", Close: true, Rejected: why);

    /// <summary>The client waits for something that never comes.</summary>
    public static Answer BadExpectation => BadHead(417, Rejection.Expect, "the only expectation is 100-continue");

    public static Answer HeadTooLong(long bytes, ExpositionOptions options) => new(
        431, $"request head too large: {bytes} bytes are more than {options.MaxHeadBytes} ({options.NameOf(Limit.HeadBytes)})",
        Close: true, Limit.HeadBytes, Rejected: Rejection.HeadTooLong);

    public static Answer TooManyHeaders(int headers, ExpositionOptions options) => new(
        431, $"too many request headers: {headers} are more than {options.MaxHeaders} ({options.NameOf(Limit.Headers)})",
        Close: true, Limit.Headers, Rejected: Rejection.TooManyHeaders);

    public static Answer TargetTooLong(long bytes, ExpositionOptions options) => new(
        414, $"request target too long: {bytes} bytes are more than {options.MaxTargetBytes} ({options.NameOf(Limit.TargetBytes)})",
        Close: true, Limit.TargetBytes, Rejected: Rejection.TargetTooLong);

    /// <summary>All bodies together hold as much as they may.</summary>
    public static Answer NoRoom => new(503, "too many request bodies at once", Close: true, Limit.InflightBytes);

    /// <summary>Too many clients want credentials to be checked.</summary>
    public static Answer TooManyChecks =>
        new(503, "too many credentials wait to be checked", Close: true, Limit.PasswordChecks, Rejected: Rejection.Overload);

    /// <summary>Too many large bodies wait, most of them of this client.</summary>
    public static Answer TooManyQueued(ExpositionOptions options) => new(
        503, $"too many large bodies wait to be read: more than {options.MaxQueuedBodies} ({options.NameOf(Limit.QueuedBodies)})",
        Close: false, Limit.QueuedBodies);

    /// <summary>There was no time for a large body.</summary>
    public static Answer NoTurn =>
        new(503, "no time was found to read this large body: others came first", Close: false, Limit.QueuedBodies);

    public static Answer TooOften(int limit) =>
        new(429, $"too many pushes of this job: more than {limit} per second", Close: false, Limit.PushesPerSecond);

    /// <summary>Whether the client is told to try again after a second.</summary>
    public bool MayRetry => Status is 429 or 503;

    public static Answer Loading => new(503, "not ready: the persisted metrics are being loaded");

    /// <summary>The change is stored, but not where it was promised to be.</summary>
    public static Answer NotConfirmed(string reason) => new(503, "stored in memory, but not on disk: " + reason);

    /// <summary>Changes are not taken now.</summary>
    public static Answer NotTaken(string reason) => new(503, "changes are not taken now: " + reason);

    /// <summary>A scrape failed inside the engine. What an exception says is for the log, not for the wire.</summary>
    public static Answer ScrapeFailed => new(500, "An error has occurred while serving metrics, see the log");

    public static ReadOnlySpan<byte> Phrase(int status) => status switch
    {
        200 => "OK"u8,
        202 => "Accepted"u8,
        400 => "Bad Request"u8,
        408 => "Request Timeout"u8,
        413 => "Payload Too Large"u8,
        414 => "URI Too Long"u8,
        415 => "Unsupported Media Type"u8,
        417 => "Expectation Failed"u8,
        422 => "Unprocessable Content"u8,
        429 => "Too Many Requests"u8,
        431 => "Request Header Fields Too Large"u8,
        500 => "Internal Server Error"u8,
        501 => "Not Implemented"u8,
        503 => "Service Unavailable"u8,
        505 => "HTTP Version Not Supported"u8,
        507 => "Insufficient Storage"u8,
        _ => "Unknown"u8,
    };
}
