using System.Numerics;
using System.Security.Cryptography;

namespace Exposition.Engine.Compression;

// Two lanes of 64 bits, each of which every serial changes by a bijection, under keys drawn by the process. What goes in are serials of the
// store, not what clients send. With 10^6 bundles at once the chance that any two have one identity is below 10^-26.

/// <summary>Computes the identity of a bundle from what it is made of: the serials of its headers and texts, in their order.</summary>
internal struct BundleIdentity
{
    private static readonly ulong s_key1 = RandomKey();
    private static readonly ulong s_key2 = RandomKey();

    private ulong _a;
    private ulong _b;

    /// <summary>That of an empty bundle.</summary>
    public static BundleIdentity Empty => new() { _a = s_key1, _b = s_key2 };

    public readonly UInt128 Value => new(_a, _b);

    public void Add(long serial)
    {
        _a = BitOperations.RotateLeft((_a ^ (ulong)serial) * 0x9E3779B97F4A7C15, 29) + s_key2;
        _b = (BitOperations.RotateLeft(_b, 23) + ((ulong)serial * 0xD6E8FEB86659FD93)) * 0xC2B2AE3D27D4EB4F;
        _b ^= _b >> 32;
    }

    /// <summary>Adds a part, of which the identity is known.</summary>
    public void Add(BundleIdentity part)
    {
        Add((long)part._a);
        Add((long)part._b);
    }

    private static ulong RandomKey() => BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
}
