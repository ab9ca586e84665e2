using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.SelfMetrics;

// Names, helps and labels are the reference's; the families pushgateway_engine_*, pushgateway_limit_* and pushgateway_pushes_refused_total
// are ours. As in the reference, children of the summaries appear with the first push of their method, and a family without children is
// left out.

/// <summary>The engine's own metrics. Safe for concurrent use; counting does not allocate once a combination was seen.</summary>
internal sealed class WireMetrics(TimeProvider time, bool engineMetrics)
{
    /// <summary>Families that appear when there is something to count.</summary>
    public static readonly string[] Later =
    [
        "pushgateway_engine_handed_on_total", "pushgateway_http_push_duration_seconds", "pushgateway_http_push_size_bytes",
            "pushgateway_http_requests_total",
    ];

    private static readonly string[] s_methods = ["put", "post", "delete"];
    private static readonly int[] s_inOrderOfName = [(int)PushMethod.Post, (int)PushMethod.Put];
    private static readonly double[] s_quantiles = [0.1, 0.5, 0.9];

    // In order of the enum, which is not the order of exposition.
    private static readonly string[] s_reasons =
        ["http2", "method", "path", "version", "syntax", "too_long", "host", "framing", "connection", "expect", "header", "end_of_input",
            "gate", "target_too_long", "host_rules"];

    private static readonly string[] s_limits =
        ["", "api-readers", "body-bytes", "body-timeout", "connections", "decode-ratio", "decoded-bytes", "group-bytes",
            "grouping-key-bytes", "grouping-name-sets", "groups", "head-bytes", "head-timeout", "headers",
            "held-bytes", "inflight-bytes", "label-value-bytes", "page-readers", "password-checks", "pushes-per-second", "queued-bodies",
                "rendered-bytes", "scrape-duration", "scrape-rate", "scrapes", "series-per-push",
            "stored-bytes", "target-bytes"];

    private static readonly string[] s_refusals =
        ["", "encoding", "header", "incomplete", "inconsistent", "internal", "malformed", "overload", "path", "timeout", "too_large"];

    private static readonly string[] s_rejections =
        ["", "content_length", "cross_site", "encoding", "expect", "head_too_long", "header", "host", "incomplete", "method", "not_found",
            "other", "overload",
            "plain_http", "rate_limit", "request_line", "target", "target_too_long", "timeout", "too_many_headers", "transfer_encoding",
                "unauthorized", "version"];

    private static readonly int[] s_reasonsInOrder = [
        .. Enumerable.Range(0, s_reasons.Length).OrderBy(static r => s_reasons[r], StringComparer.Ordinal)];
    private static readonly byte[][] s_methodLabels = [.. s_methods.Select(Utf8)];
    private static readonly byte[][] s_reasonLabels = [.. s_reasons.Select(Utf8)];
    private static readonly byte[][] s_limitLabels = [.. s_limits.Select(Utf8)];
    private static readonly byte[][] s_refusalLabels = [.. s_refusals.Select(Utf8)];
    private static readonly byte[][] s_rejectionLabels = [.. s_rejections.Select(Utf8)];

    private readonly long[] _refused = new long[s_refusals.Length];
    private readonly long[] _rejected = new long[s_rejections.Length];
    private readonly RequestCounters _requests = new();
    private readonly SlidingSummary?[] _sizes = new SlidingSummary?[2];
    private readonly SlidingSummary?[] _durations = new SlidingSummary?[2];
    private readonly long[] _served = new long[2];
    private readonly long[] _handedOn = new long[s_reasons.Length];
    private readonly long[] _refusals = new long[s_limits.Length];
    private long _acceptFailures;

    /// <summary>Counts a connection that could not be accepted.</summary>
    public void CountAcceptFailure() => Interlocked.Increment(ref _acceptFailures);

    /// <summary>The limit as its flag is called.</summary>
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
    public void CountPush(PushMethod method, long bytes, long startedAt, int code)
    {
        _requests.Count(method == PushMethod.Delete ? "delete" : "push", s_methods[(int)method], code);
        if (method == PushMethod.Delete)
        {
            return;
        }

        Child(_sizes, method).Observe(bytes);
        Child(_durations, method).Observe(time.GetElapsedTime(startedAt).Ticks);
    }

    /// <summary>Counts a request by the door that served it.</summary>
    public void CountServed(Door door) => Interlocked.Increment(ref _served[(int)door]);

    /// <summary>Counts something that a limit has refused.</summary>
    public void CountRefusal(Limit limit)
    {
        if (limit != Limit.None)
        {
            Interlocked.Increment(ref _refusals[(int)limit]);
        }
    }

    /// <summary>Counts a connection that the raw door did not keep.</summary>
    public void CountHandedOn(HandOnReason reason) => Interlocked.Increment(ref _handedOn[(int)reason]);

    /// <summary>Counts a push that was refused.</summary>
    public void CountRefused(Refusal why) => Interlocked.Increment(ref _refused[(int)why]);

    /// <summary>Counts a request that was refused before any handler saw it.</summary>
    public void CountRejected(Rejection why)
    {
        if (why != Rejection.None)
        {
            Interlocked.Increment(ref _rejected[(int)why]);
        }
    }

    /// <summary>Adds the families as they are now, in order of their names.</summary>
    /// <param name="into">Where they are added.</param>
    /// <param name="connections">Connections at this moment.</param>
    /// <param name="inflight">Bytes of bodies at this moment.</param>
    public void Collect(FamilySet into, int connections, long inflight)
    {
        if (engineMetrics)
        {
            AddCounter(into, into.AddFamily("pushgateway_engine_accept_failures_total"u8, MetricType.Counter,
                "How often no connection could be accepted, as where the system has no descriptors left."u8),
                Volatile.Read(ref _acceptFailures));
            AddGauge(into, "pushgateway_engine_connections"u8, "Connections that are open."u8, connections);
            CollectHandedOn(into);
            ReadOnlySpan<byte> help = "Memory held by request bodies, packed and unpacked, and to read the large ones."u8;
            AddGauge(into, "pushgateway_engine_inflight_bytes"u8, help, inflight);
            CollectServed(into);
        }

        CollectSummaries(
            into, _durations, "pushgateway_http_push_duration_seconds"u8, "HTTP request duration for pushes to the Pushgateway."u8, 1e-7);
        CollectSummaries(into, _sizes, "pushgateway_http_push_size_bytes"u8, "HTTP request size for pushes to the Pushgateway."u8, 1);
        if (engineMetrics)
        {
            CollectRejected(into);
        }

        CollectRequests(into);
        if (engineMetrics)
        {
            CollectRefusals(into);
            CollectRefused(into);
        }
    }

    private SlidingSummary Child(SlidingSummary?[] children, PushMethod method)
    {
        ref SlidingSummary? child = ref children[(int)method];
        return Volatile.Read(ref child) ?? Interlocked.CompareExchange(ref child, new SlidingSummary(time), null) ?? child!;
    }

    private static void AddCounter(FamilySet into, int family, double value)
    {
        int metric = into.AddMetric(family);
        into.Metrics[metric].Content = MetricContent.Counter;
        into.Metrics[metric].Value = value;
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static void AddGauge(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double value)
    {
        int metric = into.AddMetric(into.AddFamily(name, MetricType.Gauge, help));
        into.Metrics[metric].Content = MetricContent.Gauge;
        into.Metrics[metric].Value = value;
    }

    private void CollectRefusals(FamilySet into)
    {
        int family = into.AddFamily("pushgateway_limit_refusals_total"u8, MetricType.Counter,
            "Requests, connections and scrapes that a limit has refused or ended, by the flag that sets it."u8);
        for (int limit = 1; limit < s_limits.Length; limit++)
        {
            AddCounter(into, family, Volatile.Read(ref _refusals[limit]));
            into.AddLabel("limit"u8, s_limitLabels[limit]);
        }
    }

    private void CollectHandedOn(FamilySet into)
    {
        int family = -1;
        foreach (int reason in s_reasonsInOrder)
        {
            long count = Volatile.Read(ref _handedOn[reason]);
            if (count == 0)
            {
                continue;
            }

            family = family >= 0 ? family : into.AddFamily("pushgateway_engine_handed_on_total"u8, MetricType.Counter,
                "Connections that the raw door handed on to the general HTTP server, by reason."u8);
            AddCounter(into, family, count);
            into.AddLabel("reason"u8, s_reasonLabels[reason]);
        }
    }

    private void CollectServed(FamilySet into)
    {
        int family = into.AddFamily(
            "pushgateway_engine_requests_total"u8, MetricType.Counter, "Pushes, deletes and scrapes by the door that served them."u8);
        AddCounter(into, family, Volatile.Read(ref _served[(int)Door.Kestrel]));
        into.AddLabel("door"u8, "kestrel"u8);
        AddCounter(into, family, Volatile.Read(ref _served[(int)Door.Raw]));
        into.AddLabel("door"u8, "raw"u8);
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

    private void CollectRefused(FamilySet into)
    {
        int family = into.AddFamily(
            "pushgateway_pushes_refused_total"u8, MetricType.Counter, "Pushes that were refused, by the class of the reason."u8);
        for (int why = 1; why < s_refusals.Length; why++)
        {
            AddCounter(into, family, Volatile.Read(ref _refused[why]));
            into.AddLabel("reason"u8, s_refusalLabels[why]);
        }
    }

    private void CollectRejected(FamilySet into)
    {
        int family = into.AddFamily("pushgateway_http_rejected_total"u8, MetricType.Counter,
            "Requests that were refused before any handler saw them, by reason."u8);
        for (int why = 1; why < s_rejections.Length; why++)
        {
            AddCounter(into, family, Volatile.Read(ref _rejected[why]));
            into.AddLabel("reason"u8, s_rejectionLabels[why]);
        }
    }

    private void CollectRequests(FamilySet into)
    {
        int family = -1;
        foreach (RequestCounters.Counter counter in _requests.InOrder())
        {
            family = family >= 0 ? family : into.AddFamily("pushgateway_http_requests_total"u8, MetricType.Counter,
                "Total HTTP requests processed by the Pushgateway, excluding scrapes."u8);
            AddCounter(into, family, counter.Value);
            into.AddLabel("code"u8, counter.Code);
            into.AddLabel("handler"u8, counter.Handler);
            into.AddLabel("method"u8, counter.Method);
        }
    }
}
