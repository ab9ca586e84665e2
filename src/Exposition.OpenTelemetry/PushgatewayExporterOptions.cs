using Exposition.Formats;
using Exposition.Pusher;
using Exposition.Pusher.Grouping;
using Microsoft.Extensions.Logging;

namespace Exposition.OpenTelemetry;

/// <summary>
/// Where the metrics of a meter provider are pushed to, when, and how. Bindable to configuration, by the name that was given to
/// <c>AddExpositionPusher</c>; read and checked when the provider is built, with all that is wrong in one message.
/// </summary>
/// <example>
/// <code>
/// services.Configure&lt;PushgatewayExporterOptions&gt;(options =>
/// {
///     options.Endpoint = new Uri("http://pushgateway:9091");
///     options.Job = "nightly_backup";
///     options.Grouping["instance"] = "db1";
///     options.Interval = TimeSpan.Zero;   // only at the end
/// });
/// </code>
/// </example>
/// <remarks>
/// <see cref="PushgatewayClientOptions.Escaping"/> is <see cref="EscapingScheme.Underscores"/> by default here: characters that are not in
/// <c>[a-zA-Z0-9_:]</c> become underscores, runs of them one, as OpenTelemetry has it for Prometheus. With any other value names keep
/// their characters (and get their units and <c>_total</c>), and are escaped in that way.
/// </remarks>
public sealed class PushgatewayExporterOptions : PushgatewayClientOptions
{
    private const string Instance = "instance";

    /// <summary>Makes options with the defaults.</summary>
    public PushgatewayExporterOptions() => Escaping = EscapingScheme.Underscores;

    /// <summary>
    /// The job of the group that is pushed. By default the service of the resource: <c>service.name</c>, or
    /// <c>service.namespace/service.name</c>, and <c>unknown_service</c> if it has none.
    /// </summary>
    public string? Job { get; set; }

    /// <summary>Labels of the group beside the job, such as <c>instance</c>; by default none. Attributes of metrics that would become
    /// labels of these names, or <c>job</c>, get the prefix <c>exported_</c>.</summary>
    public IDictionary<string, string> Grouping { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Which names of grouping labels are taken, as in <see cref="PushGroup"/>; by default the old ones.</summary>
    public NameScheme GroupingNames { get; set; }

    /// <summary>
    /// Whether <c>service.instance.id</c> of the resource becomes the grouping label <c>instance</c>, if it is there and
    /// <see cref="Grouping"/> has none; by default not. The SDK makes a new one for each process, and each would leave a group behind
    /// that nobody deletes: switch it on for an id that stays, or together with <see cref="DeleteOnShutdown"/> or
    /// <see cref="ExpireAfter"/>.
    /// </summary>
    public bool GroupByInstance { get; set; }

    /// <summary>
    /// From one push to the next. By default what the SDK says of it (<c>OTEL_METRIC_EXPORT_INTERVAL</c>, or <c>MetricReaderOptions</c>):
    /// 60 seconds. Zero: only when it is flushed, and at the end.
    /// </summary>
    public TimeSpan? Interval { get; set; }

    /// <summary>The format; by default protobuf, as official clients of Prometheus push it.</summary>
    public PushgatewayFormat Format { get; set; }

    /// <summary>What a push does to what the group has; by default it replaces it (PUT).</summary>
    public PushMethod Method { get; set; }

    /// <summary>
    /// Whether attributes of the resource are pushed as labels of the gauge <c>target_info</c>, but for those that the group says already;
    /// by default they are.
    /// </summary>
    public bool WriteTargetInfo { get; set; } = true;

    /// <summary>
    /// Whether each series has the name, version, schema and tags of its meter as labels <c>otel_scope_...</c>; by default it has. Without
    /// them, instruments of one name and type in two meters are one family, and of series with the same labels the first is pushed; one of
    /// another type is left out. Either is logged.
    /// </summary>
    public bool WriteScopeLabels { get; set; } = true;

    /// <summary>Whether the group is deleted when the provider is shut down, in place of the last push; by default not.</summary>
    public bool DeleteOnShutdown { get; set; }

    /// <summary>
    /// How long the last push, or the delete, may take with all its attempts, and a push that is under way before it; by default 5 seconds,
    /// which is what the SDK waits when a provider is disposed of. A shorter time that is given to <c>Shutdown</c> counts.
    /// </summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>When the gateway is to forget the group if nothing is pushed any more, as in
    /// <see cref="PushRequest.ExpireAfter"/>; by default it is not told.</summary>
    public TimeSpan? ExpireAfter { get; set; }

    /// <summary>
    /// Told of pushes that fail, and of metrics that are left out, under the category <c>Exposition.OpenTelemetry</c>; by default the
    /// factory of the provider's services. The same goes to the event source <c>OpenTelemetry-Exporter-Exposition</c>, which the SDK's own
    /// diagnostics (<c>OTEL_DIAGNOSTICS.json</c>) listen to.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    internal override IEnumerable<string> Faults()
    {
        if (Endpoint is null)
        {
            yield return $"{nameof(Endpoint)} is not set: expected the URL of the gateway, such as http://pushgateway:9091";
        }

        foreach (string fault in base.Faults())
        {
            yield return fault;
        }

        if (Job is not null && GroupRules.FaultOfJob(Job) is { } wrong)
        {
            yield return $"{nameof(Job)} is \"{Job}\": {wrong}";
        }

        foreach ((string name, string value) in Grouping)
        {
            if (GroupRules.FaultOfLabel(name, value, GroupingNames) is { } fault)
            {
                yield return $"{nameof(Grouping)}: {fault}";
            }
        }

        if (GroupByInstance && Grouping.ContainsKey(Instance))
        {
            yield return $"{nameof(GroupByInstance)} is set, and {nameof(Grouping)} has the label {Instance}: expected one of them";
        }

        if (!Enum.IsDefined(Format))
        {
            yield return $"{nameof(Format)} is {Format}: expected one of {string.Join(", ", Enum.GetNames<PushgatewayFormat>())}";
        }

        if (!Enum.IsDefined(Method))
        {
            yield return $"{nameof(Method)} is {Method}: expected {string.Join(" or ", Enum.GetNames<PushMethod>())}";
        }

        if (Interval != TimeSpan.Zero && FaultOfTime(nameof(Interval), Interval ?? TimeSpan.FromDays(1), TimeSpan.FromMilliseconds(1))
            is { } ofInterval)
        {
            yield return ofInterval + ", or zero";
        }

        if (FaultOfTime(nameof(ShutdownTimeout), ShutdownTimeout, TimeSpan.FromMilliseconds(1)) is { } ofShutdown)
        {
            yield return ofShutdown;
        }

        foreach (string fault in FaultsOfExpiry(ExpireAfter))
        {
            yield return fault;
        }
    }
}
