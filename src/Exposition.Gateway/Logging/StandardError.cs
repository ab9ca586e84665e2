using System.Runtime.InteropServices;

namespace Exposition.Gateway.Logging;

// Whoever reads our log may stop to read, or may never have been there. Lines wait in a bounded queue for a thread that does nothing else,
// so that neither holds up a request; what finds no room is lost, and the next line that is written says how much.

/// <summary>Standard error, which never blocks and never fails.</summary>
internal sealed partial class StandardError : IDisposable
{
    private const int Descriptor = 2;
    private const int GetFlags = 1;
    private const int CloseOnExec = 1;
    private const int MostQueued = 1 << 20;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly Stream _stream;
    private readonly Queue<byte[]> _lines = new();
    private readonly Thread _writer;
    private int _queued;
    private bool _end;

    /// <summary>Starts to write to a stream.</summary>
    public StandardError(Stream stream)
    {
        _stream = stream;
        _writer = new Thread(WriteAll) { IsBackground = true, Name = "log" };
        _writer.Start();
    }

    /// <summary>The stream of the process; one that swallows everything where it was closed before the start.</summary>
    public static Stream Open()
    {
        try
        {
            return IsInherited() ? Console.OpenStandardError() : Stream.Null;
        }
        catch (IOException)
        {
            return Stream.Null;
        }
    }

    /// <summary>Puts a line into the queue.</summary>
    /// <returns>False if it found no room.</returns>
    public bool TryWrite(byte[] line)
    {
        lock (_lines)
        {
            if (_end || _queued + line.Length > MostQueued)
            {
                return false;
            }

            _queued += line.Length;
            _lines.Enqueue(line);
            Monitor.Pulse(_lines);
            return true;
        }
    }

    /// <summary>Writes what is left, if somebody reads it.</summary>
    public void Dispose()
    {
        lock (_lines)
        {
            _end = true;
            Monitor.Pulse(_lines);
        }

        _writer.Join(s_patience);
    }

    // Where descriptor 2 was closed, the next file that the process opened has got that number, and the log would be written into it. What
    // is inherited is never marked to be closed at exec, and what the runtime opens always is.
    private static bool IsInherited() =>
        OperatingSystem.IsWindows() || (GetDescriptorFlags(Descriptor, GetFlags) is var flags and >= 0 && (flags & CloseOnExec) == 0);

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int GetDescriptorFlags(int descriptor, int command);

    private void WriteAll()
    {
        while (Next() is { } line)
        {
            try
            {
                _stream.Write(line);
                _stream.Flush();
            }
            catch (Exception)
            {
                // A full disk, or nobody reads our log any more, or whatever it is: no reason to stop serving, and nowhere to say it.
            }
        }
    }

    private byte[]? Next()
    {
        lock (_lines)
        {
            while (_lines.Count == 0 && !_end)
            {
                Monitor.Wait(_lines);
            }

            if (!_lines.TryDequeue(out byte[]? line))
            {
                return null;
            }

            _queued -= line.Length;
            return line;
        }
    }
}
