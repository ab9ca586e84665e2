using System.Net.Sockets;
using System.Text;

namespace Exposition.EndToEnd.Tests.Wire;

/// <summary>
/// A connection that writes recorded bytes and reads whole answers. It opens a new socket when the server has closed
/// the last one, as clients do.
/// </summary>
/// <param name="port">Where the server listens.</param>
/// <param name="secure">Puts something between the socket and the bytes, such as TLS.</param>
public sealed class RawConnection(int port, Func<Stream, Stream>? secure = null) : IDisposable
{
    private const int Limit = 30_000;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private Stream? _stream;
    private int _start;
    private int _end;

    /// <summary>How many sockets have been opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Sends one request in the recorded pieces and returns its answer; a 100 is waited for where it was asked for.</summary>
    public RawAnswer Exchange(RecordedRequest request)
    {
        Open();
        var sent = 0;
        RawAnswer? early = null;
        foreach (var cut in request.Cuts)
        {
            if (sent >= request.HeadLength && sent == CutAfterHead(request) && request.Header("Expect") is not null)
            {
                var answer = ReadAnswer(request.Method);
                if (answer.Status != 100)
                {
                    early = answer;
                    break;
                }
            }

            sent += Send(request.Bytes.Span[sent..cut]);
        }

        var final = early ?? ReadAnswer(request.Method);
        while (final.Status == 100)
        {
            final = ReadAnswer(request.Method);
        }

        if (final.Closes || early is not null)
        {
            Dispose();
        }

        return final;
    }

    /// <summary>
    /// Sends requests without waiting for answers. Where the server closes the connection after one of them, the others are sent on a new
    /// one.
    /// </summary>
    public List<RawAnswer> Pipeline(IReadOnlyList<RecordedRequest> requests)
    {
        var answers = new List<RawAnswer>();
        while (answers.Count < requests.Count)
        {
            var stream = Open();
            var bytes = requests.Skip(answers.Count).SelectMany(static request => request.Bytes.ToArray()).ToArray();
            var sending = Task.Run(() => stream.Write(bytes));
            RawAnswer answer;
            do
            {
                answer = ReadAnswer(requests[answers.Count].Method);
                if (answer.Status != 100)
                {
                    answers.Add(answer);
                }
            }
            while (!answer.Closes && answers.Count < requests.Count);

            if (answer.Closes)
            {
                Dispose();
            }

            // What was sent after the end of the connection is sent again.
            sending.ContinueWith(static task => task.Exception, TaskScheduler.Default).Wait();
        }

        return answers;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    /// <summary>The first cut at which the head had been sent.</summary>
    private static int CutAfterHead(RecordedRequest request) => request.Cuts.First(cut => cut >= request.HeadLength);

    private Stream Open()
    {
        if (_stream is null)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
            { NoDelay = true, ReceiveTimeout = Limit, SendTimeout = Limit };
            socket.Connect(IPAddress.Loopback, port);
            var stream = new NetworkStream(socket, ownsSocket: true);
            _stream = secure is null ? stream : secure(stream);
            Opened++;
            _start = _end = 0;
        }

        return _stream;
    }

    private int Send(ReadOnlySpan<byte> piece)
    {
        _stream!.Write(piece);
        return piece.Length;
    }

    private RawAnswer ReadAnswer(string method)
    {
        var lines = new List<string>();
        for (var line = ReadLine(); line.Length > 0; line = ReadLine())
        {
            lines.Add(line);
        }

        var status = int.Parse(lines[0].AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
        var headers = lines.Skip(1).Select(line => line.Split(':', 2))
            .ToLookup(pair => pair[0], pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase);
        using var body = new MemoryStream();
        if (status >= 200 && status != 204 && status != 304 && method != "HEAD")
        {
            if (headers["Transfer-Encoding"].Contains("chunked"))
            {
                while (int.Parse(ReadLine(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) is > 0 and var size)
                {
                    Copy(size, body);
                    ReadLine();
                }

                ReadLine();
            }
            else if (headers["Content-Length"].FirstOrDefault() is { } length)
            {
                Copy(int.Parse(length, CultureInfo.InvariantCulture), body);
            }
            else
            {
                while (Fill())
                {
                    body.Write(_buffer, _start, _end - _start);
                    _start = _end;
                }
            }
        }

        var closes = headers["Connection"].Contains("close", StringComparer.OrdinalIgnoreCase)
            || (lines[0].StartsWith("HTTP/1.0", StringComparison.Ordinal)
                && !headers["Connection"].Contains("keep-alive", StringComparer.OrdinalIgnoreCase));
        return new RawAnswer(status, headers, body.ToArray(), closes);
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_start == _end && !Fill())
            {
                throw new IOException("the server closed the connection in an answer's head: " + line);
            }

            var next = (char)_buffer[_start++];
            if (next == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append(next);
        }
    }

    private void Copy(int count, MemoryStream target)
    {
        while (count > 0)
        {
            if (_start == _end && !Fill())
            {
                throw new IOException($"the server closed the connection {count} bytes before the end of a body");
            }

            var piece = Math.Min(count, _end - _start);
            target.Write(_buffer, _start, piece);
            _start += piece;
            count -= piece;
        }
    }

    private bool Fill()
    {
        _start = 0;
        _end = _stream!.Read(_buffer);
        return _end > 0;
    }
}

/// <summary>One answer as read from the socket.</summary>
public sealed record RawAnswer(int Status, ILookup<string, string> Headers, byte[] Body, bool Closes);
