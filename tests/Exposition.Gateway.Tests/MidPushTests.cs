using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Exposition.Pusher;

namespace Exposition.Gateway.Tests;

/// <summary>
/// What happens in the midst of a push, after half of its body: the client sends it again, and it arrives whole or not at all, at this
/// program and at Debian's. Between them stands a proxy that knows where the half is.
/// </summary>
public sealed class MidPushTests
{
    private const int Rows = 20_000;

    private static readonly PushGroup s_group = new("midst");

    private static readonly byte[] s_body =
        Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Rows).Select(static i => $"row{{n=\"{i}\"}} {i}\n")));

    [Theory]
    [InlineData("pushgateway")]
    [InlineData("prometheus-pushgateway")]
    public async Task A_503_in_the_midst_of_a_push_surfaces_its_reason_or_is_tried_again_and_arrives_whole(string kind)
    {
        await using StoppableGateway gateway = await StoppableGateway.StartAsync(kind);
        await using var proxy = new HalfwayProxy(gateway.Address, static async client => await client.SendAsync(
            "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy"u8.ToArray()));

        var thrown = await Assert.ThrowsAsync<PushgatewayException>(() => PushAsync(proxy, attempts: 1));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "busy", true), (thrown.StatusCode, thrown.Reason, thrown.IsTransient));
        Assert.Equal(TimeSpan.FromSeconds(1), thrown.RetryAfter);
        Assert.Equal(0, RowsOf(await gateway.ScrapeAsync()));

        proxy.IsArmed = true;
        await PushAsync(proxy, attempts: 10_000);

        Assert.Equal(Rows, RowsOf(await gateway.ScrapeAsync()));
        Assert.Equal(2, proxy.Mishaps);
    }

    [Theory]
    [InlineData("pushgateway")]
    [InlineData("prometheus-pushgateway")]
    public async Task A_gateway_that_is_killed_in_the_midst_of_a_push_is_pushed_to_again_and_has_it_whole(string kind)
    {
        await using StoppableGateway gateway = await StoppableGateway.StartAsync(kind);
        int? after = null;
        await using var proxy = new HalfwayProxy(gateway.Address, async _ =>
        {
            await gateway.KillAsync();
            await gateway.StartAgainAsync();
            after = RowsOf(await gateway.ScrapeAsync());
        });

        await PushAsync(proxy, attempts: 10_000);

        Assert.Equal((0, Rows, 1), (after, RowsOf(await gateway.ScrapeAsync()), proxy.Mishaps));
    }

    private static async Task PushAsync(HalfwayProxy proxy, int attempts)
    {
        using var http = new HttpClient();
        var client = new PushgatewayClient(http, new PushgatewayClientOptions
        {
            Endpoint = proxy.Address,
            AttemptTimeout = TimeSpan.FromMinutes(2),
            Retry = { MaxAttempts = attempts, MaxDelay = TimeSpan.FromMilliseconds(200), TotalTime = TimeSpan.FromMinutes(5) },
        });
        await client.SendAsync(new PushRequest(s_group, s_body, "text/plain"), TestContext.Current.CancellationToken);
    }

    private static int RowsOf(string scrape) =>
        scrape.Split('\n').Count(static line => line.StartsWith("row{", StringComparison.Ordinal));

    /// <summary>Passes connections on. After half of a push it does once what it is told, and ends that connection.</summary>
    private sealed class HalfwayProxy : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly Uri _gateway;
        private readonly Func<Socket, Task> _mishap;
        private readonly Task _accepting;

        public HalfwayProxy(Uri gateway, Func<Socket, Task> mishap)
        {
            (_gateway, _mishap) = (gateway, mishap);
            _listener.Start();
            Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{_listener.LocalEndpoint}/"));
            _accepting = AcceptAsync();
        }

        public Uri Address { get; }

        public bool IsArmed { get; set; } = true;

        public int Mishaps { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _listener.Dispose();
            await _accepting;
            _end.Dispose();
        }

        private async Task AcceptAsync()
        {
            var connections = new List<Task>();
            try
            {
                while (true)
                {
                    connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_end.Token)));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(connections);
            }
        }

        private async Task ServeAsync(Socket accepted)
        {
            using Socket client = accepted;
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _gateway.Port, _end.Token);
                Task answers = CopyAsync(server, client, long.MaxValue);
                if (!IsArmed)
                {
                    await Task.WhenAny(CopyAsync(client, server, long.MaxValue), answers);
                    return;
                }

                IsArmed = !await CopyAsync(client, server, s_body.Length / 2);
                if (!IsArmed)
                {
                    Mishaps++;
                    await _mishap(client);
                    server.Dispose();
                    client.Shutdown(SocketShutdown.Send);
                    await CopyAsync(client, null, long.MaxValue);   // else the answer would be lost with what was not read
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The other side is gone.
            }
        }

        // Whether so much has been passed on before the end.
        private async Task<bool> CopyAsync(Socket from, Socket? to, long least)
        {
            byte[] buffer = new byte[16 << 10];
            long copied = 0;
            try
            {
                while (copied < least && await from.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
                {
                    copied += count;
                    if (to is not null)
                    {
                        await to.SendAsync(buffer.AsMemory(0, count), _end.Token);
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // As an end.
            }

            return copied >= least;
        }
    }
}
