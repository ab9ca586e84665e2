using System.Diagnostics.Metrics;
using System.Net;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Settings;
using Exposition.Hosting.Conditions;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Endpoints;
using Exposition.Kestrel.Logging;
using Exposition.Kestrel.Origins;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Raw;
using Exposition.Kestrel.Refusals;
using Exposition.Kestrel.Routing;
using Exposition.Kestrel.SelfMetrics;
using Exposition.Kestrel.Serving;
using Exposition.Kestrel.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Exposition.Kestrel;

/// <summary>
/// The engine over HTTP: a store, the rules of the wire, and the engine's own metrics. One engine serves both doors, the raw one
/// (<c>UseExposition</c> of a Kestrel endpoint) and the endpoints (<c>MapExposition</c>). Safe for concurrent use.
/// </summary>
/// <example>
/// A service of the host, once <c>AddExposition</c> was called:
/// <code>
/// ExpositionEngine engine = app.Services.GetRequiredService&lt;ExpositionEngine&gt;();
/// engine.AddMetricSource(new MeterSource("MyApp.*"));
/// double? rows = engine.Store.GetValue("backup_rows{job=\"nightly_backup\"}");
/// </code>
/// </example>
public sealed class ExpositionEngine
{
    /// <summary>
    /// The name of the <see cref="Meter"/> that measures an engine of the host's services, whichever door a request has come through. One
    /// engine has one meter, with its name as the tag <c>exposition.engine</c> where it has one. Made by the host's
    /// <see cref="IMeterFactory"/>; an engine that the host makes by itself has none.
    /// </summary>
    public const string MeterName = "Exposition";

    private readonly MetricStore? _store;
    private readonly MetricSources _own;
    private HostRules? _rules;

    /// <summary>Makes an engine over a store, and reserves the names of its own families and of those of the host there.</summary>
    /// <param name="store">Where pushes go.</param>
    /// <param name="options">Read now and while serving; not to be changed any more.</param>
    /// <param name="own">Families of the host, exposed with each scrape.</param>
    /// <param name="logger">
    /// Where refused pushes, what limits refuse and faults of the engine are logged, with constant messages and the values as attributes:
    /// at most 200 lines and 256 KiB at once, then 3 lines and 20 KiB in a second, whatever clients do.
    /// </param>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public ExpositionEngine(
        MetricStore store, ExpositionOptions options, IEnumerable<IMetricSource>? own = null, ILogger<ExpositionEngine>? logger = null)
        : this(store, options, own, LogOf(options, logger))
    {
    }

    internal ExpositionEngine(MetricStore store, ExpositionOptions options, IEnumerable<IMetricSource>? own, ClientLog log)
        : this(new StoreTarget(store, options?.Changes), options!, own, log, store)
    {
    }

    internal ExpositionEngine(
        StoreTarget target, ExpositionOptions options, IEnumerable<IMetricSource>? own = null, ClientLog? log = null,
            MetricStore? store = null)
    {
        OptionFaults.ThrowIfAny(options, ExpositionOptionsValidator.FaultsOf(options));
        _store = store;
        Target = target;
        Options = options;
        StartedAt = options.Time.GetUtcNow();
        Log = log ?? LogOf(options, null);
        Metrics = new WireMetrics(options.Time, options.EngineMetrics);
        Paths = new PushPath(options);
        Inflight = new InflightBytes(options.MaxInflightBytes, options.Time);
        Clients = new ClientResolver(options.TrustedProxies);
        Connections = new ConnectionLimit(this);
        Refusals = new RefusalBook(options.Time);
        Searches = new SearchSeats(options);
        Readers = new OpenReaders(Metrics, options, () => target.HeldBytes, Log);
        bool isApart = options.FullSelfMetricsPath is not null;
        Scrapers = new Scrapers(options.Time);
        Action<FamilySet> beside = isApart ? static _ => { } : Collect;
        Scrapes = new ScrapeHandler(target, beside, Metrics, Readers, options, Log, Metrics.Scrapes) { Scrapers = Scrapers };
        SelfScrapes = isApart ? new ScrapeHandler(new StoreTarget(EmptyStore()), Collect, Metrics, Readers, options, Log) : Scrapes;
        Pushes = new PushHandler(target, Metrics, Paths, Readers, options, Log, Refusals);
        Dates = new DateCache(options.Time);
        _own = new MetricSources(isApart ? null : store, Logger);
        EngineLimits.Name(Metrics, this, store);
        AddSources(own ?? []);
        Hosts = new AllowedHosts(options.AllowedHosts);
        Origins = new OriginRules(this);
    }

    /// <summary>The store.</summary>
    public MetricStore Store => _store ?? throw new InvalidOperationException("the engine has no store");

    /// <summary>Where the wire puts what is pushed.</summary>
    internal StoreTarget Target { get; }

    /// <summary>How it behaves.</summary>
    public ExpositionOptions Options { get; }

    /// <summary>Where what clients cause is logged.</summary>
    internal ClientLog Log { get; }

    /// <summary>Where is logged what clients do not cause.</summary>
    internal ILogger Logger => Log.Logger;

    /// <summary>The names under which it serves.</summary>
    internal AllowedHosts Hosts { get; }

    /// <summary>What pages of other sites may not do.</summary>
    internal OriginRules Origins { get; }

    internal InflightBytes Inflight { get; }

    internal ClientResolver Clients { get; }

    internal ConnectionLimit Connections { get; }

    internal PushPath Paths { get; }

    /// <summary>Which routes the host has mapped.</summary>
    internal MappedRoutes Mapped { get; } = new();

    internal PushHandler Pushes { get; }

    internal ScrapeHandler Scrapes { get; }

    /// <summary>Scrapes of the own families, where they have a path of their own.</summary>
    internal ScrapeHandler SelfScrapes { get; }

    internal OpenReaders Readers { get; }

    /// <summary>Who goes through all groups.</summary>
    internal SearchSeats Searches { get; }

    /// <summary>The last requests that were refused.</summary>
    internal RefusalBook Refusals { get; }

    /// <summary>Who has scraped.</summary>
    internal Scrapers Scrapers { get; }

    /// <summary>What is not as it should be; null until a route that tells it is mapped in a host that has this engine.</summary>
    internal ConditionWatch? Conditions { get; set; }

    /// <summary>What the status page tells of the host beside what it knows itself.</summary>
    internal IReadOnlyList<IStatusSource> StatusSources { get; set; } = [];

    /// <summary>The nodes that it shares its groups with; null where it is alone.</summary>
    internal INodeSource? Nodes { get; set; }

    internal WireMetrics Metrics { get; }

    internal DateCache Dates { get; }

    /// <summary>When it was made.</summary>
    internal DateTimeOffset StartedAt { get; }

    /// <summary>Counts, logs and keeps a request that is refused before any handler sees it, or for what it asks.</summary>
    internal void Reject(in Answer answer, Caller caller)
    {
        Metrics.CountRefusal(answer.Limit);
        Metrics.CountRejected(answer.Rejected);
        Log.Refused(answer, caller);
        Refusals.Note(answer, caller);
    }

    /// <summary>Counts, logs and keeps a request whose head has not come whole.</summary>
    internal void Reject(in Answer answer, EndPoint? source) => Reject(answer, new Caller(Clients, source));

    /// <inheritdoc cref="Reject(in Answer, Caller)"/>
    internal void Reject(in Answer answer, HttpContext context) => Reject(answer, Caller.Of(this, context));

    /// <summary>Logs and keeps a request that a handler has refused; what counts it, has done so.</summary>
    internal void Decline(in Answer answer, Caller caller)
    {
        Log.Refused(answer, caller);
        Refusals.Note(answer, caller);
    }

    /// <summary>Answers a request that is refused before any handler sees it.</summary>
    internal Task RefuseAsync(HttpContext context, in Answer answer)
    {
        Reject(answer, context);
        return Responses.WriteAsync(context, answer);
    }

    /// <summary>Adds families of the host to every later scrape, and reserves their names.</summary>
    public void AddMetricSource(IMetricSource own)
    {
        ArgumentNullException.ThrowIfNull(own);
        _own.Add(own);
    }

    /// <summary>
    /// Adds the engine's own families and those of the host to a set, as each scrape does. A source that fails is left out, logged and
    /// counted, and so is a family of a name that another source has exposed before.
    /// </summary>
    public void Collect(FamilySet into)
    {
        ArgumentNullException.ThrowIfNull(into);
        _own.Collect(into);
    }

    /// <summary>Lets the meters of a host see the engine.</summary>
    /// <param name="meters">Those of the host.</param>
    /// <param name="name">The name of the engine; empty for the one without a name.</param>
    internal void Measure(IMeterFactory meters, string name) => Metrics.Meter = EngineMeter.Make(meters, name, meter =>
    {
        Metrics.Observe(meter, () => Connections.Open, () => Inflight.Used);
        Metrics.Limits.Observe(meter);
        if (_store is not null)
        {
            StoreMetrics.Observe(meter, _store);
            GroupMetrics.Observe(meter, _store);
        }
    });

    internal void CountRefusal(Limit limit) => Metrics.CountRefusal(limit);

    /// <summary>
    /// Counts a request in <c>pushgateway_http_requests_total</c>. Pushes and deletes count themselves; this is for the host's other
    /// routes.
    /// </summary>
    /// <param name="handler">The name of the handler, such as <c>healthy</c> or <c>api/v1/status</c>.</param>
    /// <param name="method">The method in lower case.</param>
    /// <param name="code">The status of the answer.</param>
    public void CountRequest(string handler, string method, int code) => Metrics.CountRequest(handler, method, code);

    /// <summary>The rules of the host, looked at once for all its endpoints.</summary>
    internal HostRules RulesOf(IServiceProvider services) =>
        LazyInitializer.EnsureInitialized(ref _rules, () => new HostRules(this, services))!;

    private static ClientLog LogOf(ExpositionOptions options, ILogger? logger) =>
        new(logger ?? NullLogger.Instance, new LogBudget(options.Time));

    private void AddSources(IEnumerable<IMetricSource> host)
    {
        MetricStore? store = Options.EngineMetrics ? _store : null;
        _own.Add("the engine", into => Metrics.Collect(into, Connections.Open, Inflight.Used), WireMetrics.Later);
        if (Options.EngineMetrics)
        {
            _own.Add("the limits", Metrics.Limits.Collect);
            _own.Add("the scrapes", Metrics.Scrapes.Collect);
            _own.Add("the traffic", Metrics.Traffic.Collect);
        }

        if (store is not null)
        {
            _own.Add("the store", into => StoreMetrics.Collect(into, store));
        }

        foreach (IMetricSource own in host)
        {
            _own.Add(own);
        }

        if (store is not null)
        {
            _own.Add("the sources", _own.CollectFaults);
            _own.Add("the groups", into => StoreMetrics.CollectGroups(into, store));
            _own.Add("what groups hold", into => GroupMetrics.Collect(into, store));
        }
    }

    private static MetricStore EmptyStore() => new(new StoreOptions { ShapeCacheBytes = 0, BundleCacheBytes = 0 });
}
