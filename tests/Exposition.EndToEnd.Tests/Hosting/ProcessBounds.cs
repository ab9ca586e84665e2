namespace Exposition.EndToEnd.Tests.Hosting;

/// <summary>What a process holds, as the kernel sees it, and the most of it that was seen.</summary>
internal sealed class ProcessBounds(int process)
{
    public long MostResident { get; private set; }

    public int MostFiles { get; private set; }

    public long Resident => 1024 * long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(static line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ')[^2],
            CultureInfo.InvariantCulture);

    public int Files => Directory.EnumerateFileSystemEntries($"/proc/{process}/fd").Count();

    /// <summary>The most files that this process may open itself.</summary>
    public static int FileLimit =>
        File.ReadLines("/proc/self/limits").Single(static line => line.StartsWith("Max open files", StringComparison.Ordinal))
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3] is var soft
            && int.TryParse(soft, CultureInfo.InvariantCulture, out var files) ? files : int.MaxValue;

    /// <summary>Watches until the end.</summary>
    public async Task WatchAsync(CancellationToken end)
    {
        // To count thousands of files takes milliseconds, which the others would notice.
        for (var i = 0; !end.IsCancellationRequested; i++)
        {
            MostResident = Math.Max(MostResident, Resident);
            MostFiles = i % 10 == 9 ? Math.Max(MostFiles, Files) : MostFiles;
            await Task.Delay(200, CancellationToken.None);
        }
    }
}
