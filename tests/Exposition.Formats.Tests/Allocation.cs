namespace Exposition.Formats.Tests;

/// <summary>Asserts that a warm path leaves the garbage collector alone.</summary>
internal static class Allocation
{
    public static void AssertNone(Action action)
    {
        for (int i = 0; i < 100; i++)
        {
            action();
        }

        // What happens once (code that is compiled anew, an array pool that a collection has emptied) may fall into a round, but not into
        // each.
        long least = long.MaxValue;
        for (int round = 0; round < 20 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                action();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
