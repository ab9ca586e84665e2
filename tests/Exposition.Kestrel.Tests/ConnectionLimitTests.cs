using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests;

/// <summary>Over sockets, all from one address, as behind Kubernetes: nobody is refused, below the limit and at it.</summary>
public sealed class ConnectionLimitTests : IAsyncLifetime
{
    private const int Most = 40;
    private const string Push = "PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\na 1\n";
    private const string Probe = "GET /-/healthy HTTP/1.1\r\nHost: h\r\n\r\n";

    private readonly List<Socket> _sockets = [];
    private WebApplication? _app;

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen =>
        {
            listen.UseExpositionConnectionLimit();
            listen.UseExposition();
        }));
        builder.Services.AddExposition(static options => options.MaxConnections = Most);
        _app = builder.Build();
        _app.UseExpositionConnectionLimit();
        _app.UseRouting();
        _app.MapGet("/-/healthy", static () => "OK");
        _app.MapExposition();
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _sockets.ForEach(static socket => socket.Dispose());
        await _app!.DisposeAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData(Push)]
    [InlineData(Probe)]
    [InlineData("PUT /metrics/job/a HTTP/1.1\r\nHo")]
    [InlineData("OPTIONS /metrics/job/a HTTP/1.1\r\nHo")]
    public async Task Whoever_comes_gets_in_whatever_the_others_do(string first)
    {
        for (int i = 0; i < Most + 20; i++)
        {
            Socket socket = await OpenAsync();
            if (first.Length > 0)
            {
                await socket.SendAsync(Encoding.ASCII.GetBytes(first), TestContext.Current.CancellationToken);
            }

            if (first is Push or Probe)
            {
                Assert.StartsWith("HTTP/1.1 200", await ReadAsync(socket), StringComparison.Ordinal);
            }
        }

        for (int i = 0; i < 20; i++)
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(await OpenAsync(), i % 2 == 0 ? Push : Probe), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Below_the_limit_all_stay_and_at_it_the_longest_idle_goes_without_a_word()
    {
        for (int i = 0; i < Most; i++)
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(await OpenAsync(), i % 2 == 0 ? Push : Probe), StringComparison.Ordinal);
        }

        // The order is of seconds.
        await Task.Delay(2500, TestContext.Current.CancellationToken);
        foreach (Socket socket in _sockets[1..])
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(socket, Push), StringComparison.Ordinal);
        }

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(await OpenAsync(), Push), StringComparison.Ordinal);
        Assert.Equal("", await ReadAsync(_sockets[0]));
        foreach (Socket socket in _sockets[1..])
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(socket, Push), StringComparison.Ordinal);
        }
    }

    private static async Task<string> AskAsync(Socket socket, string request)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        return await ReadAsync(socket);
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        byte[] buffer = new byte[4096];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        string answer = "";
        while (!answer.EndsWith("\r\n\r\n", StringComparison.Ordinal)
            || (answer.Contains("chunked", StringComparison.Ordinal) && !answer.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal)))
        {
            int count = await socket.ReceiveAsync(buffer, patience.Token);
            if (count == 0)
            {
                break;
            }

            answer += Encoding.ASCII.GetString(buffer, 0, count);
        }

        return answer;
    }

    private async Task<Socket> OpenAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _sockets.Add(socket);
        await socket.ConnectAsync(IPAddress.Loopback,
            new Uri(_app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port);
        return socket;
    }
}
