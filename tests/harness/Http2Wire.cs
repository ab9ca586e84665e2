using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Security;
using System.Text;

namespace Exposition.Harness;

/// <summary>
/// A client of HTTP/2 that sends what no library sends: any headers, and bodies in any pace. It keeps to the windows of the server.
/// Requests may be sent from several threads.
/// </summary>
/// <param name="wire">The connection; disposed of with this.</param>
internal sealed class Http2Wire(Stream wire) : IAsyncDisposable
{
    private const int Frame = 16 << 10;
    private const byte DataFrame = 0, HeadersFrame = 1, ResetFrame = 3, SettingsFrame = 4, PingFrame = 6, GoAwayFrame = 7, WindowFrame = 8;
    private const byte EndStream = 1, EndHeaders = 4, Ack = 1;
    private const byte HeaderTable = 1, InitialWindow = 4;

    private readonly ConcurrentDictionary<int, Exchange> _exchanges = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Lock _windows = new();
    private TaskCompletionSource _widened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _window = 65_535;
    private int _initial = 65_535;
    private int _last = -1;
    private Task _reading = Task.CompletedTask;

    /// <summary>Whether the server has ended the connection, or said that it will.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Begins the connection.</summary>
    /// <param name="window">How much of an answer may come on each stream, while nobody takes it.</param>
    public async Task<Http2Wire> StartAsync(int window = 65_535)
    {
        // No table of headers: what is read here refers to none.
        byte[] settings = [0, HeaderTable, 0, 0, 0, 0, 0, InitialWindow, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(settings.AsSpan(8), window);
        await wire.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await SendAsync(SettingsFrame, 0, 0, settings);
        _reading = ReadAsync();
        return this;
    }

    /// <summary>Begins a request.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="path">Its path.</param>
    /// <param name="end">Whether it has no body.</param>
    /// <param name="headers">As <c>name: value</c>, in any number and order.</param>
    /// <returns>The stream.</returns>
    public async Task<int> BeginAsync(string method, string path, bool end, params string[] headers)
    {
        var block = new MemoryStream();
        foreach (string header in (string[])[":method: " + method, wire is SslStream
            ? ":scheme: https"
            : ":scheme: http", ":authority: h", ":path: " + path, .. headers])
        {
            // Literals without indexing, under new names.
            int colon = header.IndexOf(": ", 1, StringComparison.Ordinal);
            block.WriteByte(0);
            Write(block, header[..colon]);
            Write(block, header[(colon + 2)..]);
        }

        await _sending.WaitAsync();
        try
        {
            int stream = _last += 2;
            _exchanges[stream] = new Exchange { Window = _initial };
            await WriteFrameAsync(HeadersFrame, (byte)(EndHeaders | (end ? EndStream : 0)), stream, block.ToArray());
            return stream;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends some of a body, when the server lets it.</summary>
    /// <returns>False if the server does not want more, or has answered already.</returns>
    public async Task<bool> SendAsync(int stream, byte[] data, bool end = false)
    {
        Exchange exchange = _exchanges[stream];
        for (int at = 0; at < data.Length || end;)
        {
            if (exchange.Answer.Task.IsCompleted || HasEnded)
            {
                return false;
            }

            int count;
            Task widened;
            lock (_windows)
            {
                widened = _widened.Task;
                count = (int)Math.Min(Math.Min(Frame, data.Length - at), Math.Min(_window, exchange.Window));
                _window -= count;
                exchange.Window -= count;
            }

            if (count == 0 && at < data.Length)
            {
                await Task.WhenAny(widened, exchange.Answer.Task);
                continue;
            }

            bool last = end && at + count == data.Length;
            await SendAsync(DataFrame, last ? EndStream : (byte)0, stream, data.AsMemory(at, count));
            at += count;
            if (last)
            {
                break;
            }
        }

        return true;
    }

    /// <summary>Sends a whole push.</summary>
    public async Task<(int Status, string Text)> PushAsync(string path, string body)
    {
        int stream = await BeginAsync("PUT", path, end: false);
        await SendAsync(stream, Encoding.UTF8.GetBytes(body), end: true);
        return await AnswerAsync(stream);
    }

    /// <summary>The answer, when it is complete: status 0 if the stream was reset before.</summary>
    public Task<(int Status, string Text)> AnswerAsync(int stream) => _exchanges[stream].Answer.Task;

    public async ValueTask DisposeAsync()
    {
        await wire.DisposeAsync();
        await _reading;
        _sending.Dispose();
    }

    private static void Write(MemoryStream block, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        const int prefix = 0x7F;
        if (bytes.Length < prefix)
        {
            block.WriteByte((byte)bytes.Length);
        }
        else
        {
            block.WriteByte(prefix);
            int rest = bytes.Length - prefix;
            for (; rest >= 0x80; rest >>= 7)
            {
                block.WriteByte((byte)(rest | 0x80));
            }

            block.WriteByte((byte)rest);
        }

        block.Write(bytes);
    }

    private async Task SendAsync(byte type, byte flags, int stream, ReadOnlyMemory<byte> payload)
    {
        await _sending.WaitAsync();
        try
        {
            await WriteFrameAsync(type, flags, stream, payload);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task WriteFrameAsync(byte type, byte flags, int stream, ReadOnlyMemory<byte> payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        frame[3] = type;
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsMemory(9));
        await wire.WriteAsync(frame);
    }

    private async Task ReadAsync()
    {
        try
        {
            byte[] head = new byte[9];
            while (true)
            {
                await wire.ReadExactlyAsync(head);
                byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head) >> 8];
                await wire.ReadExactlyAsync(payload);
                await TakeAsync(head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)), payload);
            }
        }
        catch (Exception e)
        {
            // It has ended; or what has come was not understood here, which is told wherever somebody waits.
            HasEnded = true;
            foreach (Exchange exchange in _exchanges.Values)
            {
                exchange.Answer.TrySetResult((0, $"the connection has ended: {e}"));
            }

            Widen();
        }
    }

    private async Task TakeAsync(byte type, byte flags, int stream, byte[] payload)
    {
        switch (type)
        {
            case HeadersFrame:
                _exchanges[stream].Status = StatusOf(payload);
                break;
            case DataFrame:
                _exchanges[stream].Body.Write(payload);
                if (payload.Length > 0)
                {
                    // The connection's window, never the stream's: one stream that nobody reads shall be felt by itself alone.
                    byte[] more = new byte[4];
                    BinaryPrimitives.WriteInt32BigEndian(more, payload.Length);
                    await SendAsync(WindowFrame, 0, 0, more);
                }

                break;
            case ResetFrame:
                _exchanges[stream].Answer.TrySetResult(
                    (0, $"reset with {BinaryPrimitives.ReadInt32BigEndian(payload).ToString(System.Globalization.CultureInfo.InvariantCulture)}"));
                break;
            case SettingsFrame when (flags & Ack) == 0:
                TakeSettings(payload);
                await SendAsync(SettingsFrame, Ack, 0, default);
                break;
            case PingFrame when (flags & Ack) == 0:
                await SendAsync(PingFrame, Ack, 0, payload);
                break;
            case WindowFrame:
                lock (_windows)
                {
                    int more = BinaryPrimitives.ReadInt32BigEndian(payload);
                    if (stream == 0)
                    {
                        _window += more;
                    }
                    else
                    {
                        _exchanges[stream].Window += more;
                    }
                }

                Widen();
                break;
            case GoAwayFrame:
                HasEnded = true;
                Widen();
                break;
        }

        if (type is HeadersFrame or DataFrame && (flags & EndStream) != 0)
        {
            Exchange exchange = _exchanges[stream];
            exchange.Answer.TrySetResult((exchange.Status, Encoding.UTF8.GetString(exchange.Body.ToArray())));
        }
    }

    private void TakeSettings(byte[] payload)
    {
        for (int at = 0; at < payload.Length; at += 6)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(at)) == InitialWindow)
            {
                lock (_windows)
                {
                    int initial = BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(at + 2));
                    foreach (Exchange exchange in _exchanges.Values)
                    {
                        exchange.Window += initial - _initial;
                    }

                    _initial = initial;
                }
            }
        }

        Widen();
    }

    private void Widen()
    {
        lock (_windows)
        {
            _widened.TrySetResult();
            _widened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    // The status comes first: from the static table, or as a literal of its name there. What the server says of the size of its table may
    // stand before it.
    private static int StatusOf(ReadOnlySpan<byte> block)
    {
        while ((block[0] & 0xE0) == 0x20)
        {
            int size = 1;
            while ((block[0] & 0x1F) == 0x1F && (block[size++] & 0x80) != 0)
            {
            }

            block = block[size..];
        }

        ReadOnlySpan<int> known = [200, 204, 206, 304, 400, 404, 500];
        return (block[0] & 0x80) != 0
            ? known[(block[0] & 0x7F) - 8]
            : int.Parse(block.Slice(2, 3), System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Exchange
    {
        public long Window { get; set; }

        public int Status { get; set; }

        public MemoryStream Body { get; } = new();

        public TaskCompletionSource<(int Status, string Text)> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
