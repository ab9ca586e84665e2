using System.Net.Sockets;
using System.Text;

namespace Exposition.Load.Tests;

/// <summary>Answers each request of each connection with what it is told to, on a thread of its own.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int, string> _answer;
    private int _requests;

    /// <summary>Listens.</summary>
    /// <param name="answer">From the number of the request, beginning with 0, to the whole answer; empty: closes the connection.</param>
    public FakeServer(Func<int, string> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                new Thread(() => Serve(client)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                while (ReadRequest(stream) && _answer(Interlocked.Increment(ref _requests) - 1) is { Length: > 0 } answer)
                {
                    stream.Write(Encoding.ASCII.GetBytes(answer));
                }
            }
            catch (IOException)
            {
                // The client has what it wanted.
            }
        }
    }

    private static bool ReadRequest(NetworkStream stream)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int next = stream.ReadByte();
            if (next < 0)
            {
                return false;
            }

            head.Append((char)next);
        }

        const string name = "Content-Length: ";
        int at = head.ToString().IndexOf(name, StringComparison.Ordinal) + name.Length;
        string length = head.ToString()[at..].Split('\r')[0];
        stream.ReadExactly(new byte[int.Parse(length, CultureInfo.InvariantCulture)]);
        return true;
    }
}
