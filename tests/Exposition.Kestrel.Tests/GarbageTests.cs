using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Exposition.Kestrel.Raw;
using Exposition.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>
/// From the door to the store and back in a steady state: 10,000 pushes to 50 groups, each with other values than the one before, and a scrape after each
/// 100. What the whole process allocates meanwhile is counted. Runs alone.
/// </summary>
[Collection(nameof(Alone))]
public sealed class GarbageTests
{
    private const int Groups = 50;
    private const int Pushes = 10_000;
    private const int Variants = 4;
    private const int PushesPerScrape = 100;

    // What happens once (a table that grows, code that is compiled anew, a second's tick of the server) may fall into a round, but not into each.
    private const int MostRounds = 8;

    private static readonly byte[] s_scrape = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n"u8.ToArray();

    private const long MostPerScrape = 1024;

    [Theory]
    [InlineData(10)]
    [InlineData(300)]
    public void InMemory(int families)
    {
        byte[][] requests = Requests(families);
        var store = new MetricStore(new StoreOptions());

        // As the server has it. The shared pool keeps few blocks: of a large answer that nobody reads meanwhile it would allocate most.
        using var pool = new LargeBlockPool();
        using var raw = new RawHarness(store: store, pool: pool);
        Measure(
            store,
            push: request =>
            {
                raw.Send((ReadOnlySpan<byte>)requests[request]);
                Answered(raw);
            },
            scrape: () =>
            {
                raw.Send((ReadOnlySpan<byte>)s_scrape);
                Answered(raw);
            });
        raw.End();
    }

    [Fact]
    public async Task OverASocket()
    {
        byte[][] requests = Requests(families: 10);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddExposition();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition()));
        await using WebApplication app = builder.Build();
        await app.StartAsync(TestContext.Current.CancellationToken);
        int port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
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
                socket.Send(s_scrape);
                Receive(socket, buffer);
            });
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static void Measure(MetricStore store, Action<int> push, Action scrape)
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
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < Pushes; i++)
            {
                push(i % (Groups * Variants));
                if (i % PushesPerScrape == PushesPerScrape - 1)
                {
                    long beforeScrape = GC.GetTotalAllocatedBytes(precise: true);
                    scrape();
                    byScrapes += GC.GetTotalAllocatedBytes(precise: true) - beforeScrape;
                }
            }

            long allocated = GC.GetTotalAllocatedBytes(precise: true) - before - byScrapes;
            Assert.Equal(Pushes, store.RepeatedPushes - steadyBefore);
            leastPerPush = Math.Min(leastPerPush, (double)allocated / Pushes);
            leastPerScrape = Math.Min(leastPerScrape, (double)byScrapes / (Pushes / PushesPerScrape));
        }

        TestContext.Current.SendDiagnosticMessage(string.Create(CultureInfo.InvariantCulture, $"{leastPerPush:f3} bytes a push, {leastPerScrape:n0} bytes a scrape"));
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
                CultureInfo.InvariantCulture, $"PUT /metrics/job/j/instance/i{i % Groups} HTTP/1.1\r\nHost: h\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        }

        return requests;
    }

    // One answer: its head says how long it is. A scrape gives its thread up now and then, so the answer may come in parts, from another thread.
    private static void Answered(RawHarness raw)
    {
        PipeReader input = raw.Connection.Application!.Input;
        long left = -1;
        long started = Environment.TickCount64;
        while (left != 0)
        {
            if (!input.TryRead(out ReadResult answer) || answer.Buffer.IsEmpty)
            {
                Thread.Yield();
                Assert.True(Environment.TickCount64 - started < 20_000, "no answer");
                continue;
            }

            if (left < 0)
            {
                ReadOnlySpan<byte> first = answer.Buffer.FirstSpan;
                if (!first.StartsWith("HTTP/1.1 200 "u8))
                {
                    throw new InvalidOperationException(Encoding.Latin1.GetString(first));
                }

                left = LengthOf(first);
            }

            left -= answer.Buffer.Length;
            input.AdvanceTo(answer.Buffer.End);
        }
    }

    // Of a whole answer, by its head.
    private static int LengthOf(ReadOnlySpan<byte> answer)
    {
        int head = answer.IndexOf("\r\n\r\n"u8);
        ReadOnlySpan<byte> length = answer[(answer.IndexOf("Content-Length: "u8) + "Content-Length: ".Length)..];
        return head + 4 + int.Parse(length[..length.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }

    // One answer: its head says how long it is.
    private static void Receive(Socket socket, byte[] buffer)
    {
        int count = 0;
        int whole = int.MaxValue;
        while (count < whole)
        {
            int read = socket.Receive(buffer.AsSpan(count));
            count += read;
            int head = whole < int.MaxValue ? -1 : buffer.AsSpan(0, count).IndexOf("\r\n\r\n"u8);
            if (head >= 0)
            {
                whole = LengthOf(buffer);
            }

            if (read == 0 || (count >= 13 && !buffer.AsSpan().StartsWith("HTTP/1.1 200 "u8)))
            {
                throw new InvalidOperationException(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
    }
}
