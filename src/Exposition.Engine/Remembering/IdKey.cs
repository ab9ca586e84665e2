using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Exposition.Engine.Remembering;

/// <summary>
/// The key under which ids and bodies are hashed: nobody outside can find two of one hash. Safe for concurrent use.
/// </summary>
/// <param name="bytes">16 bytes; null for a new one.</param>
internal sealed class IdKey(byte[]? bytes = null)
{
    public const int Length = 16;

    private byte[]? _bytes = bytes;

    public ReadOnlyMemory<byte> Bytes => Key;

    // Made when it is first asked for: most gateways see no ids, and the system's cryptography takes 4 MiB and part of a start.
    private byte[] Key => Volatile.Read(ref _bytes) ?? Make();

    private byte[] Make()
    {
        byte[] made = RandomNumberGenerator.GetBytes(Length);
        return Interlocked.CompareExchange(ref _bytes, made, null) ?? made;
    }

    /// <summary>The first 128 bits of the HMAC-SHA-256 of a text.</summary>
    public UInt128 Hash(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Key, text, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }
}
