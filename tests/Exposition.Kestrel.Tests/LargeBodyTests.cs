using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Exposition.Kestrel.Bodies;

namespace Exposition.Kestrel.Tests;

/// <summary>What takes long is done elsewhere; what takes too much is refused; and who waits for memory gets it from who is slow.</summary>
public sealed class LargeBodyTests : IAsyncLifetime
{
    private const string Worker = "large bodies";
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(30);

    private readonly TwoDoors _doors = new();

    public ValueTask InitializeAsync() => _doors.InitializeAsync();

    public ValueTask DisposeAsync() => _doors.DisposeAsync();

    [Theory]
    [InlineData(100_000, false, false)]
    [InlineData(100_000, true, false)]
    [InlineData(700_000, false, true)]
    [InlineData(700_000, true, true)]
    public async Task LargeBodiesAreReadOnThreadsOfTheirOwn(int length, bool packed, bool elsewhere)
    {
        byte[] text = Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Range(0, length / 10).Select(static i => $"m{i % 100:00} {i:00000}\n")));
        byte[] body = packed ? Gzip.Pack(text) : text;
        foreach (int segment in (int[])[4096, 1 << 20])
        {
            var raw = new RawHarness(segment: segment);
            raw.Send(Head(body.Length, packed ? "gzip" : null));
            raw.Send(body);
            string answers = await raw.ExchangeAsync("PUT /metrics/job/b HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbad\n")
                .WaitAsync(s_long, TestContext.Current.CancellationToken);
            Assert.Equal(
                ["HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request"], TwoDoors.Split(answers).Select(static answer => answer.Split('\n')[0]));
            Assert.Equal(2, raw.Target.Pushes);
            Assert.Equal(0, raw.Engine.Inflight.Used);

            // The second push is small and comes on the thread of the connection, so the first is sent once more, alone.
            raw = new RawHarness(segment: segment);
            raw.Send(Head(body.Length, packed ? "gzip" : null));
            raw.Send(body);
            await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken);
            Assert.Equal(elsewhere, raw.Target.LastThread == Worker);
        }
    }

    [Fact]
    public async Task ALargeBodyOfKnownSeriesIsPatchedInAtOnce()
    {
        var raw = new RawHarness(target: new FakeTarget { Repeats = true });
        raw.Send(Head(700_000, null));
        raw.Send(new string('#', 699_999) + "\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", raw.Received(), StringComparison.Ordinal);
        Assert.NotEqual(Worker, raw.Target.LastThread);
        raw.End();
        await raw.Run.WaitAsync(s_long, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task WhatDecodesToTooMuchForItsSizeIsRefused()
    {
        byte[] bomb = Gzip.Pack(new byte[20_000_000], CompressionLevel.SmallestSize);
        long limit = (1 << 20) + (200L * bomb.Length);
        var raw = new RawHarness();
        raw.Send(Head(bomb.Length, "gzip"));
        raw.Send(bomb);
        string answer = await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 413 Payload Too Large\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith(
            $"request body too large: {bomb.Length} bytes decode to more than {limit}, which is 1 MiB and 200 times as many "
            + "(MaxDecodeRatio)\n", answer, StringComparison.Ordinal);
        Assert.Equal(1, LimitTests.Refused(raw.Engine, "decode-ratio"));
        Assert.Equal(0, raw.Target.Pushes);

        raw = new RawHarness(new ExpositionOptions { MaxDecodeRatio = 0 });
        raw.Send(Head(bomb.Length, "gzip"));
        raw.Send(bomb);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    /// <summary>The most repetitive of what clients send: one family, long labels, all values 0.</summary>
    [Fact]
    public void WhatClientsPackStaysBelowTheRatio()
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 60_000).Select(static i =>
            $"flink_taskmanager_job_task_operator_numRecordsIn{{job_id=\"1234567890abcdef1234567890abcdef\",tm_id=\"container_e01_1234567890123_0001_01_000002\",subtask_index=\"{i}\"}} 0\n")));
        using var zstd = new ZstdSharp.Compressor(19);
        Assert.InRange(text.Length / zstd.Wrap(text).Length, 50, 160);
        Assert.InRange(text.Length / Gzip.Pack(text).Length, 20, 100);
    }

    [Fact]
    public async Task APackedBodyWaitsForTheMemoryToDecodeIt()
    {
        var raw = new RawHarness(new ExpositionOptions { MaxInflightBytes = 2 << 20 });
        byte[] body = Gzip.Pack(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(static i => $"m {i}\n"))));
        BodyClaim holder = new(raw.Engine.Inflight), over = new(raw.Engine.Inflight);
        Assert.True(holder.TryTake(2 << 20));
        Assert.True(over.TryTake(1 << 20));
        raw.Send(Head(body.Length, "gzip"));
        raw.Send(body);
        for (int i = 0; i < 1000 && raw.Engine.Inflight.Waiting == 0; i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Assert.Equal("", raw.Received());
        holder.GiveBack(2 << 20);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        over.GiveBack(1 << 20);
        Assert.Equal(0, raw.Engine.Inflight.Used);
    }

    /// <summary>What it takes to read a body is several times the body, and is taken of the same memory while it is read.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhatReadingALargeBodyTakesIsTakenOfTheMemoryForBodies(bool packed)
    {
        byte[] text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(static i => $"m{{n=\"{i}\"}} {i}\n")));
        byte[] body = packed ? Gzip.Pack(text) : text;
        RawHarness raw = null!;
        long during = 0;
        var target = new FakeTarget { Pushing = () => during = raw.Engine.Inflight.Used };
        raw = new RawHarness(target: target);
        raw.Send(Head(body.Length, packed ? "gzip" : null));
        raw.Send(body);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.InRange(during, 10L * text.Length, 20L * text.Length);
        Assert.Equal(0, raw.Engine.Inflight.Used);
    }

    [Fact]
    public async Task ASmallPushThatWouldWaitForAnotherToItsGroupWaitsOnAThreadOfItsOwn()
    {
        foreach (bool isBusy in (bool[])[false, true])
        {
            var raw = new RawHarness(target: new FakeTarget { IsBusy = isBusy });
            raw.Send(Head(4, null));
            raw.Send("a 1\n");
            Assert.StartsWith("HTTP/1.1 200 OK\r\n", await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken),
                StringComparison.Ordinal);
            Assert.Equal((1, isBusy), (raw.Target.Pushes, raw.Target.LastThread == Worker));
        }
    }

    [Fact]
    public async Task WhatAnAdditionToALargeGroupTakesIsTakenOfTheMemoryForBodies()
    {
        const int Stored = 1 << 20;
        RawHarness raw = null!;
        long during = 0;
        raw = new RawHarness(target: new FakeTarget { Stored = Stored, Pushing = () => during = raw.Engine.Inflight.Used });
        raw.Send("POST /metrics/job/a HTTP/1.1\r\nHost: h\r\nExposition-Push-Mode: add\r\nContent-Length: 4\r\n\r\na 1\n");
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await raw.ExchangeAsync("").WaitAsync(s_long, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal((true, 0L), (raw.Target.LastThread == Worker, raw.Engine.Inflight.Used));
        Assert.InRange(during, 12L * Stored, 13L * Stored);
    }

    [Fact]
    public async Task ALargeBodyForWhoseReadingThereIsNoMemoryIsRefused()
    {
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 60_000).Select(static i => $"m{{n=\"{i}\"}} {i}\n")));
        var raw = new RawHarness(new ExpositionOptions { MaxInflightBytes = 4 << 20 });
        BodyClaim holder = new(raw.Engine.Inflight), over = new(raw.Engine.Inflight);
        Assert.True(holder.TryTake(2 << 20));
        raw.Send(Head(body.Length, null));
        raw.Send(body.AsSpan(0, body.Length - 1).ToArray());
        Assert.True(over.TryTake(4 << 20));
        raw.Send(body.AsSpan(body.Length - 1).ToArray());
        while (raw.Engine.Inflight.Waiting == 0)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        Task<string> exchange = raw.ExchangeAsync("");
        for (; !exchange.IsCompleted; await Task.Delay(10, TestContext.Current.CancellationToken))
        {
            raw.Time.Advance(s_long);
        }

        string answer = await exchange;
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("too many request bodies at once\n", answer, StringComparison.Ordinal);
        Assert.Equal((0, 1), (raw.Target.Pushes, LimitTests.Refused(raw.Engine, "inflight-bytes")));
        holder.GiveBack(2 << 20);
        over.GiveBack(4 << 20);
        Assert.Equal((0, 0), (raw.Engine.Inflight.Used, raw.Engine.Inflight.Waiting));
    }

    /// <summary>
    /// Found as a leak: the reset is thrown once more where a cancellation that nobody has met is taken back, and so nothing was given
    /// back.
    /// </summary>
    [Fact]
    public async Task AResetThatMeetsACancellationLosesNoMemory()
    {
        var raw = new RawHarness(new ExpositionOptions { MaxInflightBytes = 1_000_000 });
        BodyClaim holder = new(raw.Engine.Inflight), over = new(raw.Engine.Inflight);
        Assert.True(holder.TryTake(1_000_000));
        Assert.True(over.TryTake(1_000_000));
        raw.Send(Head(2_000_000, null));
        raw.Send(new string('#', 900_000));
        Assert.Equal(1, raw.Engine.Inflight.Waiting);
        raw.Shutdown();
        raw.Reset();
        over.GiveBack(1_000_000);
        holder.GiveBack(1_000_000);
        await raw.Run.WaitAsync(s_long, TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (raw.Engine.Inflight.Used, raw.Engine.Inflight.Waiting));
    }

    /// <summary>Through a real server, as it is told so: 408 with the reason, and the memory is free.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheSlowestIsEndedAtBothDoors(bool raw)
    {
        InflightBytes all = _doors.Engine.Inflight;
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, raw ? _doors.RawPort : _doors.EndpointPort, TestContext.Current.CancellationToken);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(Head(90_000, null) + new string('#', 70_000)), TestContext.Current.CancellationToken);
        for (int i = 0; i < 1000 && all.Used < 70_000; i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        BodyClaim holder = new(all), over = new(all), newcomer = new(all);
        long most = _doors.Engine.Options.MaxInflightBytes;
        Assert.True(holder.TryTake(most - all.Used));
        Assert.True(over.TryTake(1 << 20));
        Assert.False(newcomer.TryTake(1 << 20));
        Task<bool> waiting = newcomer.WaitAsync(s_long).AsTask();

        // It is silent, which is known after two seconds.
        byte[] answer = new byte[4096];
        int read = await stream.ReadAsync(answer, TestContext.Current.CancellationToken).AsTask()
            .WaitAsync(s_long, TestContext.Current.CancellationToken);
        string text = Encoding.ASCII.GetString(answer, 0, read);
        Assert.StartsWith("HTTP/1.1 408 Request Timeout\r\n", text, StringComparison.Ordinal);
        Assert.EndsWith("request body came too slowly while others waited for the memory of all bodies (MaxInflightBytes)\n", text,
            StringComparison.Ordinal);
        Assert.Equal(1, LimitTests.Refused(_doors.Engine, "inflight-bytes"));
        over.GiveBack(1 << 20);
        Assert.True(await waiting.WaitAsync(s_long, TestContext.Current.CancellationToken));
    }

    private static string Head(int length, string? encoding) =>
        $"PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\n{(encoding is null ? "" : $"Content-Encoding: {encoding}\r\n")}Content-Length: {length}\r\n\r\n";
}
