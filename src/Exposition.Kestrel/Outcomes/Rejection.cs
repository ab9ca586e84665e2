namespace Exposition.Kestrel.Outcomes;

/// <summary>
/// Why a request was refused before any handler saw it, or for what it asks, as <c>pushgateway_http_rejected_total</c> tells it. The names
/// are those of the metric.
/// </summary>
internal enum Rejection : byte
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>It would have done something else than its sender expects.</summary>
    Conflict,

    /// <summary>Content-Length is not one number.</summary>
    ContentLength,

    /// <summary>A page of another origin wanted to change something.</summary>
    CrossSite,

    /// <summary>What it asks for is switched off.</summary>
    Disabled,

    /// <summary>A gzip body was announced where there is none.</summary>
    Encoding,

    /// <summary>An expectation other than 100-continue.</summary>
    Expect,

    /// <summary>A head longer than the limit.</summary>
    HeadTooLong,

    /// <summary>A header that is not spelled as it must be.</summary>
    Header,

    /// <summary>Not exactly one valid Host, or one that is not served.</summary>
    Host,

    /// <summary>The client stopped in the middle of a head.</summary>
    Incomplete,

    /// <summary>A method that the path does not have.</summary>
    Method,

    /// <summary>A path that leads nowhere.</summary>
    NotFound,

    /// <summary>Whatever else Kestrel refuses by itself.</summary>
    Other,

    /// <summary>Too many passwords wait to be checked.</summary>
    Overload,

    /// <summary>Plain HTTP where TLS is spoken.</summary>
    PlainHttp,

    /// <summary>A query that cannot be understood.</summary>
    Query,

    /// <summary>More requests than the rate limit allows.</summary>
    RateLimit,

    /// <summary>A request line that is none.</summary>
    RequestLine,

    /// <summary>A target that names nothing.</summary>
    Target,

    /// <summary>A target longer than the limit.</summary>
    TargetTooLong,

    /// <summary>A head that took too long.</summary>
    Timeout,

    /// <summary>More headers than the limit.</summary>
    TooManyHeaders,

    /// <summary>Transfer-Encoding is not exactly one "chunked".</summary>
    TransferEncoding,

    /// <summary>No or wrong credentials.</summary>
    Unauthorized,

    /// <summary>A version of HTTP that is not spoken here.</summary>
    Version,
}
