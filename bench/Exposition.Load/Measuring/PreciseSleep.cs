using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Exposition.Load.Measuring;

/// <summary>
/// Waits until a moment, to some microseconds on Linux, without using the processor: a thread that spins would take from the server what
/// it measures, and look busy.
/// </summary>
internal static class PreciseSleep
{
    private const int SetTimerSlack = 29;

    /// <summary>Tells the kernel that this thread's timers are not to be put together with others.</summary>
    public static void PrepareThread()
    {
        if (OperatingSystem.IsLinux())
        {
            // Without it they are late by 50 microseconds more.
            _ = Control(SetTimerSlack, 1, 0, 0, 0);
        }
    }

    /// <summary>Returns at that moment or later.</summary>
    /// <param name="at">A time stamp of <see cref="Stopwatch"/>.</param>
    public static void Until(long at)
    {
        for (long left = at - Stopwatch.GetTimestamp(); left > 0; left = at - Stopwatch.GetTimestamp())
        {
            long nanoseconds = (long)(left * (1e9 / Stopwatch.Frequency));
            if (OperatingSystem.IsLinux())
            {
                var time = new Time { Seconds = (nint)(nanoseconds / 1_000_000_000), Nanoseconds = (nint)(nanoseconds % 1_000_000_000) };
                _ = Sleep(in time, 0);
            }
            else
            {
                Thread.Sleep((int)(nanoseconds / 1_000_000));
            }
        }
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sleep(in Time time, nint left);

    [DllImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(int option, nuint value, nuint second, nuint third, nuint fourth);

    private struct Time
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
