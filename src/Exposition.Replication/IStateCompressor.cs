namespace Exposition.Replication;

/// <summary>Makes states smaller for the log. All nodes of a log must have the same. Safe for concurrent use.</summary>
public interface IStateCompressor
{
    /// <summary>Compresses.</summary>
    public byte[] Compress(ReadOnlySpan<byte> plain);

    /// <summary>Undoes <see cref="Compress"/>.</summary>
    /// <param name="packed">What it made.</param>
    /// <param name="length">How long the plain bytes are.</param>
    /// <returns>The plain bytes; null if these are not so many, or what is packed is damaged.</returns>
    public byte[]? TryDecompress(ReadOnlySpan<byte> packed, int length);
}
