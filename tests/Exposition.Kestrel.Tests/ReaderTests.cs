using System.Net;
using System.Net.Sockets;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Serving;

namespace Exposition.Kestrel.Tests;

/// <summary>Who reads long answers: no seat is held against the others, and only a reader's own time counts.</summary>
public sealed class ReaderTests
{
    private const int Rate = 1000;

    private readonly StoppedTime _time = new();
    private readonly ExpositionEngine _engine;

    public ReaderTests() =>
        _engine = new ExpositionEngine(new FakeTarget(), new ExpositionOptions { Time = _time, MinScrapeBytesPerSecond = Rate });

    [Fact]
    public async Task Below_the_number_all_get_in_and_at_it_the_slowest_ends()
    {
        Output[] outputs = [.. Enumerable.Range(0, 3).Select(_ => new Output())];
        Reader[] readers = [.. outputs.Select(_ => _engine.Readers.TryEnter(Limit.PageReaders, 3, TimeSpan.Zero)!)];
        Assert.All(readers, static reader => Assert.False(reader.IsEnded));

        // The first gets 20,000 bytes in each second, the second 2,000, the third takes all at once.
        for (int second = 0; second < 6; second++)
        {
            Task<bool> fast = readers[0].FlushAsync(outputs[0], 20_000, default).AsTask();
            Task<bool> slow = readers[1].FlushAsync(outputs[1], 2_000, default).AsTask();
            _time.Advance(TimeSpan.FromSeconds(1));
            outputs[0].Take();
            outputs[1].Take();
            Assert.All(await Task.WhenAll(fast, slow), Assert.True);
        }

        Reader newcomer = _engine.Readers.TryEnter(Limit.PageReaders, 3, TimeSpan.Zero)!;
        Assert.Equal([false, true, false, false], ((Reader[])[.. readers, newcomer]).Select(static reader => reader.IsEnded));
        Assert.Equal([0, 1, 0], outputs.Select(static output => output.Aborts));
        Assert.NotNull(_engine.Readers.TryEnter(Limit.ApiReaders, 1, TimeSpan.Zero));
        Assert.NotNull(_engine.Readers.TryEnter(Limit.PageReaders, 3, TimeSpan.Zero));
        Assert.True(readers[0].IsEnded);
    }

    /// <summary>Nobody has a rate yet: who lets something wait for longest is the slowest.</summary>
    [Fact]
    public void Of_those_who_have_just_come_the_one_who_takes_nothing_ends()
    {
        Output output = new();
        Reader[] readers = [.. Enumerable.Range(0, 2).Select(_ => _engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.Zero)!)];
        _ = readers[1].FlushAsync(output, 1, default).AsTask();
        _time.Advance(TimeSpan.FromMilliseconds(200));
        Assert.NotNull(_engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.Zero));
        Assert.Equal([false, true], readers.Select(static reader => reader.IsEnded));
    }

    [Fact]
    public void Only_where_those_who_were_ended_do_not_go_a_newcomer_is_refused()
    {
        for (int i = 0; i < 2 + 16; i++)
        {
            Assert.NotNull(_engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.Zero));
        }

        Assert.Null(_engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.Zero));
        Assert.NotNull(_engine.Readers.TryEnter(Limit.Scrapes, 0, TimeSpan.Zero));
    }

    /// <summary>Ten seconds behind is too slow. What it takes to prepare does not count, at the beginning or between two pieces.</summary>
    [Fact]
    public async Task Only_the_readers_own_time_counts()
    {
        var output = new Output();
        Reader reader = _engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.Zero)!;
        _time.Advance(TimeSpan.FromMinutes(10));
        for (int i = 0; i < 5; i++)
        {
            Task<bool> flush = reader.FlushAsync(output, 5 * Rate, default).AsTask();
            Assert.Equal(TimeSpan.FromSeconds(10), output.Allowed);
            _time.Advance(TimeSpan.FromSeconds(5));
            output.Take();
            Assert.True(await flush);
            Assert.Equal(Timeout.InfiniteTimeSpan, output.Allowed);
            _time.Advance(TimeSpan.FromMinutes(10));
        }

        _ = reader.FlushAsync(output, 1 * Rate, default).AsTask();
        _time.Advance(TimeSpan.FromSeconds(9));
        output.Take();
        _ = reader.FlushAsync(output, 1, default).AsTask();
        Assert.Equal(TimeSpan.FromSeconds(2), output.Allowed);
        output.Take();
        reader.Dispose();
    }

    [Fact]
    public async Task Haste_at_the_start_earns_nothing_for_later()
    {
        var output = new Output { IsFast = true };
        Reader reader = _engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.FromHours(1))!;
        for (int i = 0; i < 100; i++)
        {
            Assert.True(await reader.FlushAsync(output, 1_000_000, default));
        }

        output.IsFast = false;
        _ = reader.FlushAsync(output, 1_000_000, default).AsTask();
        Assert.Equal(TimeSpan.FromSeconds(10), output.Allowed);
        output.Take();
        reader.Dispose();
    }

    [Fact]
    public async Task Beyond_the_timeout_nothing_more_is_sent()
    {
        var output = new Output { IsFast = true };
        Reader reader = _engine.Readers.TryEnter(Limit.Scrapes, 2, TimeSpan.FromSeconds(30))!;
        Assert.True(await reader.FlushAsync(output, 1, default));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(await reader.FlushAsync(output, 1, default));
        Assert.Equal(1, output.Aborts);
        reader.Dispose();
    }

    /// <summary>As a protobuf scrape of one large family takes: the reader cannot help it.</summary>
    [Fact]
    public void A_scrape_that_is_prepared_for_long_is_not_ended_for_it()
    {
        var preparing = new TaskCompletionSource();
        var raw = new RawHarness(new ExpositionOptions { ScrapeTimeout = TimeSpan.Zero }, new FakeTarget { Preparing = preparing.Task });
        raw.Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        raw.Beat(TimeSpan.FromMinutes(5));
        Assert.False(raw.Connection.ConnectionClosed.IsCancellationRequested);
        preparing.SetResult();
        Assert.StartsWith("HTTP/1.1 200 OK", raw.Received(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_view_is_closed_before_the_last_piece_has_been_read()
    {
        var raw = new RawHarness(new ExpositionOptions(), new FakeTarget { ScrapeBody = new byte[20_000] }, pause: 10_000);
        raw.Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        Assert.Equal(0, raw.Target.OpenScrapes);
        Assert.Contains("Content-Length: 20000", raw.Received(), StringComparison.Ordinal);
    }

    /// <summary>Sixteen that never read have all seats, at either door; who comes then is served.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Over_sockets_a_scrape_gets_its_seat(bool raw)
    {
        await using var doors = new TwoDoors { MostScrapes = 8 };
        doors.Target.ScrapeBody = new byte[16 << 20];
        await doors.InitializeAsync();
        int port = raw ? doors.RawPort : doors.EndpointPort;
        Socket[] slow = [
            .. Enumerable.Range(0, 16).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 })];
        foreach (Socket socket in slow)
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            await socket.SendAsync("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray());
        }

        for (int i = 0; doors.Target.OpenScrapes < 8 && i < 600; i++)
        {
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(16 << 20,
                (await client.GetByteArrayAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken)).Length);
        }

        Array.ForEach(slow, static socket => socket.Dispose());
    }

    /// <summary>
    /// At the moment at which he was to be ended for another he has gone: his connection serves something else, or is not there any more.
    /// </summary>
    [Fact]
    public async Task Who_has_gone_by_himself_is_not_broken()
    {
        var output = new Output { IsFast = true };
        Reader reader = _engine.Readers.TryEnter(Limit.Scrapes, 1, TimeSpan.Zero)!;
        Assert.True(await reader.FlushAsync(output, 1, default));
        reader.Dispose();
        reader.Abort();
        Assert.Equal(0, output.Aborts);
    }

    /// <summary>
    /// A scrape breaks off, and closing it throws, too: its seat is free all the same, or at some time nobody could scrape.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_scrape_that_cannot_be_closed_gives_its_seat_back(bool raw)
    {
        await using var doors = new TwoDoors { MostScrapes = 1 };
        (doors.Target.ScrapeBody, doors.Target.ScrapeBreaksOff, doors.Target.CloseFails) = (new byte[1 << 20], true, true);
        await doors.InitializeAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{(raw ? doors.RawPort : doors.EndpointPort)}") };
        for (int i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(
                () => client.GetByteArrayAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken));

            // The client hears of the end before the seat is left.
            for (int waited = 0; doors.Engine.Readers.Open > 0 && waited < 10_000; waited++)
            {
                await Task.Delay(1, TestContext.Current.CancellationToken);
            }
        }

        Assert.NotNull(doors.Engine.Readers.TryEnter(Limit.Scrapes, 1, TimeSpan.Zero));
        Assert.Equal(0, TwoDoors.Counted(doors.Engine, "pushgateway_limit_refusals_total", "scrapes"));
    }

    private sealed class Output : IScrapeOutput
    {
        private TaskCompletionSource<bool>? _flush;

        public bool IsFast { get; set; }

        public int Aborts { get; private set; }

        public TimeSpan Allowed { get; private set; }

        public void Take() => _flush!.SetResult(true);

        public ValueTask<bool> FlushAsync(CancellationToken cancellation) =>
            IsFast ? new(true) : new((_flush = new TaskCompletionSource<bool>()).Task);

        public void Allow(TimeSpan time) => Allowed = time;

        public void Abort(string reason) => Aborts++;

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(1, sizeHint)];

        public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}
