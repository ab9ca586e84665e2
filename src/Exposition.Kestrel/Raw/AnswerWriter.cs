using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Raw;

// Heads are written in the Pushgateway's order of headers: Connection and Keep-Alive where there is something to say, then content, Date
// and Content-Length last. A push's answer has Content-Length 0 and no body: only so do Java and Go clients keep their connection.

/// <summary>What an answer says of its connection.</summary>
internal enum ConnectionOption : byte
{
    /// <summary>Nothing: the connection stays open, as HTTP/1.1 has it.</summary>
    None,

    /// <summary>It stays open, and for how long.</summary>
    KeepAlive,

    /// <summary>It ends with this answer.</summary>
    Close,
}

/// <summary>Writes answers into a connection's output, without allocating where there is no error text.</summary>
internal sealed class AnswerWriter
{
    private static readonly byte[] s_acceptEncoding = Encoding.ASCII.GetBytes($"Accept-Encoding: {ContentCoding.Understood}\r\n");

    private readonly DateCache _dates;
    private readonly byte[] _keepAlive;
    private readonly IRequestGate? _gate;

    /// <param name="dates">The Date header.</param>
    /// <param name="idleTimeout">For how long a connection may be idle; the client is told a little less.</param>
    /// <param name="gate">Has headers for every answer.</param>
    public AnswerWriter(DateCache dates, TimeSpan idleTimeout, IRequestGate? gate)
    {
        _gate = gate;
        _dates = dates;
        _keepAlive = Encoding.ASCII.GetBytes(
            $"Connection: keep-alive\r\nKeep-Alive: timeout={KeepAliveSeconds(idleTimeout)}\r\n");
    }

    /// <summary>What the Keep-Alive header says: less than the idle timeout, so that the client closes first.</summary>
    public static int KeepAliveSeconds(TimeSpan idleTimeout) => Math.Max(1, (int)Math.Min(int.MaxValue, idleTimeout.TotalSeconds - 10));

    public void Write(PipeWriter output, in Answer answer, ConnectionOption option)
    {
        byte[] body = answer.Body;
        ReadOnlySpan<byte> extra = _gate is null ? default : _gate.HeaderLines.Span;
        Span<byte> span = output.GetSpan(512 + body.Length + extra.Length);
        int at = 0;
        StatusLine(span, ref at, answer.Status, option);
        Put(span, ref at, extra);
        if (answer.MayRetry)
        {
            Put(span, ref at, "Retry-After: 1\r\n"u8);
        }

        if (answer.IsAlone)
        {
            Put(span, ref at, "Exposition-Replicated: no\r\n"u8);
        }

        if (answer.Status == 415)
        {
            Put(span, ref at, s_acceptEncoding);
        }

        if (body.Length > 0)
        {
            Put(span, ref at, "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"u8);
        }

        End(span, ref at, body.Length);
        Put(span, ref at, body);
        output.Advance(at);
    }

    /// <summary>Writes the head of a scrape; chunked where the length is not known.</summary>
    public void WriteScrapeHead(PipeWriter output, OpenScrape scrape, ConnectionOption option)
    {
        ReadOnlySpan<byte> extra = _gate is null ? default : _gate.HeaderLines.Span;
        Span<byte> span = output.GetSpan(1024 + extra.Length);
        int at = 0;
        StatusLine(span, ref at, 200, option);
        Put(span, ref at, extra);
        Put(span, ref at, "Vary: Accept, Accept-Encoding\r\n"u8);
        if (scrape.Gzip)
        {
            Put(span, ref at, "Content-Encoding: gzip\r\n"u8);
        }

        Put(span, ref at, "Content-Type: "u8);
        Put(span, ref at, scrape.ContentType);
        Put(span, ref at, "\r\n"u8);
        if (scrape.Length is { } length)
        {
            End(span, ref at, length);
        }
        else
        {
            Put(span, ref at, _dates.HeaderLine);
            Put(span, ref at, "Transfer-Encoding: chunked\r\n\r\n"u8);
        }

        output.Advance(at);
    }

    private void StatusLine(Span<byte> span, ref int at, int status, ConnectionOption option)
    {
        Put(span, ref at, "HTTP/1.1 "u8);
        PutNumber(span, ref at, status);
        span[at++] = (byte)' ';
        Put(span, ref at, Answer.Phrase(status));
        Put(span, ref at, "\r\n"u8);
        Put(span, ref at, option switch
        {
            ConnectionOption.Close => "Connection: close\r\n"u8,
            ConnectionOption.KeepAlive => _keepAlive,
            _ => default,
        });
    }

    private void End(Span<byte> span, ref int at, long length)
    {
        Put(span, ref at, _dates.HeaderLine);
        Put(span, ref at, "Content-Length: "u8);
        PutNumber(span, ref at, length);
        Put(span, ref at, "\r\n\r\n"u8);
    }

    private static void Put(Span<byte> span, ref int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(span[at..]);
        at += text.Length;
    }

    private static void PutNumber(Span<byte> span, ref int at, long number)
    {
        Utf8Formatter.TryFormat(number, span[at..], out int written);
        at += written;
    }
}
