using System.Diagnostics;
using System.Runtime.InteropServices;
using Exposition.Engine.Explore;

namespace Exposition.Engine.Tests.Concurrency;

/// <summary>The processor time for which a thread holds the writer lock: others on the machine do not count.</summary>
internal static partial class WriterHolds
{
    // CLOCK_THREAD_CPUTIME_ID
    private const int ThreadTime = 3;

    /// <summary>How long each hold of what a thread does is, one after the other.</summary>
    public static List<TimeSpan> Of(Action request)
    {
        long entered = 0;
        List<TimeSpan> holds = [];
        TimeSpan paused = default;
        Watch(
            request,
            () => (entered, paused) = (Now(), GC.GetTotalPauseDuration()),
            () =>
            {
                // Whoever triggers a collection of garbage does it for all.
                long held = Now() - entered - (long)(GC.GetTotalPauseDuration() - paused).TotalNanoseconds;
                holds.Add(TimeSpan.FromMicroseconds(held / 1000.0));
            });
        return holds;
    }

    /// <summary>The most bytes that a thread allocates in one hold.</summary>
    public static long MostAllocated(Action request)
    {
        long before = 0;
        long most = 0;
        Watch(
            request,
            () => before = GC.GetAllocatedBytesForCurrentThread(),
            () => most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before));
        return most;
    }

    private static void Watch(Action request, Action entered, Action left)
    {
        int thread = Environment.CurrentManagedThreadId;
        Explored.Hook = step =>
        {
            if (Environment.CurrentManagedThreadId == thread && step is Steps.HoldWriter or Steps.LeftWriter)
            {
                (step == Steps.HoldWriter ? entered : left)();
            }
        };
        try
        {
            request();
        }
        finally
        {
            Explored.Hook = null;
        }
    }

    // In nanoseconds.
    private static long Now()
    {
        if (OperatingSystem.IsLinux() && ClockGetTime(ThreadTime, out Timespec time) == 0)
        {
            return (time.Seconds * 1_000_000_000L) + time.Nanoseconds;
        }

        return (long)Stopwatch.GetElapsedTime(0, Stopwatch.GetTimestamp()).TotalNanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Timespec
    {
        public readonly nint Seconds;
        public readonly nint Nanoseconds;
    }
}
