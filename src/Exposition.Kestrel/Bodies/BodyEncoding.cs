namespace Exposition.Kestrel.Bodies;

/// <summary>The encodings of bodies. What is not known is read as it is, as the Pushgateway does.</summary>
internal enum BodyEncoding : byte
{
    Identity,

    /// <summary>gzip, of one or more members.</summary>
    Gzip,

    /// <summary>The framed form of snappy.</summary>
    Snappy,

    Zstd,

    /// <summary>zlib.</summary>
    Deflate,

    /// <summary>Perhaps what zlib packs, without its header and checksum; else plain.</summary>
    RawDeflate,

    /// <summary>One that cannot be undone, or several on top of each other.</summary>
    Unknown,
}
