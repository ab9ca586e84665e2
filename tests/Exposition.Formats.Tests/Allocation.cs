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

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            action();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
