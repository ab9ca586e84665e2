using System.Text;
using Exposition.Formats;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Tests;

/// <summary>Our engine behind real sockets: one with the raw door, one with the endpoints alone.</summary>
public sealed class LiveGateway : IAsyncLifetime
{
    private WebApplication? _app;

    /// <summary>The raw door, and the endpoints.</summary>
    public IReadOnlyList<Uri> Addresses { get; private set; } = [];

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddExposition();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.UseExposition());
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.MapExposition();
        await _app.StartAsync();
        Addresses = [.. _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(
            static a => new Uri(a))];
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    /// <summary>What a gateway exposes, as families in our rows.</summary>
    internal static async Task<IReadOnlyList<Sample>> ScrapeAsync(HttpClient http, Uri address)
    {
        byte[] body = await http.GetByteArrayAsync(new Uri(address, "/metrics"));
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(body, new TextReadOptions(NameScheme.Utf8, Lenient: true), set, out FormatError error),
            error.ToString());
        var samples = new List<Sample>();
        foreach (ref readonly FamilyRow family in set.Families)
        {
            for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                var labels = new Dictionary<string, string>();
                foreach (ref readonly LabelRow label in set.LabelsOf(metric))
                {
                    labels.Add(Encoding.UTF8.GetString(set.Text(label.Name)), Encoding.UTF8.GetString(set.Text(label.Value)));
                }

                samples.Add(new Sample(Encoding.UTF8.GetString(set.Text(family.Name)), labels, set.Metrics[metric].Value));
            }
        }

        return samples;
    }
}

/// <summary>One line of a scrape.</summary>
internal sealed record Sample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public string Label(string name) => Labels.GetValueOrDefault(name, "");
}
