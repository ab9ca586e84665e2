using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;
using Exposition.Formats;
using Exposition.Pusher;
using Exposition.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>A meter of a test, providers that push what it measures, and a gateway that stores it; what is sent is kept.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly ConcurrentQueue<(byte[] Body, string ContentType)> _sent = [];
    private readonly List<MeterProvider> _providers = [];

    private Bench(TestGateway gateway)
    {
        Gateway = gateway;
        Meter = new Meter(new MeterOptions("Test." + Guid.NewGuid().ToString("N")) { Version = "1.2" });
    }

    public TestGateway Gateway { get; }

    public Meter Meter { get; }

    public LogLines Log { get; } = new();

    /// <summary>The last body, which must be text.</summary>
    public string Text => Encoding.UTF8.GetString(_sent.Last().Body);

    public (byte[] Body, string ContentType) Sent => _sent.Last();

    /// <summary>The samples of the last body, as the strict reader of its format has them.</summary>
    public IReadOnlyList<MetricSample> Samples =>
        ExpositionText.Parse(_sent.Last().Body, _sent.Last().ContentType, new ExpositionReadOptions { Lenient = false });

    public static async Task<Bench> StartAsync(NameScheme names = NameScheme.Legacy) =>
        new(await TestGateway.StartAsync(options => options.ConfigureEngine = engine => engine.Names = names));

    /// <summary>A provider that pushes when it is flushed; bare metrics as text unless it is told otherwise.</summary>
    public MeterProvider Build(Action<PushgatewayExporterOptions>? configure = null, Action<MeterProviderBuilder>? more = null)
    {
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty())
            .AddMeter(Meter.Name)
            .ConfigureServices(services => services
                .AddSingleton<ILoggerFactory>(Log)
                .AddHttpClient(PushgatewayClient.HttpClientName).ConfigurePrimaryHttpMessageHandler(CreateHandler))
            .AddExpositionPusher(options =>
            {
                options.Endpoint = Gateway.Uri;
                options.Job = "test";
                options.Interval = TimeSpan.Zero;
                options.Format = PushgatewayFormat.Text;
                options.WriteScopeLabels = false;
                options.Retry.MaxAttempts = 1;
                configure?.Invoke(options);
            });
        more?.Invoke(builder);
        MeterProvider provider = builder.Build();
        _providers.Add(provider);
        return provider;
    }

    /// <summary>Builds a provider, measures, and pushes once, which must be stored.</summary>
    public void Push(
        Action<Meter> measure, Action<PushgatewayExporterOptions>? configure = null, Action<MeterProviderBuilder>? more = null)
    {
        using MeterProvider provider = Build(configure, more);
        measure(Meter);
        Assert.True(provider.ForceFlush(), string.Join('\n', Log.Lines));
    }

    public HttpMessageHandler CreateHandler() => new Recorder(this) { InnerHandler = Gateway.CreateHandler() };

    public async ValueTask DisposeAsync()
    {
        _providers.ForEach(static provider => provider.Dispose());
        Meter.Dispose();
        await Gateway.DisposeAsync();
    }

    private sealed class Recorder(Bench bench) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.Content is { } content)
            {
                bench._sent.Enqueue((await content.ReadAsByteArrayAsync(cancellationToken), content.Headers.ContentType!.ToString()));
            }

            return await base.SendAsync(request, cancellationToken);
        }
    }
}
