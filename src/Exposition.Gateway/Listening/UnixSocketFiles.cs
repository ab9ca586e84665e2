using System.Collections.Concurrent;
using System.Net.Sockets;
using Exposition.Gateway.Machine;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Exposition.Gateway.Listening;

// The framework deletes what lies at the path of a Unix socket when that is disposed of: also what somebody else has put there since. A
// socket over the same handle knows nothing of the path, so that is what serves.

/// <summary>
/// The sockets that the program has made in the file system. At the end each is removed, if it is still the one that was made.
/// </summary>
internal sealed class UnixSocketFiles : IDisposable
{
    // For as long as the process lives: none is ever disposed of, nor finalized.
    private static readonly ConcurrentBag<Socket> s_makers = [];

    private readonly List<(string Path, FileIdentity Made)> _files = [];

    /// <summary>Opens a socket with the permissions asked for, before anybody can connect.</summary>
    /// <exception cref="ListenException">There can be none at that path.</exception>
    public Socket Bind(UnixDomainSocketEndPoint endPoint, UnixFileMode? mode)
    {
        string path = endPoint.ToString();
        try
        {
            Socket maker = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
            s_makers.Add(maker);
            _files.Add((path, FileKind.IdentityOf(path)));
            if (mode is { } permissions && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, permissions);
            }

            return new Socket(maker.SafeHandle);
        }
        catch (SocketException e) when (e.SocketErrorCode != SocketError.AddressAlreadyInUse)
        {
            // The error has the code of an address that is not the machine's for a folder that is not there.
            bool isFolder = Directory.Exists(Path.GetDirectoryName(path));
            throw new ListenException($"listen unix {path}: {(isFolder ? e.Message : "no such directory")}");
        }
    }

    /// <summary>Removes them.</summary>
    public void Dispose()
    {
        foreach ((string path, FileIdentity made) in _files)
        {
            if (made != default && FileKind.IdentityOf(path) == made)
            {
                TryDelete(path);
            }
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next start finds that nobody serves it.
        }
    }
}
