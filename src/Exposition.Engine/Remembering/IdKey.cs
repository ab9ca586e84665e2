using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Exposition.Engine.Remembering;

/// <summary>The key under which ids and bodies are hashed: nobody outside can find two of one hash.</summary>
/// <param name="bytes">16 bytes.</param>
internal sealed class IdKey(byte[] bytes)
{
    public const int Length = 16;

    /// <summary>A new one.</summary>
    public IdKey()
        : this(RandomNumberGenerator.GetBytes(Length))
    {
    }

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>The first 128 bits of the HMAC-SHA-256 of a text.</summary>
    public UInt128 Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(bytes, text, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
