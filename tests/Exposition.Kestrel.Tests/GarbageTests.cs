using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text;
using Exposition.Engine;
using Exposition.Kestrel.Raw;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// From the door to the store and back in a steady state: 10,000 pushes to 50 groups, each with other values than the one before, and a
/// scrape after each 100. What the whole process allocates meanwhile is counted, and the least of some rounds judged: what the machine's
/// other work adds is not in each.
/// Runs alone.
/// </summary>
[Collection(nameof(Alone))]
public sealed class GarbageTests
{
    private const int Groups = 50;
    private const int Pushes = 10_000;
    private const int Variants = 4;
    private const int PushesPerScrape = 100;

    // What happens once (a table that grows, code that is compiled anew, a second's tick of the server) may fall into a round, but not into
    // each.
    private const int MostRounds = 8;

    private const string OpenMetrics = "Accept: application/openmetrics-text; version=1.0.0\r\n";
    private const string Protobuf =
        "Accept: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited\r\n";
    private const string Gzip = "Accept-Encoding: gzip\r\n";

    // The objects of a scrape are about 450 bytes, the state machines of one that waits for its reader up to 800 more: how many scrapes of
    // a round wait is not the test's to say.
    private const long MostPerScrape = 1500;

    private static readonly bool s_isDebug = typeof(
        MetricStore).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true };

    public GarbageTests() =>
        Assert.SkipWhen(s_isDebug,
            "a debug build makes garbage of its own, a class for each call of an async method; .ci/run measures a release build");

    [Theory]
    [InlineData(10, "")]
    [InlineData(300, "")]
    [InlineData(10, OpenMetrics)]
    [InlineData(300, OpenMetrics)]
    [InlineData(10, Protobuf)]
    [InlineData(300, Protobuf)]
    [InlineData(10, Gzip)]
    [InlineData(300, Gzip)]
    [InlineData(300, Gzip + OpenMetrics)]
    public void InMemory(int families, string headers)
    {
        byte[] get = Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\nHost: h\r\n{headers}\r\n");
        byte[][] requests = Requests(families);
        var store = new MetricStore(new StoreOptions());

        // As the server has it. The shared pool keeps few blocks: of a large answer that nobody reads meanwhile it would allocate most.
        using var pool = new LargeBlockPool();
        using var raw = new RawHarness(new ExpositionOptions { EnableOpenMetrics = true }, store: store, pool: pool);
        Measure(
            store,
            push: request =>
            {
                raw.Send((ReadOnlySpan<byte>)requests[request]);
                Answered(raw);
            },
            scrape: () =>
            {
                raw.Send((ReadOnlySpan<byte>)get);
                Answered(raw);
            },
            twice: headers.Contains(Gzip, StringComparison.Ordinal));
        raw.End();
    }

    [Theory]
    [InlineData(10, "")]
    [InlineData(300, "")]
    [InlineData(300, OpenMetrics)]
    [InlineData(300, Gzip)]
    public async Task OverASocket(int families, string headers)
    {
        byte[] get = Encoding.ASCII.GetBytes($"GET /metrics HTTP/1.1\r\nHost: h\r\n{headers}\r\n");
        byte[][] requests = Requests(families);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseExpositionReceiveBlocks()
            .ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition()));
        builder.Services.AddExposition(static options => options.EnableOpenMetrics = true);
        await using WebApplication app = builder.Build();
        app.UseRouting();
        app.MapExposition();
        await app.StartAsync(TestContext.Current.CancellationToken);
        int port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 120_000 };
        socket.Connect(IPAddress.Loopback, port);
        byte[] buffer = new byte[1 << 20];
        Measure(
            app.Services.GetRequiredService<MetricStore>(),
            push: request =>
            {
                socket.Send(requests[request]);
                Receive(socket, buffer);
            },
            scrape: () =>
            {
                socket.Send(get);
                Receive(socket, buffer);
            },
            twice: headers.Contains(Gzip, StringComparison.Ordinal));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    // Of a compressed scrape the parts that have changed are compressed, at about 0.3 KiB of garbage each: so there it is the second of two
    // scrapes that counts.
    private static void Measure(MetricStore store, Action<int> push, Action scrape, bool twice)
    {
        // The first two pushes of a group are read, and what is used again must have been used once.
        for (int i = 0; i < 20 * Groups; i++)
        {
            push(i % (Groups * Variants));
        }

        scrape();
        scrape();
        double leastPerPush = double.MaxValue;
        double leastPerScrape = double.MaxValue;
        for (int round = 0; round < MostRounds && (leastPerPush >= 1 || leastPerScrape >= MostPerScrape); round++)
        {
            long steadyBefore = store.RepeatedPushes;
            long byScrapes = 0;
            long byFirst = 0;
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Pushes; i++)
            {
                push(i % (Groups * Variants));
                if (i % PushesPerScrape == PushesPerScrape - 1)
                {
                    long beforeFirst = GC.GetTotalAllocatedBytes(precise: true);
                    if (twice)
                    {
                        scrape();
                    }

                    long beforeScrape = GC.GetTotalAllocatedBytes(precise: true);
                    scrape();
                    byFirst += beforeScrape - beforeFirst;
                    byScrapes += GC.GetTotalAllocatedBytes(precise: true) - beforeScrape;
                }
            }

            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before - byFirst - byScrapes;
            Assert.Equal(Pushes, store.RepeatedPushes - steadyBefore);
            leastPerPush = Math.Min(leastPerPush, (double)allocated / Pushes);
            leastPerScrape = Math.Min(leastPerScrape, (double)byScrapes / (Pushes / PushesPerScrape));
        }

        TestContext.Current.SendDiagnosticMessage(
            string.Create(CultureInfo.InvariantCulture, $"{leastPerPush:f3} bytes a push, {leastPerScrape:n0} bytes a scrape"));
        Assert.True(leastPerPush < 1, string.Create(CultureInfo.InvariantCulture, $"{leastPerPush:f3} bytes a push"));
        Assert.True(leastPerScrape < MostPerScrape, string.Create(CultureInfo.InvariantCulture, $"{leastPerScrape:n0} bytes a scrape"));
    }

    private static byte[][] Requests(int families)
    {
        byte[][] requests = new byte[Groups * Variants][];
        for (int i = 0; i < requests.Length; i++)
        {
            int value = 1000 + i;
            string body = string.Concat(Enumerable.Range(0, families).Select(family => string.Create(
                CultureInfo.InvariantCulture, $"# TYPE m{family} gauge\nm{family}{{x=\"y\"}} {(family % 2 == 0 ? value : family)}.5\n")));
            requests[i] = Encoding.ASCII.GetBytes(string.Create(
                CultureInfo.InvariantCulture,
                    $"PUT /metrics/job/j/instance/i{i % Groups} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        }

        return requests;
    }

    // One answer. A scrape gives its thread up now and then, so the answer may come in parts, from another thread.
    private static void Answered(RawHarness raw)
    {
        PipeReader input = raw.Connection.Application!.Input;
        var end = new AnswerEnd();
        long started = Environment.TickCount64;
        for (bool whole = false; !whole;)
        {
            if (!input.TryRead(out ReadResult answer) || answer.Buffer.IsEmpty)
            {
                Thread.Yield();
                Assert.True(Environment.TickCount64 - started < 120_000, "no answer");
                continue;
            }

            foreach (ReadOnlyMemory<byte> part in answer.Buffer)
            {
                whole = end.IsIn(part.Span);
            }

            input.AdvanceTo(answer.Buffer.End);
        }
    }

    private static void Receive(Socket socket, byte[] buffer)
    {
        var end = new AnswerEnd();
        while (!end.IsIn(buffer.AsSpan(0, socket.Receive(buffer))))
        {
        }
    }

    /// <summary>Finds the end of an answer, the whole head of which comes in one part.</summary>
    private struct AnswerEnd
    {
        private bool _begun;
        private bool _chunked;
        private long _left;
        private ulong _last;

        public bool IsIn(ReadOnlySpan<byte> part)
        {
            if (!_begun)
            {
                int head = part.IndexOf("\r\n\r\n"u8) + 4;
                if (!part.StartsWith("HTTP/1.1 200 "u8) || head < 4)
                {
                    throw new InvalidOperationException(Encoding.Latin1.GetString(part));
                }

                _begun = true;
                ReadOnlySpan<byte> length = part[..head];
                int at = length.IndexOf("Content-Length: "u8);
                _chunked = at < 0;
                length = length[(at + "Content-Length: ".Length)..];
                _left = _chunked ? 0 : head + long.Parse(length[..length.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
            }

            _left -= part.Length;
            foreach (byte b in part[Math.Max(0, part.Length - 8)..])
            {
                _last = (_last << 8) | b;
            }

            return _chunked ? (_last << 8) >> 8 == 0x0D0A_300D_0A0D_0A : _left <= 0;
        }
    }
}
