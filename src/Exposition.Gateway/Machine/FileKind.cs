using System.Runtime.InteropServices;

namespace Exposition.Gateway.Machine;

// What the framework does not tell: opening a pipe waits for ever, a device never ends, and neither must be moved out of the way like a
// damaged file.

/// <summary>What is at a path, as far as it is no plain file.</summary>
internal static unsafe partial class FileKind
{
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;
    private const int Folder = 0x4000;
    private const int Socket = 0xC000;
    private const int DoNotFollow = 0x100;
    private const int AnswerBytes = 256;

    /// <summary>Whether it is a socket, and no link to one.</summary>
    public static bool IsSocket(string path) => TypeOf(path, DoNotFollow) == Socket;

    /// <summary>Whether it is a device, a pipe or a socket, or a link to one.</summary>
    public static bool IsSpecial(string path) => TypeOf(path, 0) is not (0 or Regular or Folder);

    /// <summary>Which file is at a path, links not followed; the default where there is none, or where that cannot be known.</summary>
    public static FileIdentity IdentityOf(string path)
    {
        const int numberAt = 32, deviceAt = 136;
        Span<byte> answer = stackalloc byte[AnswerBytes];
        return TryAsk(path, DoNotFollow, answer)
            ? new FileIdentity(BitConverter.ToUInt64(answer[deviceAt..]), BitConverter.ToUInt64(answer[numberAt..]))
            : default;
    }

    // 0 where there is nothing, or where that cannot be known.
    private static int TypeOf(string path, int flags)
    {
        const int modeAt = 28;
        Span<byte> answer = stackalloc byte[AnswerBytes];
        return TryAsk(path, flags, answer) ? BitConverter.ToUInt16(answer[modeAt..]) & TypeMask : 0;
    }

    private static bool TryAsk(string path, int flags, Span<byte> answer)
    {
        const int relativeToWorkingDirectory = -100;
        const uint wantTypeAndNumber = 0x101;
        try
        {
            fixed (byte* at = answer)
            {
                return OperatingSystem.IsLinux() && StatX(relativeToWorkingDirectory, path, flags, wantTypeAndNumber, at) == 0;
            }
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, byte* answer);
}

/// <summary>A file, whatever it is called.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Number);
