namespace Exposition.Formats;

/// <summary>What a writer does with metric and label names outside <c>[a-zA-Z_:][a-zA-Z0-9_:]*</c>.</summary>
public enum EscapingScheme : byte
{
    /// <summary>Each invalid character becomes an underscore. The default when a scraper asks for nothing else.</summary>
    Underscores = 0,

    /// <summary>Dots become <c>_dot_</c>, underscores are doubled, any other invalid character becomes two underscores.</summary>
    Dots = 1,

    /// <summary>The reversible <c>U__</c> form: each invalid character becomes <c>_hex_</c>.</summary>
    Values = 2,

    /// <summary>Names are written as they are, quoted inside the braces.</summary>
    AllowUtf8 = 3,
}

/// <summary>Which metric and label names a reader accepts.</summary>
public enum NameScheme : byte
{
    /// <summary><c>[a-zA-Z_:][a-zA-Z0-9_:]*</c> for metrics, the same without the colon for labels.</summary>
    Legacy = 0,

    /// <summary>Any non-empty valid UTF-8.</summary>
    Utf8 = 1,
}
