using Exposition.Replication;
using ZstdSharp;

namespace Exposition.Gateway.Replication;

/// <summary>Packs states for the log with zstd at its fastest usual level.</summary>
internal sealed class ZstdStates : IStateCompressor
{
    private const int Level = 1;

    /// <inheritdoc/>
    public byte[] Compress(ReadOnlySpan<byte> plain)
    {
        using var compressor = new Compressor(Level);
        return compressor.Wrap(plain).ToArray();
    }

    /// <inheritdoc/>
    public byte[]? TryDecompress(ReadOnlySpan<byte> packed, int length)
    {
        try
        {
            using var decompressor = new Decompressor();
            byte[] plain = GC.AllocateUninitializedArray<byte>(length);
            return decompressor.TryUnwrap(packed, plain, out int written) && written == length ? plain : null;
        }
        catch (ZstdException)
        {
            return null;
        }
    }
}
