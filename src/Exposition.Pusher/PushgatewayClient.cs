using Exposition.Formats;
using Exposition.Formats.Settings;
using Exposition.Pusher.Sending;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Pusher;

/// <summary>
/// Pushes to a Prometheus Pushgateway, or one that speaks as it does. What may succeed later is tried again
/// (<see cref="PushgatewayClientOptions.Retry"/>), what is refused throws with the gateway's reason. Safe for concurrent use.
/// </summary>
/// <example>
/// <code>
/// var client = new PushgatewayClient(http, new PushgatewayClientOptions { Endpoint = new Uri("http://pushgateway:9091") });
/// using var meters = new MeterSource("MyApp.*");
/// await client.PushAsync(new PushGroup("nightly_backup").With("path", "/srv/data"), meters);
/// </code>
/// </example>
public sealed class PushgatewayClient
{
    /// <summary>The name of the client that the library takes from <see cref="IHttpClientFactory"/>.</summary>
    public const string HttpClientName = "Exposition.Pusher";

    /// <summary>
    /// The name of the <see cref="System.Diagnostics.Metrics.Meter"/> that counts pushes by outcome (<c>exposition.pusher.pushes</c>),
    /// attempts and sources that failed, and takes the time of pushes.
    /// </summary>
    public const string MeterName = "Exposition.Pusher";

    private readonly PushgatewayClientOptions _options;

    /// <summary>Makes a client.</summary>
    /// <param name="http">Belongs to the caller, who gives it credentials, proxies and certificates, and keeps it for longer than
    /// this.</param>
    /// <param name="options">Must not change any more. By default a gateway at the base address of <paramref name="http"/>.</param>
    /// <param name="time">The clock of pauses, limits and runs; by default the system's.</param>
    /// <param name="logger">Told of runs that failed or could not be pushed; by default nobody is.</param>
    /// <exception cref="ArgumentException">An option is not valid; the message names all that are not.</exception>
    public PushgatewayClient(
        HttpClient http, PushgatewayClientOptions? options = null, TimeProvider? time = null, ILogger<PushgatewayClient>? logger = null)
        : this(Always(http), options ?? new(), time ?? TimeProvider.System, logger, Random.Shared.NextDouble)
    {
    }

    internal PushgatewayClient(
        Func<HttpClient> connect, PushgatewayClientOptions options, TimeProvider time, ILogger? logger, Func<double> random)
    {
        OptionFaults.ThrowIfAny(options, options.Faults());
        _options = options;
        Time = time;
        Logger = logger ?? NullLogger.Instance;
        Sender = new PushSender(connect, options, time, random);
    }

    internal TimeProvider Time { get; }

    internal ILogger Logger { get; }

    internal PushSender Sender { get; }

    internal EscapingScheme Escaping => _options.Escaping;

    /// <summary>Replaces all that a group has (PUT).</summary>
    /// <param name="group">Whose.</param>
    /// <param name="metrics">Collected once, in text format 0.0.4. What it throws comes out of this call.</param>
    /// <param name="cancellationToken">Ends it at once; whether it was done is not known then.</param>
    /// <exception cref="PushgatewayException">It was refused, or not answered in time.</exception>
    public Task PushAsync(PushGroup group, IMetricSource metrics, CancellationToken cancellationToken = default) =>
        SendAsync(new PushRequest(group, metrics), cancellationToken);

    /// <summary>Replaces families of a group that have the same names, and leaves others (POST).</summary>
    /// <inheritdoc cref="PushAsync"/>
    public Task PushAddAsync(PushGroup group, IMetricSource metrics, CancellationToken cancellationToken = default) =>
        SendAsync(new PushRequest(group, metrics) { Method = PushMethod.Add }, cancellationToken);

    /// <summary>Pushes bytes, streams, or metrics with an expiry.</summary>
    /// <param name="request">What.</param>
    /// <param name="cancellationToken">Ends it at once; whether it was done is not known then.</param>
    /// <exception cref="PushgatewayException">It was refused, or not answered in time.</exception>
    public async Task SendAsync(PushRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var order = new PushOrder(
            request.Method == PushMethod.Add ? HttpMethod.Post : HttpMethod.Put,
            request.Group,
            await request.ReadBodyAsync(_options.Escaping, cancellationToken).ConfigureAwait(false),
            request.ExpireAfter);
        await Sender.SendAsync(order, within: null, noMore: default, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a group with all that it has. A group that does not exist is deleted already.</summary>
    /// <param name="group">Which.</param>
    /// <param name="cancellationToken">Ends it at once; whether it was done is not known then.</param>
    /// <exception cref="PushgatewayException">It was refused, or not answered in time.</exception>
    public Task DeleteAsync(PushGroup group, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(group);
        return Sender.SendAsync(new PushOrder(HttpMethod.Delete, group, Body: null), within: null, noMore: default, cancellationToken);
    }

    /// <summary>Begins a run of a job, in the group of that job alone.</summary>
    /// <inheritdoc cref="StartRunAsync(PushGroup, JobRunOptions?, CancellationToken)"/>
    public Task<JobRun> StartRunAsync(string job) => StartRunAsync(new PushGroup(job));

    /// <summary>
    /// Begins a run of a job, which is pushed when it is disposed of. A gateway that cannot be reached does not keep the job from running.
    /// </summary>
    /// <param name="group">Whose run.</param>
    /// <param name="options">Read now; by default all as <see cref="JobRunOptions"/> says.</param>
    /// <param name="cancellationToken">Ends the push at the start, if there is one.</param>
    /// <exception cref="ArgumentException">An option is wrong.</exception>
    public async Task<JobRun> StartRunAsync(PushGroup group, JobRunOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(group);
        var run = new JobRun(this, group, options ?? new JobRunOptions());
        await run.StartAsync(cancellationToken).ConfigureAwait(false);
        return run;
    }

    private static Func<HttpClient> Always(HttpClient http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return () => http;
    }
}
