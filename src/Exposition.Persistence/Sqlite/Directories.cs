using System.Runtime.InteropServices;

namespace Exposition.Persistence.Sqlite;

/// <summary>
/// Makes names durable: a file that was created or renamed is only certain to be found under its name once its directory is on disk.
/// </summary>
internal static partial class Directories
{
    private const int ReadOnly = 0;

    /// <summary>Forces the directory of a file to disk, where the system can do so. (SQLite does the same for its own files.)</summary>
    public static void Sync(string file)
    {
        if (OperatingSystem.IsWindows() || Path.GetDirectoryName(file) is not { } directory)
        {
            return;
        }

        int handle = Open(directory, ReadOnly);
        if (handle >= 0)
        {
            // Some file systems refuse to sync directories; there is nothing better to do then.
            _ = Sync(handle);
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int handle);
}
