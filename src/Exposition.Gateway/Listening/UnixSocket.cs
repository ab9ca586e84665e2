using System.Net.Sockets;
using System.Text;
using Exposition.Gateway.Machine;

namespace Exposition.Gateway.Listening;

/// <summary>The path of a Unix socket to listen on.</summary>
internal static class UnixSocket
{
    // sockaddr_un has room for so many bytes and a zero.
    private const int LongestPath = 107;

    /// <summary>Makes way for a socket: removes what a crash has left behind, and nothing else.</summary>
    /// <exception cref="ListenException">No socket can be there.</exception>
    public static void Prepare(string path)
    {
        if (!Path.IsPathRooted(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new ListenException($"listen unix {path}: expected an absolute path, as in unix:/run/pushgateway.sock");
        }

        if (Encoding.UTF8.GetByteCount(path) is var bytes and > LongestPath)
        {
            throw new ListenException($"listen unix {path}: path of {bytes} bytes is too long, at most {LongestPath}");
        }

        if (Directory.Exists(path))
        {
            throw new ListenException($"listen unix {path}: is a directory");
        }

        if (FileKind.IsSocket(path) && IsRefused(path))
        {
            Remove(path);
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ListenException($"listen unix {path}: cannot remove the socket that nobody serves: {e.Message}");
        }
    }

    // Connecting tells a file from a socket that is served, but not from one that is not. A server that hangs, its queue full, must not
    // hold us up.
    private static bool IsRefused(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }
}
