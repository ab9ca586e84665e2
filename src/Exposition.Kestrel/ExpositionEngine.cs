using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Internal;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.OwnMetrics;
using Exposition.Kestrel.Paths;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Serving;
using Exposition.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Kestrel;

/// <summary>
/// The engine over HTTP: a store, the rules of the wire, and the engine's own metrics. One engine serves both doors, the raw one
/// (<see cref="ExpositionListenExtensions.UseExposition"/>) and the endpoints (<see cref="ExpositionEndpointExtensions.MapExposition"/>).
/// Safe for concurrent use.
/// </summary>
public sealed class ExpositionEngine
{
    private readonly MetricStore? _store;
    private readonly WireMetrics _metrics;
    private volatile IOwnMetrics[] _own;
    private HostRules? _rules;

    /// <summary>Makes an engine over a store, and reserves the names of its own families there.</summary>
    /// <param name="store">Where pushes go.</param>
    /// <param name="options">Read now and while serving; not to be changed any more.</param>
    /// <param name="own">Families of the host, exposed with each scrape.</param>
    /// <param name="logger">
    /// Where refused pushes, what limits refuse and faults of the engine are logged, with constant messages and the values as attributes:
    /// at most 200 lines and 256 KiB at once, then 3 lines and 20 KiB in a second, whatever clients do.
    /// </param>
    public ExpositionEngine(MetricStore store, ExpositionOptions options, IEnumerable<IOwnMetrics>? own = null, ILogger<ExpositionEngine>? logger = null)
        : this(store, options, own, LogOf(options, logger))
    {
    }

    internal ExpositionEngine(MetricStore store, ExpositionOptions options, IEnumerable<IOwnMetrics>? own, ClientLog log)
        : this(new StoreTarget(store), options, own, log)
    {
        _store = store;
        if (options.EngineMetrics)
        {
            _own = [.. _own, new GroupStateMetrics(store), new ScrapeMetrics(store)];
        }

        foreach ((string name, MetricType type) in WireMetrics.Families.Concat(StoreMetrics.Families))
        {
            store.ReserveFamily(Encoding.UTF8.GetBytes(name), type);
        }
    }

    internal ExpositionEngine(IPushTarget target, ExpositionOptions options, IEnumerable<IOwnMetrics>? own = null, ClientLog? log = null)
    {
        Options = options;
        Log = log ?? LogOf(options, null);
        _own = own is null ? [] : [.. own];
        _metrics = new WireMetrics(options.Time, options.EngineMetrics);
        Paths = new PushPath(options);
        Inflight = new InflightBytes(options.MaxInflightBytes, options.Time);
        Clients = new ClientResolver(options.TrustedProxies);
        Connections = new ConnectionLimit(this);
        Scrapes = new ScrapeHandler(target, Collect, _metrics, options, Log);
        Pushes = new PushHandler(target, _metrics, Inflight, Scrapes, options, Log);
        Dates = new DateCache(options.Time);
    }

    /// <summary>The store.</summary>
    public MetricStore Store => _store ?? throw new InvalidOperationException("the engine has no store");

    /// <summary>How it behaves.</summary>
    public ExpositionOptions Options { get; }

    /// <summary>Where what clients cause is logged.</summary>
    internal ClientLog Log { get; }

    /// <summary>Where is logged what clients do not cause.</summary>
    internal ILogger Logger => Log.Logger;

    internal InflightBytes Inflight { get; }

    internal ClientResolver Clients { get; }

    internal ConnectionLimit Connections { get; }

    internal PushPath Paths { get; }

    internal PushHandler Pushes { get; }

    internal ScrapeHandler Scrapes { get; }

    internal WireMetrics Metrics => _metrics;

    internal DateCache Dates { get; }

    /// <summary>Adds families of the host to every later scrape.</summary>
    public void AddOwnMetrics(IOwnMetrics own)
    {
        ArgumentNullException.ThrowIfNull(own);
        lock (_metrics)
        {
            _own = [.. _own, own];
        }
    }

    /// <summary>Adds the engine's own families and those of the host to a set, as each scrape does.</summary>
    public void Collect(FamilySet into)
    {
        foreach (IOwnMetrics own in _own)
        {
            own.Collect(into);
        }

        _metrics.Collect(into, Connections.Open, Inflight.Used);
        if (Options.EngineMetrics && _store is not null)
        {
            StoreMetrics.Collect(into, _store);
        }
    }

    internal void CountRefusal(Limit limit) => _metrics.CountRefusal(limit);

    /// <summary>Counts a request in <c>pushgateway_http_requests_total</c>. Pushes and deletes count themselves; this is for the host's other routes.</summary>
    /// <param name="handler">The name of the handler, such as <c>healthy</c> or <c>api/v1/status</c>.</param>
    /// <param name="method">The method in lower case.</param>
    /// <param name="code">The status of the answer.</param>
    public void CountRequest(string handler, string method, int code) => _metrics.CountRequest(handler, method, code);

    /// <summary>The rules of the host, looked at once for all its endpoints.</summary>
    internal HostRules RulesOf(IServiceProvider services) =>
        LazyInitializer.EnsureInitialized(ref _rules, () => new HostRules(this, services))!;

    private static ClientLog LogOf(ExpositionOptions options, ILogger? logger) =>
        new(logger ?? NullLogger.Instance, new LogBudget(options.Time));
}
