using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Bodies;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.SelfMetrics;

// Names, helps and labels are the Pushgateway's; the families pushgateway_engine_*, pushgateway_limit_* and
// pushgateway_pushes_refused_total are ours. As in the Pushgateway, children of the summaries appear with the first push of their method,
// and a family without children is left out.

/// <summary>The engine's own metrics. Safe for concurrent use; counting does not allocate once a combination was seen.</summary>
internal sealed class WireMetrics(TimeProvider time, bool engineMetrics)
{
    /// <summary>Families that appear when there is something to count.</summary>
    public static readonly string[] Later =
    [
        "pushgateway_engine_handed_on_total", "pushgateway_http_push_duration_seconds", "pushgateway_http_push_size_bytes",
            "pushgateway_http_requests_total", OtlpMetrics.Name,
    ];

    private const string PushHandler = "push";
    private const string DeleteHandler = "delete";

    private static readonly string[] s_methods = NamedCounters.NamesOf<PushMethod>(JsonNamingPolicy.SnakeCaseLower);
    private static readonly string[] s_reasons = NamedCounters.NamesOf<HandOnReason>(JsonNamingPolicy.SnakeCaseLower);
    private static readonly string[] s_limits = NamedCounters.NamesOf<Limit>(JsonNamingPolicy.KebabCaseLower);
    private static readonly string[] s_refusals = NamedCounters.NamesOf<Refusal>(JsonNamingPolicy.SnakeCaseLower);
    private static readonly string[] s_rejections = NamedCounters.NamesOf<Rejection>(JsonNamingPolicy.SnakeCaseLower);
    private static readonly string[] s_doors = NamedCounters.NamesOf<Door>(JsonNamingPolicy.SnakeCaseLower);
    private static readonly int[] s_inOrderOfName = [(int)PushMethod.Post, (int)PushMethod.Put];
    private static readonly double[] s_quantiles = [0.1, 0.5, 0.9];
    private static readonly byte[][] s_methodLabels = [.. s_methods.Select(Encoding.UTF8.GetBytes)];

    private readonly NamedCounters _refused = new(s_refusals);
    private readonly NamedCounters _rejected = new(s_rejections);
    private readonly RequestCounters _requests = new();
    private readonly SlidingSummary?[] _sizes = new SlidingSummary?[2];
    private readonly SlidingSummary?[] _durations = new SlidingSummary?[2];
    private readonly NamedCounters _served = new(s_doors);
    private readonly NamedCounters _handedOn = new(s_reasons);
    private readonly NamedCounters _limited = new(s_limits);
    private long _putsAgainstRules;
    private long _acceptFailures;

    /// <summary>What else is told of what is counted here; null where the host has no meters.</summary>
    public EngineMeter? Meter { get; set; }

    /// <summary>What the limits are, and how much of them is in use.</summary>
    public LimitMetrics Limits { get; } = new(time);

    /// <summary>Scrapes of the store.</summary>
    public ScrapeMetrics Scrapes { get; } = new(time);

    /// <summary>What comes with OTLP.</summary>
    public OtlpMetrics Otlp { get; } = new();

    /// <summary>Connections, and bytes of pushes.</summary>
    public TrafficMetrics Traffic { get; } = new();

    /// <summary>Counts a connection that could not be accepted.</summary>
    public void CountAcceptFailure() => Interlocked.Increment(ref _acceptFailures);

    /// <summary>How near the limits are.</summary>
    public IEnumerable<LimitUse> ReadLimits() => Limits.Read(_limited);

    /// <summary>The name of a limit: that of the program's flag, without what all have in common.</summary>
    public static string NameOf(Limit limit) => s_limits[(int)limit];

    /// <summary>The class of a refusal as the metrics show it.</summary>
    public static string NameOf(Refusal why) => s_refusals[(int)why];

    /// <summary>The name of a reason.</summary>
    public static string NameOf(Rejection why) => s_rejections[(int)why];

    /// <summary>Counts a request that a handler has served.</summary>
    public void CountRequest(string handler, string method, int code) => _requests.Count(handler, method, code);

    /// <summary>Counts a push or delete, and observes a push's size and duration.</summary>
    /// <param name="method">The method.</param>
    /// <param name="bytes">Of its head, about, and of the body as announced.</param>
    /// <param name="startedAt">When the head was complete, on the clock's scale.</param>
    /// <param name="code">The status of the answer.</param>
    /// <param name="format">The format of a push.</param>
    public void CountPush(PushMethod method, long bytes, long startedAt, int code, PushFormat format)
    {
        _requests.Count(method == PushMethod.Delete ? DeleteHandler : PushHandler, s_methods[(int)method], code);
        if (method == PushMethod.Delete)
        {
            return;
        }

        Child(_sizes, method).Observe(bytes);
        TimeSpan duration = time.GetElapsedTime(startedAt);
        Child(_durations, method).Observe(duration.Ticks);
        Meter?.Pushed(method, format, code, duration);
    }

    /// <summary>Observes the body of a request, which has come whole.</summary>
    public void CountBody(PushMethod method, PushFormat format, BodyEncoding encoding, long bytes)
    {
        if (method != PushMethod.Delete)
        {
            Traffic.CountBytes(encoding, bytes);
            Limits.See(Limit.BodyBytes, bytes);
            Meter?.Received(method, format, bytes);
        }
    }

    /// <summary>Counts a request by the door that served it.</summary>
    public void CountServed(Door door) => _served.Count((int)door);

    /// <summary>Counts something that a limit has refused.</summary>
    public void CountRefusal(Limit limit)
    {
        _limited.Count((int)limit);
        Limits.Refused(limit);
    }

    /// <summary>What a limit refuses is counted elsewhere, too.</summary>
    public void AlsoRefused(Limit limit, Func<long> count) => _limited.Add((int)limit, count);

    /// <summary>Counts a connection that the raw door did not keep.</summary>
    public void CountHandedOn(HandOnReason reason) => _handedOn.Count((int)reason);

    /// <summary>Counts a PUT to a group for which a rule says another mode.</summary>
    public void CountPutAgainstRule() => Interlocked.Increment(ref _putsAgainstRules);

    /// <summary>Counts a push that was refused.</summary>
    public void CountRefused(Refusal why) => _refused.Count((int)why);

    /// <summary>Counts a request that was refused before any handler saw it, or for what it asks.</summary>
    public void CountRejected(Rejection why) => _rejected.Count((int)why);

    /// <summary>Lets a meter observe what is counted here.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="connections">Connections at the moment.</param>
    /// <param name="inflight">Bytes of bodies at the moment.</param>
    public void Observe(Meter meter, Func<int> connections, Func<long> inflight)
    {
        meter.CreateObservableCounter("exposition.pushes", () => _requests.Measure(PushHandler), "{push}", "Pushes that were answered.");
        meter.CreateObservableCounter("exposition.deletes", () => _requests.Measure(DeleteHandler), "{delete}",
            "Deletes that were answered.");
        meter.CreateObservableCounter("exposition.push.refusals", () => _refused.Measure("exposition.refusal.reason"), "{push}",
            "Pushes that were refused, by the class of the reason.");
        meter.CreateObservableCounter("exposition.limit.refusals", () => _limited.Measure("exposition.limit"), "{refusal}",
            "Requests, connections and scrapes that a limit has refused or ended.");
        meter.CreateObservableCounter("exposition.request.rejections", () => _rejected.Measure("exposition.rejection.reason"),
            "{request}", "Requests that were refused before any handler saw them, or for what they ask.");
        meter.CreateObservableCounter("exposition.requests", () => _served.Measure("exposition.door"), "{request}",
            "Pushes, deletes and scrapes, by the door that served them.");
        meter.CreateObservableCounter("exposition.connection.handovers", () => _handedOn.Measure("exposition.handover.reason"),
            "{connection}", "Connections that the raw door handed on to the general HTTP server.");
        meter.CreateObservableUpDownCounter("exposition.connections", connections, "{connection}",
            "Connections of the endpoints that limit their number.");
        meter.CreateObservableUpDownCounter("exposition.memory.inflight", inflight, "By", "Memory of request bodies.");
    }

    /// <summary>Adds the families as they are now, in order of their names.</summary>
    /// <param name="into">Where they are added.</param>
    /// <param name="connections">Connections at this moment.</param>
    /// <param name="inflight">Bytes of bodies at this moment.</param>
    public void Collect(FamilySet into, int connections, long inflight)
    {
        if (engineMetrics)
        {
            into.AddCounter("pushgateway_engine_accept_failures_total"u8,
                "How often no connection could be accepted, as where the system has no descriptors left."u8,
                Volatile.Read(ref _acceptFailures));
            into.AddGauge("pushgateway_engine_connections"u8, "Connections that are open."u8, connections);
            _handedOn.CollectCounted(into, "pushgateway_engine_handed_on_total"u8,
                "Connections that the raw door handed on to the general HTTP server, by reason."u8, "reason"u8);
            into.AddGauge("pushgateway_engine_inflight_bytes"u8,
                "Memory held by request bodies, packed and unpacked, and to read the large ones."u8, inflight);
            _served.Collect(into, "pushgateway_engine_requests_total"u8,
                "Pushes, deletes and scrapes by the door that served them."u8, "door"u8);
        }

        CollectSummaries(
            into, _durations, "pushgateway_http_push_duration_seconds"u8, "HTTP request duration for pushes to the Pushgateway."u8, 1e-7);
        CollectSummaries(into, _sizes, "pushgateway_http_push_size_bytes"u8, "HTTP request size for pushes to the Pushgateway."u8, 1);
        if (engineMetrics)
        {
            _rejected.Collect(into, "pushgateway_http_rejected_total"u8,
                "Requests that were refused before any handler saw them, or for what they ask, by reason."u8, "reason"u8);
        }

        CollectRequests(into);
        if (engineMetrics)
        {
            _limited.Collect(into, "pushgateway_limit_refusals_total"u8,
                "Requests, connections and scrapes that a limit has refused or ended, by its name."u8, "limit"u8);
            Otlp.Collect(into);
            _refused.Collect(into, "pushgateway_pushes_refused_total"u8, "Pushes that were refused, by the class of the reason."u8,
                "reason"u8);
            into.AddCounter("pushgateway_puts_against_mode_total"u8,
                "PUTs that have replaced a group for which a rule of modes says otherwise."u8, Volatile.Read(ref _putsAgainstRules));
        }
    }

    private SlidingSummary Child(SlidingSummary?[] children, PushMethod method)
    {
        ref SlidingSummary? child = ref children[(int)method];
        return Volatile.Read(ref child) ?? Interlocked.CompareExchange(ref child, new SlidingSummary(time), null) ?? child!;
    }

    private static void CollectSummaries(
        FamilySet into, SlidingSummary?[] children, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double unit)
    {
        Span<double> values = stackalloc double[s_quantiles.Length];
        int family = -1;
        foreach (int method in s_inOrderOfName)
        {
            if (Volatile.Read(ref children[method]) is not { } summary)
            {
                continue;
            }

            family = family >= 0 ? family : into.AddFamily(name, MetricType.Summary, help);
            int metric = into.AddMetric(family);
            into.AddLabel("method"u8, s_methodLabels[method]);
            into.Metrics[metric].Content = MetricContent.Summary;
            into.Metrics[metric].Count = (ulong)summary.Count;
            into.Metrics[metric].Value = summary.Sum * unit;
            summary.Query(s_quantiles, values);
            for (int i = 0; i < values.Length; i++)
            {
                into.AddPoint(metric, s_quantiles[i], values[i] * unit, 0);
            }
        }
    }

    private void CollectRequests(FamilySet into)
    {
        int family = -1;
        foreach (RequestCounters.Counter counter in _requests.InOrder())
        {
            family = family >= 0 ? family : into.AddFamily("pushgateway_http_requests_total"u8, MetricType.Counter,
                "Total HTTP requests processed by the Pushgateway, excluding scrapes."u8);
            into.AddSample(family, counter.Value);
            into.AddLabel("code"u8, counter.Code);
            into.AddLabel("handler"u8, counter.Handler);
            into.AddLabel("method"u8, counter.Method);
        }
    }
}
