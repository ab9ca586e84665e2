using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Exposition.Load.Wire;

/// <summary>
/// A connection that is kept, over which one request after the other is sent from the calling thread: of what is timed, as little as can be
/// is the generator's own. Not safe for concurrent use.
/// </summary>
internal sealed class PushConnection(int port) : IDisposable
{
    private const int MostHead = 16 << 10;

    // The slowest answer that was seen of a server that was asked for more than it can do is far below.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly byte[] _answer = new byte[MostHead];
    private Socket? _socket;

    /// <summary>Sends a request and reads its answer.</summary>
    /// <returns>The status.</returns>
    /// <exception cref="IOException">There was no whole answer, or none that is understood.</exception>
    public int Send(byte[] head, byte[] body)
    {
        Socket socket = _socket ??= Connect();
        try
        {
            List<ArraySegment<byte>> request = [head, body];
            int sent = socket.Send(request);
            int ofBody = Math.Max(0, sent - head.Length);
            if (sent < head.Length)
            {
                SendAll(socket, head.AsSpan(sent));
            }

            SendAll(socket, body.AsSpan(ofBody));
            (int status, bool isLast) = ReadAnswer(socket);
            if (isLast)
            {
                Dispose();
            }

            return status;
        }
        catch (SocketException e)
        {
            Dispose();
            throw new IOException($"the push was not answered: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private static void SendAll(Socket socket, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[socket.Send(bytes)..];
        }
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveTimeout = (int)s_patience.TotalMilliseconds,
            SendTimeout = (int)s_patience.TotalMilliseconds,
        };
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private (int Status, bool IsLast) ReadAnswer(Socket socket)
    {
        int read = 0, end;
        while ((end = _answer.AsSpan(0, read).IndexOf("\r\n\r\n"u8)) < 0)
        {
            int count = read == _answer.Length ? 0 : socket.Receive(_answer.AsSpan(read));
            read += count > 0 ? count : throw new IOException($"the answer ends in its head, after {read} bytes");
        }

        string[] lines = Encoding.ASCII.GetString(_answer, 0, end).Split("\r\n");
        if (lines[0].Length < 12 || !lines[0].StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
            || !int.TryParse(lines[0].AsSpan(9, 3), CultureInfo.InvariantCulture, out int status))
        {
            throw new IOException($"no answer of HTTP/1.1: {lines[0]}");
        }

        // So come reasons of refusals, which nobody reads here: the connection is given up with them.
        if (Header(lines, "Transfer-Encoding") is not null)
        {
            return (status, true);
        }

        int length = status is 204 or 304 ? 0
            : int.TryParse(Header(lines, "Content-Length"), CultureInfo.InvariantCulture, out int given) ? given
            : throw new IOException($"the answer {status} does not say how long it is");
        SkipBody(socket, length - (read - end - 4));
        return (status, string.Equals(Header(lines, "Connection"), "close", StringComparison.OrdinalIgnoreCase));
    }

    private void SkipBody(Socket socket, int left)
    {
        while (left > 0)
        {
            int count = socket.Receive(_answer.AsSpan(0, Math.Min(left, _answer.Length)));
            left -= count > 0 ? count : throw new IOException($"the answer ends {left} bytes too early");
        }
    }

    private static string? Header(string[] lines, string name) => lines.Skip(1)
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();
}
