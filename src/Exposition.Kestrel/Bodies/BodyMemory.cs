using Exposition.Engine.Memory;

namespace Exposition.Kestrel.Bodies;

// The shared array pool has powers of two only, so a body of a little over 2 MiB takes 4; and what it has once given it keeps, for each
// thread and each processor, for minutes.

/// <summary>Arrays that bodies are received and decoded into. A bounded number of unused bytes is kept. Safe for concurrent use.</summary>
internal static class BodyMemory
{
    // A body of 2 MiB takes 1 MiB and then 2, and there may be one for each connection. What is dropped for lack of room becomes garbage
    // for the oldest generation at each push, so there is room for many; what is not needed goes by Trim.
    private const long SpareMost = 64 << 20;

    private static readonly SparePool<byte[]> s_spare = new(SpareMost);

    /// <summary>How long the array for so many bytes is.</summary>
    public static int SizeFor(int bytes) => SparePool<byte[]>.SizeFor(bytes);

    /// <summary>An array, its content undefined.</summary>
    public static byte[] Rent(int size) => s_spare.TryTake(size) ?? GC.AllocateUninitializedArray<byte>(size);

    /// <summary>Takes an array back that nobody refers to any more.</summary>
    public static void Return(byte[] array) => s_spare.Put(array.Length, array.Length, array);

    /// <summary>Lets go of what was not needed since the last call.</summary>
    /// <returns>How many bytes that is.</returns>
    public static long Trim() => s_spare.Trim();
}
