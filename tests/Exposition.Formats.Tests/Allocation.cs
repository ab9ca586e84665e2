namespace Exposition.Formats.Tests;

/// <summary>Asserts that a warm path leaves the garbage collector alone.</summary>
internal static class Allocation
{
    public static void AssertNone(Action action) => AssertAtMost(0, action);

    /// <param name="bytes">For a hundred rounds.</param>
    /// <param name="action">One round.</param>
    public static void AssertAtMost(long bytes, Action action)
    {
        for (int i = 0; i < 100; i++)
        {
            action();
        }

        // What happens once (code that is compiled anew, an array pool that a collection has emptied) may fall into a round, but not into
        // each.
        long least = long.MaxValue;
        for (int round = 0; round < 20 && least > bytes; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                action();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(least, 0, bytes);
    }
}
