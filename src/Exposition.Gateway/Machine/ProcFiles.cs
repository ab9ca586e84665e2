using System.Buffers.Text;
using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace Exposition.Gateway.Machine;

/// <summary>What Linux tells of this process under /proc. Every value is null where it cannot be read.</summary>
internal sealed partial class ProcFiles(string root = ProcFiles.Proc)
{
    private const string Proc = "/proc";

    // USER_HZ is 100 on every architecture that .NET runs on (man 5 proc, sysconf(_SC_CLK_TCK)).
    private const double TicksPerSecond = 100;
    private const int CpuUser = 13;
    private const int CpuSystem = 14;
    private const int Threads = 19;
    private const int StartTime = 21;
    private const int VirtualBytes = 22;
    private const int ResidentPages = 23;

    private readonly double? _bootTime = ReadBootTime(Path.Combine(root, "stat"));

    /// <summary>Processor time, memory, start time and threads, from the process's stat line.</summary>
    public (double? CpuSeconds, double? VirtualBytes, double? ResidentBytes, double? StartTimeSeconds, double? Threads) ReadStat()
    {
        Span<byte> buffer = stackalloc byte[2048];
        ReadOnlySpan<byte> line = ReadFile(Path.Combine(root, "self/stat"), buffer);

        // The second field is the command in parentheses and may contain anything, also parentheses.
        int end = line.LastIndexOf((byte)')');
        if (end < 0)
        {
            return default;
        }

        ReadOnlySpan<byte> fields = line[(end + 1)..].TrimStart((byte)' ');
        double? cpu = Field(fields, CpuUser - 2) + Field(fields, CpuSystem - 2);
        return (cpu / TicksPerSecond, Field(fields, VirtualBytes - 2), Field(fields, ResidentPages - 2) * Environment.SystemPageSize,
            _bootTime + (Field(fields, StartTime - 2) / TicksPerSecond), Field(fields, Threads - 2));
    }

    /// <summary>Soft limits of open files and address space.</summary>
    public (double? OpenFiles, double? AddressSpace) ReadLimits()
    {
        Span<byte> buffer = stackalloc byte[4096];
        ReadOnlySpan<byte> text = ReadFile(Path.Combine(root, "self/limits"), buffer);
        return (Limit(text, "Max open files"u8), Limit(text, "Max address space"u8));
    }

    /// <summary>Bytes received and sent, from the IpExt lines of the network statistics.</summary>
    public (double? Received, double? Sent) ReadNetwork()
    {
        Span<byte> buffer = stackalloc byte[8192];
        ReadOnlySpan<byte> text = ReadFile(Path.Combine(root, "self/net/netstat"), buffer);
        int names = text.IndexOf("IpExt:"u8);
        int values = names < 0 ? -1 : text[(names + 1)..].IndexOf("IpExt:"u8) + names + 1;
        if (values <= names)
        {
            return default;
        }

        ReadOnlySpan<byte> nameLine = Line(text[names..]);
        ReadOnlySpan<byte> valueLine = Line(text[values..]);
        return (Named(nameLine, valueLine, "InOctets"u8), Named(nameLine, valueLine, "OutOctets"u8));
    }

    /// <summary>Number of open file descriptors, that of the count itself left out.</summary>
    public double? CountOpenFiles()
    {
        string directory = Path.Combine(root, "self/fd");
        if (root == Proc && SizeOf(directory) is > 0 and var size)
        {
            return size;
        }

        try
        {
            int count = -1;
            foreach (bool _ in new FileSystemEnumerable<bool>(directory, static (ref _) => true))
            {
                count++;
            }

            return count;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Since 6.2 the kernel tells the number as the size of the directory. To list thousands of entries takes it tens of milliseconds.
    private static unsafe long SizeOf(string directory)
    {
        const int relativeToWorkingDirectory = -100, bytes = 256, sizeAt = 40;
        const uint wantSize = 0x200;
        byte* answer = stackalloc byte[bytes];
        try
        {
            return OperatingSystem.IsLinux() && StatX(relativeToWorkingDirectory, directory, 0, wantSize, answer) == 0
                ? BitConverter.ToInt64(new ReadOnlySpan<byte>(answer, bytes)[sizeAt..])
                : 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, byte* answer);

    private static double? ReadBootTime(string path)
    {
        byte[] buffer = new byte[1 << 20];
        ReadOnlySpan<byte> text = ReadFile(path, buffer);
        int at = text.IndexOf("\nbtime "u8);
        return at < 0 ? null : Number(text[(at + 7)..]);
    }

    private static double? Limit(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        int at = text.IndexOf(name);
        if (at < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = text[(at + name.Length)..].TrimStart((byte)' ');

        // The Pushgateway's library shows the greatest unsigned number for "unlimited".
        return rest.StartsWith("unlimited"u8) ? ulong.MaxValue : Number(rest);
    }

    private static double? Field(ReadOnlySpan<byte> fields, int index)
    {
        foreach (Range range in fields.Split((byte)' '))
        {
            if (index-- == 0)
            {
                return Number(fields[range]);
            }
        }

        return null;
    }

    private static double? Named(ReadOnlySpan<byte> names, ReadOnlySpan<byte> values, ReadOnlySpan<byte> name)
    {
        int index = 0;
        foreach (Range range in names.Split((byte)' '))
        {
            if (names[range].SequenceEqual(name))
            {
                return Field(values, index);
            }

            index++;
        }

        return null;
    }

    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> text) => text.IndexOf((byte)'\n') is var end && end < 0 ? text : text[..end];

    private static double? Number(ReadOnlySpan<byte> text) => Utf8Parser.TryParse(text, out ulong value, out _) ? value : null;

    private static ReadOnlySpan<byte> ReadFile(string path, Span<byte> buffer)
    {
        try
        {
            // Files under /proc have no length and must be read until nothing comes.
            using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path);
            int length = 0;
            while (length < buffer.Length && RandomAccess.Read(file, buffer[length..], length) is var read and > 0)
            {
                length += read;
            }

            return buffer[..length];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default;
        }
    }
}
