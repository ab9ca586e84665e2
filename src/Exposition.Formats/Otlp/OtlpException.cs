namespace Exposition.Formats.Otlp;

/// <summary>What a request has too much of.</summary>
internal enum OtlpBound : byte
{
    /// <summary>Nothing: it is malformed.</summary>
    None,

    /// <summary>Bytes.</summary>
    Bytes,

    /// <summary>Data points.</summary>
    Points,

    /// <summary>Resources.</summary>
    Resources,
}

/// <summary>A request cannot be read; the message says where, what, and what was expected.</summary>
/// <param name="message">The message.</param>
/// <param name="exceeds">What it has too much of.</param>
internal sealed class OtlpException(string message, OtlpBound exceeds = OtlpBound.None) : Exception(message)
{
    /// <summary>What it has too much of.</summary>
    public OtlpBound Exceeds => exceeds;
}
