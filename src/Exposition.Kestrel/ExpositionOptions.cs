using System.Buffers;
using System.Net;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Hosting;
using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel;

/// <summary>How an engine behaves on the wire. Read once when the engine is made.</summary>
/// <remarks>
/// Of each limit, and of each time, 0 means that there is none, where nothing else is said. What is wrong (a negative number, a <see
/// cref="Time"/> that is null, a path of scrapes below that of pushes, or one with characters that stand for something else in a URL or a
/// route) ends the start of the host with an <c>OptionsValidationException</c>, and of an engine that is made by hand its constructor
/// with an <see cref="ArgumentException"/>: both name all options that are wrong. What is said to be used where the store is made from
/// these options has no effect on a store that the host has made itself.
/// </remarks>
/// <example>
/// <code>
/// builder.Services.AddExposition(options =>
/// {
///     options.MaxGroups = 10_000;
///     options.MaxBodyBytes = 8 &lt;&lt; 20;
///     options.ExpiryRules.Add(ExpiryRule.Parse("{job=~\"flink.*\"}=2m"));
/// });
/// </code>
/// </example>
public sealed partial class ExpositionOptions
{
    private static readonly SearchValues<char> s_pathCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!$&'()*+,;=:@/");

    private string _routePrefix = "";
    private string _telemetryPath = "/metrics";

    /// <summary>
    /// What stands before every path, normalised: empty and <c>/</c> mean nothing, a leading slash is added, empty segments are cut.
    /// Default: empty.
    /// </summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public string RoutePrefix
    {
        get => _routePrefix;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _routePrefix = RoutePath.Normalise(value);
        }
    }

    /// <summary>
    /// The path of scrapes, below the prefix. Default: <c>/metrics</c>. The push paths stay at <c>/metrics/job/...</c> whatever it is; one
    /// of those is an error.
    /// </summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public string TelemetryPath
    {
        get => _telemetryPath;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _telemetryPath = RoutePath.Normalise(value) is { Length: > 0 } path ? path : "/";
        }
    }

    /// <summary>
    /// Names under which requests are served: a name or an address, <c>*.name</c> for all below it, with a port where that matters. Under
    /// any other the answer is 421, against pages that make their own name point here. Default: empty, which means any.
    /// </summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>
    /// Origins, such as <c>https://push.example.org</c>, whose pages may push and delete, beside that of the request's own Host. Those of
    /// others are answered with 403; jobs and scripts, which send neither <c>Sec-Fetch-Site</c> nor <c>Origin</c>, are not concerned.
    /// Default: empty.
    /// </summary>
    public IList<string> TrustedOrigins { get; } = [];

    /// <summary>
    /// Answer deletes with 403: of one group, of many, and of all (wipe). The page shows no buttons for them. Default: false.
    /// </summary>
    public bool DisableDelete { get; set; }

    /// <summary>
    /// Where the engine's own families and those of the host are scraped, below the prefix; they are not on <see cref="TelemetryPath"/>
    /// then, and no pushed family is in their way. Default: empty, which leaves them there. The telemetry path, one of pushes, or one that
    /// needs escapes or cleaning is an error.
    /// </summary>
    public string SelfMetricsPath { get; set; } = "";

    /// <summary>Which names grouping labels and text bodies may use. Default: <see cref="NameScheme.Legacy"/>.</summary>
    public NameScheme Names { get => Store.Names; set => Store.Names = value; }

    /// <summary>
    /// Answer scrapes in OpenMetrics 1.0 where their Accept header prefers it. Default: false, as the Pushgateway never does.
    /// </summary>
    public bool EnableOpenMetrics { get; set; }

    /// <summary>
    /// Refuse pushes that contradict themselves or what is stored. Default: true. Used where the engine's store is made from these options.
    /// </summary>
    public bool CheckConsistency { get => Store.CheckConsistency; set => Store.CheckConsistency = value; }

    /// <inheritdoc cref="StoreOptions.Timestamps"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public SampleTimestamps Timestamps { get => Store.Timestamps; set => Store.Timestamps = value; }

    /// <summary>
    /// After which time without a push the series of which groups expire, where a push does not say it by its
    /// <c>Exposition-Expire-After</c> header; the first rule that is for a group counts. Default: empty, which means that nothing expires.
    /// Used where the engine's store is made from these options.
    /// </summary>
    public IList<ExpiryRule> ExpiryRules { get; } = [];

    /// <summary>
    /// How long an expired group still shows its push times and <c>push_expired</c>. Default: 24 hours. At 0 it goes at once. Used where
    /// the engine's store is made from these options.
    /// </summary>
    public TimeSpan ExpiredGrace { get => Store.ExpiredGrace; set => Store.ExpiredGrace = value; }

    /// <inheritdoc cref="StoreOptions.PushExpectations"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public IList<PushExpectation> PushExpectations { get; } = [];

    /// <summary>
    /// What a POST does that has no <c>Exposition-Push-Mode</c> header; the first rule that is for the group counts. A PUT replaces
    /// whatever they say. Default: empty, which means that pushed families take the place of those of their names. Used where the engine's
    /// store is made from these options.
    /// </summary>
    public IList<ModeRule> PushModes { get; } = [];

    /// <inheritdoc cref="StoreOptions.Aggregates"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public IList<AggregateRule> Aggregates { get; } = [];

    /// <summary>
    /// How long the id of a push is known, which its <c>Exposition-Push-Id</c> header says. Default: 10 minutes. 0 means that none is.
    /// Used where the engine's store is made from these options.
    /// </summary>
    public TimeSpan IdWindow { get => Store.IdWindow; set => Store.IdWindow = value; }

    /// <summary>
    /// The label that names the source of cumulative pushes without an <c>Exposition-Source</c> header; it is taken off the series.
    /// Default: empty, which means none. Used where the engine's store is made from these options.
    /// </summary>
    public string SourceLabel { get => Store.SourceLabel; set => Store.SourceLabel = value; }

    /// <inheritdoc cref="StoreOptions.SourceAge"/>
    /// <remarks>Used where the engine's store is made from these options.</remarks>
    public TimeSpan SourceAge { get => Store.SourceAge; set => Store.SourceAge = value; }

    /// <summary>
    /// The proxies whose X-Forwarded-For is believed where clients are told apart; that of a peer at a Unix socket always is, that of any
    /// other never. Default: empty, which means none.
    /// </summary>
    public IList<IPNetwork> TrustedProxies { get; } = [];

    /// <summary>
    /// Memory for what pushes of repeated series are compared with, in bytes. Default: 256 MiB. 0 keeps none. See
    /// <see cref="StoreOptions.ShapeCacheBytes"/>. Used where the engine's store is made from these options.
    /// </summary>
    public long ShapeCacheBytes { get => Store.ShapeCacheBytes; set => Store.ShapeCacheBytes = value; }

    /// <summary>
    /// Read each push of repeated series the long way, too, and compare. Default: false. See <see cref="StoreOptions.VerifyShapes"/>.
    /// </summary>
    public bool VerifyShapes { get => Store.VerifyShapes; set => Store.VerifyShapes = value; }

    /// <summary>
    /// Expose also the families that the Pushgateway does not have (which door served, why connections were handed on). Default: true.
    /// </summary>
    public bool EngineMetrics { get; set; } = true;

    /// <summary>
    /// Delays or refuses acknowledgements, as until changes are on disk. Default: null, which means that of the host's services where the
    /// engine is made from them; without one all changes are taken and acknowledged at once.
    /// </summary>
    public ICommitGate? CommitGate { get; set; }

    /// <summary>
    /// Carries out changes in the place of the store. Default: null, which means that of the host's services where the engine is made from
    /// them; without one the store does.
    /// </summary>
    public IChangeTarget? Changes { get; set; }

    /// <summary>
    /// The clock for timeouts, durations and the Date header. Default: <see cref="TimeProvider.System"/>, in a host that of its services
    /// if they have one. Null is an error.
    /// </summary>
    public TimeProvider Time { get => Store.Time; set => Store.Time = value; }

    /// <summary>Whether texts for operators name settings by the flags of the program, which has no other names for them.</summary>
    internal bool NamesFlags { get; set; }

    /// <summary>The options of a store that is made from these, which hold what the two have in common.</summary>
    internal StoreOptions Store { get; } = new();

    internal string FullTelemetryPath => RoutePrefix + TelemetryPath;

    internal string? FullSelfMetricsPath =>
        SelfMetricsPath is null or "" ? null : RoutePrefix + (SelfMetricsPath.StartsWith('/') ? "" : "/") + SelfMetricsPath;

    /// <summary>Why the path of the own families cannot be served, or null.</summary>
    internal string? SelfMetricsError()
    {
        string pushes = RoutePrefix + "/metrics/job";
        return FullSelfMetricsPath is not { } path ? null
            : path.AsSpan().ContainsAnyExcept(s_pathCharacters) ? "must be of the characters that need no escape in the path of a URL"
            : PathCleaner.Clean(path) != path ? "must not have empty components, . or .."
            : path == FullTelemetryPath ? "is the telemetry path"
            : path.StartsWith(pushes + "/", StringComparison.Ordinal)
                || path.StartsWith(pushes + "@base64/", StringComparison.Ordinal) ? "is a path of pushes"
            : null;
    }
}
