using System.Buffers;
using System.Net;
using Exposition.Engine;
using Exposition.Kestrel;
using Exposition.Testing.Recording;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Testing;

/// <summary>
/// A Pushgateway for tests, with the rules of the real one, on a free port of the loopback address: records what was pushed, waits for
/// pushes, fails, delays and drops them to order. Safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// await using TestGateway gateway = await TestGateway.StartAsync(cancellationToken: token);
/// await RunTheJobAsync(gateway.Uri);
///
/// RecordedPush push = await gateway.WaitForPushAsync(push => push.Job == "nightly_backup", cancellationToken: token);
/// Assert.Equal(3, gateway.Value("backup_rows{job=\"nightly_backup\"}"));
/// </code>
/// </example>
public sealed class TestGateway : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly WebApplication _app;
    private readonly PushLog _log;
    private readonly Orders _orders;

    private TestGateway(WebApplication app, PushLog log, Orders orders)
    {
        (_app, _log, _orders) = (app, log, orders);
        Engine = app.Services.GetRequiredService<ExpositionEngine>();
        Uri = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    /// <summary>Where it listens, such as <c>http://127.0.0.1:40123</c>.</summary>
    public Uri Uri { get; }

    /// <summary>Its engine.</summary>
    public ExpositionEngine Engine { get; }

    /// <summary>What is stored.</summary>
    public MetricStore Store => Engine.Store;

    /// <summary>The pushes and deletes that have come so far, refused ones among them: a copy, in the order of their answers.</summary>
    public IReadOnlyList<RecordedPush> Pushes => _log.All;

    /// <summary>Starts a gateway; disposing of it stops it.</summary>
    /// <param name="configure">Sets its options.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<TestGateway> StartAsync(
        Action<TestGatewayOptions>? configure = null, CancellationToken cancellationToken = default)
    {
        var options = new TestGatewayOptions();
        configure?.Invoke(options);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.Services.AddRoutingCore();
        builder.Services.AddExposition(engine =>
        {
            engine.Time = options.Time;
            options.ConfigureEngine?.Invoke(engine);
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var log = new PushLog(options.MaxRecordedPushes);
        var orders = new Orders();
        var recorder = new PushRecorder(app.Services.GetRequiredService<ExpositionEngine>(), log, orders);
        app.Use(next => context => recorder.InvokeAsync(context, next));
        app.UseRouting();
        app.MapExposition();
        await app.StartAsync(cancellationToken).ConfigureAwait(false);
        return new TestGateway(app, log, orders);
    }

    /// <summary>
    /// Makes a handler for <see cref="HttpClient"/> that sends every request here, whichever host it is for: for clients whose address the
    /// test does not choose. Who makes it disposes of it.
    /// </summary>
    public HttpMessageHandler CreateHandler() => new GatewayHandler(Uri);

    /// <summary>Waits for a push.</summary>
    /// <param name="match">Which one; null for any. Pushes that have come before count.</param>
    /// <param name="timeout">How long; 10 s by default.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The first that matches.</returns>
    /// <exception cref="TimeoutException">None came; the message names those that did.</exception>
    public Task<RecordedPush> WaitForPushAsync(
        Func<RecordedPush, bool>? match = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        _log.WaitAsync(match ?? (static _ => true), timeout ?? s_patience, cancellationToken);

    /// <summary>What a scrape shows now.</summary>
    public ScrapedMetrics Scrape()
    {
        var output = new ArrayBufferWriter<byte>();
        Store.WriteTo(output);
        return ScrapedMetrics.Parse(output.WrittenSpan, null);
    }

    /// <summary>The value of a series, as a scrape shows it now.</summary>
    /// <param name="series">As for <see cref="ScrapedMetrics.Value"/>.</param>
    /// <exception cref="KeyNotFoundException">There is none, or there are several; the message names those that are most alike.</exception>
    public double Value(string series) => Scrape().Value(series);

    /// <summary>Answers the next pushes with an error, and stores nothing of them.</summary>
    /// <param name="status">The status, 400 or more.</param>
    /// <param name="times">How many.</param>
    /// <param name="reason">The body of the answer.</param>
    /// <param name="retryAfter">When to come again, in whole seconds; null to say nothing.</param>
    public void FailNext(
        HttpStatusCode status, int times = 1, string reason = "failed as the test has ordered", TimeSpan? retryAfter = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan((int)status, 400, nameof(status));
        _orders.Add(new Order(TimeSpan.Zero, Status: (int)status, Reason: reason, RetryAfter: retryAfter), times);
    }

    /// <summary>Answers the next pushes later than usual, by the system's clock.</summary>
    /// <param name="delay">By how much.</param>
    /// <param name="times">How many.</param>
    public void DelayNext(TimeSpan delay, int times = 1) => _orders.Add(new Order(delay), times);

    /// <summary>Ends the connections of the next pushes without an answer, and stores nothing of them.</summary>
    /// <param name="times">How many.</param>
    public void DropNext(int times = 1) => _orders.Add(new Order(TimeSpan.Zero, Drop: true), times);

    /// <summary>Stops it.</summary>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
