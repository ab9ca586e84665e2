using System.Globalization;
using Exposition.Gateway.Logging;
using Microsoft.Extensions.Logging;

namespace Exposition.Gateway.Machine;

/// <summary>How many connections the system's limit on open files has room for.</summary>
internal static class OpenFiles
{
    private const int Reserve = 200;

    /// <summary>The most connections for this process; fewer than asked for are logged.</summary>
    /// <param name="asked">The flag; 0 for any number.</param>
    /// <param name="logger">The log.</param>
    public static int Connections(int asked, ILogger logger)
    {
        try
        {
            // The runtime has raised the limit as far as it may.
            if (Read(File.ReadAllLines("/proc/self/limits")) is not { } files)
            {
                return asked;
            }

            int most = Connections(asked, files, Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
            if (most != asked)
            {
                logger.ConnectionsLimited(asked, most, files);
            }

            return most;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return asked;
        }
    }

    /// <summary>Reads <c>/proc/self/limits</c>: <c>Max open files   1024   524288   files</c>.</summary>
    internal static long? Read(IEnumerable<string> lines) =>
        lines.FirstOrDefault(static line => line.StartsWith("Max open files", StringComparison.Ordinal)) is { } found
        && long.TryParse(FirstWord(found["Max open files".Length..]), NumberStyles.None, CultureInfo.InvariantCulture, out long limit)
            ? limit
            : null;

    /// <summary>
    /// The most connections: as asked for, but some files are kept for the disk, for reloads, for code to be loaded, and for connections
    /// that are about to end.
    /// </summary>
    /// <param name="asked">The flag; 0 for any number.</param>
    /// <param name="files">The limit on open files.</param>
    /// <param name="inUse">How many are open already.</param>
    internal static int Connections(int asked, long files, int inUse)
    {
        long free = Math.Max(2, files - inUse);
        long most = free - Math.Min(Reserve, 3 * free / 4);
        return asked > 0 && asked <= most ? asked : (int)Math.Min(most, int.MaxValue);
    }

    private static string? FirstWord(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
}
