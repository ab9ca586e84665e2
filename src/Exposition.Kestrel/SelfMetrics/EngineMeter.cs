using System.Diagnostics.Metrics;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel.SelfMetrics;

// What is counted for the scrape is observed where it is counted (WireMetrics.Observe, StoreMetrics.Observe). Recorded are durations and
// sizes, as what is kept of those are quantiles, and scrapes, which nothing else counts. An instrument is asked first whether anybody
// listens, and the values of all tags are objects that are there before: a push allocates nothing, listened to or not. No tag has a value
// that a client can make up.

/// <summary>
/// What an engine tells a listener of <see cref="System.Diagnostics.Metrics"/>, from both doors. Safe for concurrent use.
/// </summary>
internal sealed class EngineMeter
{
    /// <summary>The tag of the meter of an engine that has a name.</summary>
    public const string EngineTag = "exposition.engine";

    public const string MethodTag = "http.request.method";
    public const string StatusTag = "http.response.status_code";
    public const string FormatTag = "exposition.format";
    public const string EncodingTag = "exposition.encoding";
    public const string OutcomeTag = "exposition.outcome";

    private const int StatusEnd = 600;

    private static readonly object[] s_statuses = [.. Enumerable.Range(0, StatusEnd).Select(static status => (object)status)];

    /// <summary>Names of formats.</summary>
    internal static readonly string[] Formats = ["openmetrics", "protobuf", "protobuf_compact_text", "protobuf_text", "text"];

    internal static readonly string[] Outcomes = ["sent", "aborted", "refused", "failed"];

    private static readonly InstrumentAdvice<double> s_seconds = new()
    {
        HistogramBucketBoundaries = [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private static readonly InstrumentAdvice<long> s_bytes = new()
    {
        HistogramBucketBoundaries = [256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20, 64 << 20],
    };

    private readonly Histogram<double> _pushDuration;
    private readonly Histogram<long> _pushSize;
    private readonly Counter<long> _scrapes;
    private readonly Histogram<double> _scrapeDuration;
    private readonly Histogram<long> _scrapeSize;

    private EngineMeter(Meter meter)
    {
        _pushDuration = meter.CreateHistogram(
            "exposition.push.duration", "s", "How long a push has taken, from the end of its head to its answer.", tags: null, s_seconds);
        _pushSize = meter.CreateHistogram(
            "exposition.push.size", "By", "Bodies of pushes as they were sent, those that came whole.", tags: null, s_bytes);
        _scrapes = meter.CreateCounter<long>("exposition.scrapes", "{scrape}", "Scrapes, by what became of them.");
        _scrapeDuration = meter.CreateHistogram(
            "exposition.scrape.duration", "s", "How long a scrape has taken, to its last byte.", tags: null, s_seconds);
        _scrapeSize = meter.CreateHistogram(
            "exposition.scrape.size", "By", "What was sent to a scraper, compressed if it was.", tags: null, s_bytes);
    }

    /// <summary>Makes the meter of an engine.</summary>
    /// <param name="meters">That of the host, which disposes of the meter.</param>
    /// <param name="engine">The name of the engine; empty for the one without a name.</param>
    /// <param name="observe">Adds what is observed.</param>
    public static EngineMeter Make(IMeterFactory meters, string engine, Action<Meter> observe)
    {
        Meter meter = meters.Create(new MeterOptions(ExpositionEngine.MeterName)
        {
            Version = typeof(EngineMeter).Assembly.GetName().Version?.ToString(),
            Tags = engine.Length == 0 ? null : [new(EngineTag, engine)],
        });
        observe(meter);
        return new EngineMeter(meter);
    }

    /// <summary>A push was answered.</summary>
    public void Pushed(PushMethod method, PushFormat format, int status, TimeSpan duration)
    {
        if (_pushDuration.Enabled)
        {
            _pushDuration.Record(duration.TotalSeconds, new(MethodTag, NameOf(method)), new(StatusTag, Boxed(status)),
                new(FormatTag, NameOf(format)));
        }
    }

    /// <summary>The body of a push has come whole.</summary>
    public void Received(PushMethod method, PushFormat format, long bytes)
    {
        if (_pushSize.Enabled)
        {
            _pushSize.Record(bytes, new KeyValuePair<string, object?>(MethodTag, NameOf(method)), new(FormatTag, NameOf(format)));
        }
    }

    /// <summary>A scrape has ended.</summary>
    /// <param name="format">The format.</param>
    /// <param name="gzip">Whether it was compressed, or would have been.</param>
    /// <param name="outcome">How it has ended.</param>
    /// <param name="duration">How long it took; nothing is recorded of one that was refused.</param>
    /// <param name="bytes">What was sent of its body.</param>
    public void Scraped(ScrapeFormat format, bool gzip, ScrapeOutcome outcome, TimeSpan duration, long bytes)
    {
        var language = new KeyValuePair<string, object?>(FormatTag, NameOf(format));
        var encoding = new KeyValuePair<string, object?>(EncodingTag, gzip ? "gzip" : "identity");
        var end = new KeyValuePair<string, object?>(OutcomeTag, Outcomes[(int)outcome]);
        if (_scrapes.Enabled)
        {
            _scrapes.Add(1, language, encoding, end);
        }

        if (outcome == ScrapeOutcome.Refused)
        {
            return;
        }

        if (_scrapeDuration.Enabled)
        {
            _scrapeDuration.Record(duration.TotalSeconds, language, encoding, end);
        }

        if (_scrapeSize.Enabled)
        {
            _scrapeSize.Record(bytes, language, encoding, end);
        }
    }

    internal static object Boxed(int status) => status is >= 0 and < StatusEnd ? s_statuses[status] : status;

    internal static string NameOf(PushMethod method) => method switch
    {
        PushMethod.Put => "PUT",
        PushMethod.Post => "POST",
        _ => "DELETE",
    };

    internal static string NameOf(PushFormat format) => format switch
    {
        PushFormat.Protobuf => "protobuf",
        PushFormat.OpenMetrics => "openmetrics",
        _ => "text",
    };

    internal static string NameOf(ScrapeFormat format) => format switch
    {
        ScrapeFormat.ProtobufDelimited => "protobuf",
        ScrapeFormat.ProtobufText => "protobuf_text",
        ScrapeFormat.ProtobufCompactText => "protobuf_compact_text",
        ScrapeFormat.OpenMetrics or ScrapeFormat.OpenMetricsDraft => "openmetrics",
        _ => "text",
    };
}
