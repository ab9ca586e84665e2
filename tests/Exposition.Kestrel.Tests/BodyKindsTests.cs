using System.IO.Compression;
using System.Text;
using Snappier;
using ZstdSharp;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// Bodies as clients, shells and proxies send them, through both doors: what is whole and plain in its meaning is taken, what is not loses
/// nothing.
/// </summary>
public sealed class BodyKindsTests : IAsyncLifetime
{
    private const string Path = "/metrics/job/j";
    private const string OpenMetrics = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    private const string Stored = "m{instance=\"\",job=\"j\"} 12\n";
    private static readonly byte[] s_text = "# TYPE m gauge\nm 12\n"u8.ToArray();
    private StoreDoors _doors = null!;

    public static TheoryData<string> Codings => ["gzip", "x-gzip", "deflate", "raw deflate", "zstd", "snappy"];

    public async ValueTask InitializeAsync() => _doors = await StoreDoors.StartAsync(static o => o.EnableOpenMetrics = true);

    public ValueTask DisposeAsync() => _doors.DisposeAsync();

    [Theory]
    [MemberData(nameof(Codings))]
    public async Task Packed_body_is_stored_whole_or_not_at_all(string coding)
    {
        byte[] packed = Pack(coding, s_text);
        string header = "Content-Encoding: " + coding.Replace("raw ", "", StringComparison.Ordinal);
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, packed, header));
            for (int length = 1; length < packed.Length; length++)
            {
                if (coding == "snappy" && length == 10)
                {
                    // Between two of its chunks snappy has no mark that more is to come: there Content-Length alone is the proof.
                    continue;
                }

                (int status, string text) = await StoreDoors.SendAsync(port, "PUT", Path, packed[..length], header);
                Assert.True(status is 400 or 415, $"{length} of {packed.Length} bytes of {coding}: {status} {text}");
            }

            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
        }
    }

    /// <summary>What is left has all of its chunks and no mark that more is to come: only HTTP knows, and says so.</summary>
    [Theory]
    [InlineData("Content-Length: {0}\r\n\r\n", "")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n{1:x}\r\n", "\r\n")]
    public async Task Snappy_body_that_is_cut_between_chunks_is_refused(string framing, string end)
    {
        byte[] text = [.. Enumerable.Range(0, 10_000).SelectMany(static i => Encoding.ASCII.GetBytes($"m{{i=\"{i}\"}} {i}\n"))];
        byte[] packed = Pack("snappy", text);
        var borders = new List<int>();
        for (int at = 10; at < packed.Length; at += 4 + (packed[at + 1] | (packed[at + 2] << 8) | (packed[at + 3] << 16)))
        {
            borders.Add(at);
        }

        Assert.True(borders.Count > 2);
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, Pack("snappy", s_text), "Content-Encoding: snappy"));
            foreach (int border in borders)
            {
                string head = $"PUT {Path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Encoding: snappy\r\n"
                    + string.Format(System.Globalization.CultureInfo.InvariantCulture, framing, packed.Length, border);
                string answer = await StoreDoors.CutShortAsync(
                    port, [.. Encoding.ASCII.GetBytes(head), .. packed[..border], .. Encoding.ASCII.GetBytes(end)]);
                Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
                Assert.EndsWith("\r\n\r\nunexpected EOF\n", answer, StringComparison.Ordinal);
            }

            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
        }
    }

    [Fact]
    public async Task Gzip_that_nobody_has_announced_is_undone()
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, Pack("gzip", s_text)));
            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
            Assert.Equal(400, (await StoreDoors.SendAsync(port, "PUT", Path, Pack("gzip", s_text)[..^1])).Status);
            Assert.Equal(400, (await StoreDoors.SendAsync(port, "PUT", Path, [0x1F, 0x8B, 8])).Status);
        }
    }

    [Theory]
    [InlineData("utf-16", true)]
    [InlineData("utf-16", false)]
    [InlineData("utf-16BE", true)]
    [InlineData("utf-16BE", false)]
    public async Task Text_in_utf16_is_understood(string name, bool mark)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        const string text = "# TYPE m gauge\r\nm{a=\"é😀\"} 12\r\n";
        byte[] body = [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)];
        byte[] large = [.. encoding.GetPreamble(),
            .. encoding.GetBytes(string.Concat(Enumerable.Range(0, 3000).Select(static i => $"m{{a=\"{i}😀\"}} {i}\n")))];
        foreach (int port in _doors.Ports)
        {
            foreach (string[] headers in (
                string[][])[[], ["Content-Type: text/plain; charset=utf-16"], ["Content-Type: application/x-www-form-urlencoded"]])
            {
                Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, body, headers));
                Assert.Equal("m{a=\"é😀\",instance=\"\",job=\"j\"} 12\n", await StoreDoors.PushedAsync(port));
            }

            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, Pack("gzip", body), "Content-Encoding: gzip"));
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, large));
            Assert.Equal(3000, (await StoreDoors.PushedAsync(port)).Count(static c => c == '\n'));
            foreach (byte[] lost in (byte[][])[body[..^1], [.. body.Where(static b => b is not ((byte)'\r' or (byte)'\n'))],
                [.. body[..2], .. body[2..].Where(static b => b != 0)]])
            {
                (int status, string why) = await StoreDoors.SendAsync(port, "PUT", Path, lost);
                Assert.Equal(400, status);
                Assert.Contains(mark ? "the body is UTF-16 " : "", why, StringComparison.Ordinal);
            }

            Assert.StartsWith("text format parsing error in line 1: ",
                (await StoreDoors.SendAsync(port, "PUT", Path, "m\0 12\n"u8.ToArray())).Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("ISO-8859-1", "Zürich")]
    [InlineData("\"iso-8859-1\"", "Zürich")]
    [InlineData("latin1", "ÿ")]
    [InlineData("us-ascii", "Zürich")]
    [InlineData("windows-1252", "€ Œuvre „Zürich“ ž")]
    public async Task Declared_charset_of_single_bytes_is_read(string charset, string value)
    {
        byte[] Bytes(string text) => [.. text.Select(
            static c => c < 0x100 ? (byte)c : (byte)(c switch { '€' => 0x80, 'Œ' => 0x8C, '„' => 0x84, '“' => 0x93, _ => 0x9E }))];
        byte[] large = Bytes(string.Concat(Enumerable.Range(0, 30_000).Select(i => $"m{{a=\"{value}{i}\"}} 1\n")));
        string[] headers = [$"Content-Type: text/plain; version=0.0.4; Charset={charset}"];
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, Bytes($"m{{a=\"{value}\"}} 12\n"), headers));
            Assert.Equal($"m{{a=\"{value}\",instance=\"\",job=\"j\"}} 12\n", await StoreDoors.PushedAsync(port));

            // What is UTF-8 is not taken for anything else, whatever the header says.
            Assert.Equal(
                (200, ""), await StoreDoors.SendAsync(port, "PUT", Path, Encoding.UTF8.GetBytes($"m{{a=\"{value}\"}} 13\n"), headers));
            Assert.Equal($"m{{a=\"{value}\",instance=\"\",job=\"j\"}} 13\n", await StoreDoors.PushedAsync(port));
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, large, headers));
                Assert.Equal(
                    30_000, (await StoreDoors.PushedAsync(port)).Split('\n').Count(line => line.Contains(value, StringComparison.Ordinal)));
            }
        }
    }

    [Theory]
    [InlineData("shift_jis")]
    [InlineData("ISO-8859-15")]
    public async Task Charset_that_cannot_be_read_is_named(string charset)
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, s_text, $"Content-Type: text/plain; charset={charset}"));
            (int status, string text) = await StoreDoors.SendAsync(port, "PUT", Path, "# HELP m \u00fc\nm 1\n"u8.ToArray()
                .Where(static b => b != 0xC3).ToArray(), $"Content-Type: text/plain; charset={charset}");
            Assert.Equal(
                (415, $"the body is not UTF-8, and it cannot be read in the charset of its Content-Type: {charset}\n"), (status, text));
            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
        }
    }

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    public async Task OpenMetrics_with_a_byte_order_mark_keeps_its_types(string name)
    {
        Encoding encoding = Encoding.GetEncoding(name);
        byte[] body = [.. encoding.GetPreamble(), .. encoding.GetBytes("# TYPE a unknown\na 2\n# TYPE c counter\nc_total 1\n# EOF\n")];
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, body, OpenMetrics));
            Assert.Contains("# TYPE c_total counter\n", await ScrapeAsync(port), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("text/plain; charset=utf-16")]
    [InlineData("text/plain; charset=\"UTF-16LE\"")]
    [InlineData("text/plain; charset=us-ascii")]
    [InlineData("text/plain;charset=ISO-8859-1")]
    [InlineData("TEXT/PLAIN; CHARSET=UTF-8")]
    [InlineData("application/json")]
    public async Task Content_type_of_plain_text_is_noise(string type)
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, s_text, "Content-Type: " + type));
            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
        }
    }

    // x 12 may be what is left of x 1234: a length or the end of the chunks proves that it is not.
    [Fact]
    public async Task Number_at_the_end_is_taken_only_of_a_body_that_has_come_whole()
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, "m 12"u8.ToArray()));
            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
            const string head = $"PUT {Path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
            foreach (string cut in (string[])["Content-Length: 7\r\n\r\nm 1", "Transfer-Encoding: chunked\r\n\r\n3\r\nm 1\r\n",
                "Transfer-Encoding: chunked\r\n\r\n6\r\nm 1"])
            {
                string answer = await StoreDoors.CutShortAsync(port, Encoding.ASCII.GetBytes(head + cut));
                Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
                Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
            }

            Assert.StartsWith("HTTP/1.1 200", await StoreDoors.ExchangeAsync(port, Encoding.ASCII.GetBytes(
                head + "Transfer-Encoding: chunked\r\n\r\n3\r\nm 1\r\n1\r\n3\r\n0\r\n\r\n")), StringComparison.Ordinal);
            Assert.Equal(Stored.Replace("12", "13", StringComparison.Ordinal), await StoreDoors.PushedAsync(port));
        }
    }

    [Fact]
    public async Task Lost_line_ends_lose_nothing_that_was_stored()
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, s_text));
            (int status, string text) = await StoreDoors.SendAsync(port, "PUT", Path, "# TYPE m gaugem 12"u8.ToArray());
            Assert.Equal(400, status);
            Assert.StartsWith("text format parsing error in line 1: unexpected end of input stream (", text, StringComparison.Ordinal);
            Assert.Contains("curl --data-binary", text, StringComparison.Ordinal);
            Assert.Equal(400, (await StoreDoors.SendAsync(port, "PUT", Path, "# HELP m x # TYPE m gauge m 12\n"u8.ToArray())).Status);
            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
        }
    }

    [Fact]
    public async Task Refused_OpenMetrics_is_explained_and_what_was_cut_short_is_refused()
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, s_text));
            (int status, string text) = await StoreDoors.SendAsync(
                port, "PUT", Path, "# TYPE p stateset\np{phase=\"Ready\"} 1\n# EOF\n"u8.ToArray(), OpenMetrics);
            Assert.Equal(
                (400, "text format parsing error in line 1: unknown metric type \"stateset\" (and as OpenMetrics, line 2: missing label "
                + "\"p\")\n"), (status, text));
            (status, text) = await StoreDoors.SendAsync(port, "PUT", Path, "# TYPE m gauge\nm 1"u8.ToArray(), OpenMetrics);
            Assert.Equal(
                (400, "text format parsing error in line 2: unexpected end of input stream (and as OpenMetrics, line 2: missing \"# "
                + "EOF\" at the end)\n"), (status, text));
            Assert.Equal(Stored, await StoreDoors.PushedAsync(port));
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, s_text, OpenMetrics));
        }
    }

    [Fact]
    public async Task OpenMetrics_from_Windows_keeps_its_types()
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""),
                await StoreDoors.SendAsync(port, "PUT", Path, "# TYPE c counter\r\nc_total 1\r\n# EOF\r\n"u8.ToArray(), OpenMetrics));
            Assert.Contains("# TYPE c_total counter\n", await ScrapeAsync(port), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("Accept-Encoding: gzip\r\n")]
    [InlineData("Accept: application/openmetrics-text\r\nAccept-Encoding: identity\r\n")]
    public async Task Scrape_says_what_it_depends_on(string headers)
    {
        foreach (int port in _doors.Ports)
        {
            string answer = await StoreDoors.ExchangeAsync(
                port, Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\r\n"));
            Assert.Contains("\r\nVary: Accept, Accept-Encoding\r\n", answer, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("x-gzip")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    [InlineData("snappy")]
    [InlineData("br")]
    public async Task Delete_needs_no_body_whatever_its_headers_say(string coding)
    {
        foreach (int port in _doors.Ports)
        {
            Assert.Equal((200, ""), await StoreDoors.SendAsync(port, "PUT", Path, s_text));
            string answer = await StoreDoors.ExchangeAsync(port,
                Encoding.ASCII.GetBytes($"DELETE {Path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Encoding: {coding}\r\n\r\n"));
            Assert.StartsWith("HTTP/1.1 202 ", answer, StringComparison.Ordinal);
            Assert.Equal("", await StoreDoors.PushedAsync(port));
        }
    }

    [Fact]
    public async Task Remote_write_is_called_by_its_name()
    {
        byte[] block = Snappy.CompressToArray([10, 2, 8, 1]);
        foreach (int port in _doors.Ports)
        {
            (int status, string text) = await StoreDoors.SendAsync(port, "POST", Path, block, "Content-Encoding: snappy",
                "Content-Type: application/x-protobuf", "X-Prometheus-Remote-Write-Version: 0.1.0");
            Assert.Equal(400, status);
            Assert.StartsWith("snappy: corrupt input (", text, StringComparison.Ordinal);
            Assert.Contains("remote write", text, StringComparison.Ordinal);
            Assert.Contains("remote write", (await StoreDoors.SendAsync(
                port, "POST", Path, [10, 2, 8, 1], "Content-Type: application/x-protobuf")).Text, StringComparison.Ordinal);
        }
    }

    private static Task<string> ScrapeAsync(int port) =>
        StoreDoors.ExchangeAsync(port, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());

    private static byte[] Pack(string coding, byte[] data)
    {
        using var packed = new MemoryStream();
        using (Stream stream = coding switch
        {
            "gzip" or "x-gzip" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "raw deflate" => new DeflateStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "zstd" => new CompressionStream(packed, leaveOpen: true),
            _ => new SnappyStream(packed, CompressionMode.Compress, leaveOpen: true),
        })
        {
            stream.Write(data);
        }

        return packed.ToArray();
    }
}
