using System.Runtime.InteropServices;

namespace Exposition.Formats.Rows;

/// <summary>Keyed hashes of text.</summary>
internal static class KeyedHash
{
    /// <summary>
    /// Hash of bytes under the key that the runtime draws for its own strings (Marvin), so that nobody outside can aim at a slot.
    /// </summary>
    public static uint Text(ReadOnlySpan<byte> text)
    {
        uint hash = (uint)string.GetHashCode(MemoryMarshal.Cast<byte, char>(text));
        return (text.Length & 1) == 0 ? hash : Mix(((ulong)hash << 32) | (uint)(text[^1] + 1));
    }

    /// <summary>One hash out of two.</summary>
    public static uint Mix(ulong pair)
    {
        pair = (pair ^ (pair >> 32)) * 0x9E3779B97F4A7C15;
        pair = (pair ^ (pair >> 29)) * 0xBF58476D1CE4E5B9;
        return (uint)(pair >> 32);
    }
}
