namespace Exposition.Kestrel.Outcomes;

/// <summary>
/// Why a push was refused, as <c>pushgateway_pushes_refused_total</c> tells it. The names are those of the
/// metric.
/// </summary>
internal enum Refusal : byte
{
    /// <summary>It was not, or the status of the answer says it.</summary>
    None,

    /// <summary>The body's Content-Encoding cannot be undone.</summary>
    Encoding,

    /// <summary>A header cannot be understood.</summary>
    Header,

    /// <summary>Its id is that of another push.</summary>
    Id,

    /// <summary>The body ended early or its framing is wrong.</summary>
    Incomplete,

    /// <summary>The metrics contradict themselves or others.</summary>
    Inconsistent,

    /// <summary>The engine has failed.</summary>
    Internal,

    /// <summary>The body cannot be read.</summary>
    Malformed,

    /// <summary>The engine has too much to do.</summary>
    Overload,

    /// <summary>The path names no group.</summary>
    Path,

    /// <summary>The body took too long.</summary>
    Timeout,

    /// <summary>The body is too large.</summary>
    TooLarge,
}
