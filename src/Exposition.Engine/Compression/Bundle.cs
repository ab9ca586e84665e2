using Exposition.Formats;

namespace Exposition.Engine.Compression;

/// <summary>A compressed part of scrapes. Immutable but for what the cache keeps of it.</summary>
internal sealed class Bundle(byte[] block, int length, long rawBytes, uint crc, bool isBetter)
{
    /// <summary>The raw deflate blocks.</summary>
    public ReadOnlyMemory<byte> Compressed => Block.AsMemory(0, length);

    /// <summary>The array that they lie in.</summary>
    public byte[] Block { get; } = block;

    public long RawBytes { get; } = rawBytes;

    /// <summary>CRC-32 of the raw bytes.</summary>
    public uint Crc { get; } = crc;

    /// <summary><see cref="GzipParts.Shift"/> of the raw bytes.</summary>
    public uint CrcShift { get; } = GzipParts.Shift(rawBytes);

    /// <summary>Whether it was compressed at the better level.</summary>
    public bool IsBetter { get; } = isBetter;

    /// <summary>How many scrapes have found it unchanged. The cache's own, as is what follows.</summary>
    public int Hits { get; set; }

    /// <summary>Number of the last scrape that used it.</summary>
    public long LastUsed { get; set; }

    /// <summary>The escaping scheme of that scrape.</summary>
    public EscapingScheme Scheme { get; set; }

    /// <summary>Scrapes that are using it; one more while the cache keeps it.</summary>
    public int Pins { get; set; }
}
