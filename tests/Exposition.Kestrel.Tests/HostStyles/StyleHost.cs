using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>A host with one port, with raw doors or without.</summary>
internal sealed class StyleHost(IHost host) : IAsyncDisposable
{
    public IServiceProvider Services => host.Services;

    /// <summary>Where it listens.</summary>
    public Uri Address { get; } =
        new(host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public int Port => Address.Port;

    /// <summary>Starts a host.</summary>
    /// <param name="raw">The names of the engines that get a raw door.</param>
    /// <param name="services">Adds the engines, and what else the host has.</param>
    /// <param name="map">Adds middleware and routes.</param>
    /// <param name="protocols">What the port speaks.</param>
    /// <param name="log">Where lines go.</param>
    public static async Task<StyleHost> StartAsync(string[] raw, Action<IServiceCollection> services, Action<WebApplication> map,
        HttpProtocols protocols = HttpProtocols.Http1, ILoggerProvider? log = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Trace);
        if (log is not null)
        {
            builder.Logging.AddProvider(log);
        }

        builder.Services.AddRouting();
        services(builder.Services);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            foreach (string name in raw)
            {
                listen.UseExposition(name: name);
            }
        }));
        WebApplication app = builder.Build();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new StyleHost(app);
    }

    /// <summary>
    /// Sends a request on a connection of its own, which the host ends when it is done with the request; so all is counted then.
    /// </summary>
    public Task<(int Status, string Text)> SendAsync(string method, string path, string body = "", params string[] headers) =>
        StoreDoors.SendAsync(Port, method, path, System.Text.Encoding.UTF8.GetBytes(body), headers);

    /// <summary>How many requests the raw door of an engine has served.</summary>
    public double ServedRaw(string name = "") => TwoDoors.Counted(
        name.Length == 0
            ? Services.GetRequiredService<ExpositionEngine>()
            : Services.GetRequiredKeyedService<ExpositionEngine>(name),
        "pushgateway_engine_requests_total", "raw");

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
