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

/// <summary>A real Kestrel with both doors over a real store.</summary>
public sealed class StoreDoors : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StoreDoors(WebApplication app) => _app = app;

    /// <summary>The raw door's port, and that of the endpoints alone.</summary>
    public IReadOnlyList<int> Ports =>
        [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(
        static a => new Uri(a).Port)];

    public static async Task<StoreDoors> StartAsync(
        Action<ExpositionOptions>? configure = null, bool withOtlp = false)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddExposition(o =>
        {
            o.EngineMetrics = false;
            configure?.Invoke(o);
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition());
            kestrel.Listen(IPAddress.Loopback, 0, MemoryKestrel.SecondDoor);
        });
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapExposition();
        if (withOtlp)
        {
            app.MapExpositionOtlp();
        }

        await app.StartAsync();
        return new StoreDoors(app);
    }

    /// <summary>Sends a request with headers as <c>Name: value</c> and returns the status and the body of the answer.</summary>
    public static async Task<(int Status, string Text)> SendAsync(
        int port, string method, string path, byte[] body, params string[] headers)
    {
        string head = $"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            + string.Concat(headers.Select(static h => h + "\r\n")) + $"Content-Length: {body.Length}\r\n\r\n";
        string answer = await ExchangeAsync(port, [.. Encoding.Latin1.GetBytes(head), .. body]);
        return (int.Parse(answer[9..12], System.Globalization.CultureInfo.InvariantCulture),
            answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
    }

    /// <summary>Sends a whole request and returns all that comes back until the server closes.</summary>
    public static Task<string> ExchangeAsync(int port, byte[] request) => ExchangeAsync(port, request, end: static _ => { });

    /// <summary>Sends the beginning of a request and ends the sending side.</summary>
    public static Task<string> CutShortAsync(int port, byte[] request) =>
        ExchangeAsync(port, request, end: static socket => socket.Shutdown(SocketShutdown.Send));

    private static async Task<string> ExchangeAsync(int port, byte[] request, Action<Socket> end)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(request);
        end(client.Client);
        using var received = new MemoryStream();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await stream.CopyToAsync(received, timeout.Token);
        }
        catch (IOException)
        {
            // A reset is an end without an answer.
        }

        return Encoding.UTF8.GetString(received.ToArray());
    }

    /// <summary>The lines of what was pushed, without those about the gateway and the groups.</summary>
    public static async Task<string> PushedAsync(int port)
    {
        string scraped = await ExchangeAsync(port, "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        return string.Concat(
            scraped[scraped.IndexOf("\r\n\r\n", StringComparison.Ordinal)..].Split('\n').Where(static line => line.Contains("job=\"j\"",
            StringComparison.Ordinal) && !line.StartsWith("push_", StringComparison.Ordinal)).Select(static line => line + "\n"));
    }

    internal ExpositionEngine Engine => _app.Services.GetRequiredService<ExpositionEngine>();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
