using System.Runtime.InteropServices;

namespace Exposition.Gateway.Hosting;

// What the framework does not tell: opening a pipe waits for ever, a device never ends, and neither must be moved out of the way like a damaged file.

/// <summary>What is at a path, as far as it is no plain file.</summary>
internal static unsafe partial class FileKind
{
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Folder = 0x4000;
    private const int Socket = 0xC000;
    private const int DoNotFollow = 0x100;

    /// <summary>Whether it is a socket, and no link to one.</summary>
    public static bool IsSocket(string path) => TypeOf(path, DoNotFollow) == Socket;

    /// <summary>Whether it is a device, a pipe or a socket, or a link to one.</summary>
    public static bool IsSpecial(string path) => TypeOf(path, 0) is not (0 or Regular or Folder);

    // 0 where there is nothing, or where that cannot be known.
    private static int TypeOf(string path, int flags)
    {
        const int relativeToWorkingDirectory = -100, bytes = 256, modeAt = 28;
        const uint wantType = 1;
        byte* answer = stackalloc byte[bytes];
        try
        {
            return OperatingSystem.IsLinux() && StatX(relativeToWorkingDirectory, path, flags, wantType, answer) == 0
                ? BitConverter.ToUInt16(new ReadOnlySpan<byte>(answer, bytes)[modeAt..]) & TypeMask
                : 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, byte* answer);
}
