namespace Exposition.Kestrel.Outcomes;

/// <summary>Which of the two entries served a request.</summary>
internal enum Door : byte
{
    /// <summary>The connection middleware.</summary>
    Raw,

    /// <summary>The endpoints behind Kestrel's own HTTP.</summary>
    Kestrel,
}

/// <summary>Why the raw door handed a connection on to Kestrel's own HTTP.</summary>
internal enum HandOnReason : byte
{
    /// <summary>TLS has agreed on HTTP/2.</summary>
    Http2,

    /// <summary>A method that is not served raw.</summary>
    Method,

    /// <summary>A path that is not served raw.</summary>
    Path,

    /// <summary>Not HTTP/1.1.</summary>
    Version,

    /// <summary>A request line or header that is not spelled strictly.</summary>
    Syntax,

    /// <summary>A head longer than the limit, or longer than what is read raw, or with too many headers.</summary>
    TooLong,

    /// <summary>Not exactly one valid Host.</summary>
    Host,

    /// <summary>Lengths that are ambiguous or not understood.</summary>
    Framing,

    /// <summary>A connection option that is not understood, or an upgrade.</summary>
    Connection,

    /// <summary>Expect: 100-continue.</summary>
    Expect,

    /// <summary>Any other header that is served differently.</summary>
    Header,

    /// <summary>The client stopped in the middle of a head.</summary>
    EndOfInput,

    /// <summary>The host's gate did not admit a request.</summary>
    Gate,

    /// <summary>A target longer than the limit.</summary>
    TargetTooLong,

    /// <summary>The host has rules for the routes that the raw door would bypass.</summary>
    HostRules,
}
