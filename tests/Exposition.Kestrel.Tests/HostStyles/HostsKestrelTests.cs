using System.Globalization;
using System.Net;
using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Kestrel.Tests.HostStyles;

/// <summary>The host's server is the host's: nothing of it changes unless a method is called that is named for what it changes.</summary>
public sealed class HostsKestrelTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nothing_of_the_hosts_kestrel_changes_unless_it_is_asked_for_by_name(bool raw)
    {
        SortedDictionary<string, string> own = await SettingsAsync(static _ => { }, static _ => { }, static _ => { });
        SortedDictionary<string, string> with = await SettingsAsync(
            AddAll, static app =>
            {
                app.MapExposition("/gw");
                app.MapExpositionPage("/gw");
                app.MapExpositionApi("/gw");
            }, listen =>
            {
                if (raw)
                {
                    listen.UseExposition();
                }
            });

        Assert.Contains("endpoint Protocols=", string.Join('\n', own.Select(static setting => $"{setting.Key}={setting.Value}")),
            StringComparison.Ordinal);
        Assert.True(own.Count > 40, string.Join('\n', own.Keys));
        Assert.Equal(own, with);
    }

    /// <summary>What looks for changes finds those that are asked for.</summary>
    [Fact]
    public async Task What_is_asked_for_by_name_changes_and_nothing_else()
    {
        SortedDictionary<string, string> own = await SettingsAsync(static _ => { }, static _ => { }, static _ => { });

        Assert.Equal(["memory pools", "sockets MaxReadBufferSize"], Changed(await SettingsAsync(
            AddAll, static app => app.MapExposition(), static _ => { }, static host => host.UseExpositionReceiveBlocks())));
        Assert.Equal(
            ["kestrel Limits.Http2.MaxRequestHeaderFieldSize", "kestrel Limits.MaxRequestHeaderCount",
                "kestrel Limits.MaxRequestHeadersTotalSize", "kestrel Limits.MaxRequestLineSize"],
            Changed(await SettingsAsync(AddAll, static app => app.MapExposition(), static _ => { },
                static host => host.ConfigureKestrel(static kestrel => kestrel.UseExpositionHeadLimits()))));

        IEnumerable<string> Changed(SortedDictionary<string, string> now) =>
            now.Where(setting => own.GetValueOrDefault(setting.Key) != setting.Value).Select(static setting => setting.Key);
    }

    private static void AddAll(IServiceCollection services) => services.AddExposition().Services.AddHealthChecks().AddExposition();

    // All that a host can set, as it is once the host has started.
    private static async Task<SortedDictionary<string, string>> SettingsAsync(Action<IServiceCollection> services,
        Action<WebApplication> map, Action<ListenOptions> listens, Action<IWebHostBuilder>? asked = null)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        services(builder.Services);
        asked?.Invoke(builder.WebHost);
        ListenOptions? endpoint = null;
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listens(listen);
            endpoint = listen;
        }));
        await using WebApplication app = builder.Build();
        map(app);
        await app.StartAsync(TestContext.Current.CancellationToken);

        Add(settings, "kestrel ", app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value);
        Add(settings, "sockets ", app.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value);
        Add(settings, "endpoint ", endpoint!);
        settings.Remove("endpoint IPEndPoint");   // its port is another each time
        settings.Remove("endpoint EndPoint");
        settings.Add("memory pools", app.Services.GetService<IMemoryPoolFactory<byte>>()?.GetType().Name ?? "none");
        await app.StopAsync(TestContext.Current.CancellationToken);
        return settings;
    }

    // Values, the names of functions, and those of what has settings itself.
    private static void Add(SortedDictionary<string, string> settings, string prefix, object of)
    {
        foreach (PropertyInfo property in of.GetType().GetProperties().Where(static p => p.GetIndexParameters().Length == 0))
        {
            object? value = property.GetValue(of);
            string type = property.PropertyType.FullName!;
            if (value is not null && type.StartsWith("Microsoft.AspNetCore.Server.Kestrel.", StringComparison.Ordinal)
                && property.PropertyType is { IsClass: true, Name: not "KestrelServerOptions" and not "KestrelConfigurationLoader" })
            {
                Add(settings, $"{prefix}{property.Name}.", value);
            }
            else if (value is not IServiceProvider)
            {
                settings[prefix + property.Name] =
                    value is Delegate function ? function.Method.ToString()! : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            }
        }
    }
}
