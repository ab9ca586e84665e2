using Exposition.Formats;
using Exposition.Pusher.Grouping;

namespace Exposition.Pusher;

/// <summary>
/// What the hosted pusher pushes, and when. Bindable to configuration; checked when the host starts, with all that is wrong in one
/// message. Read once, then.
/// </summary>
/// <example>
/// <code>
/// builder.Services.AddPushgateway(options =>
/// {
///     options.Endpoint = new Uri("http://pushgateway:9091");
///     options.Job = "nightly_backup";
///     options.Grouping["instance"] = Environment.MachineName;
/// }).AddMeter("MyApp.*");
/// </code>
/// </example>
public sealed class PusherOptions : PushgatewayClientOptions
{
    /// <summary>The job of the group that is pushed. Required: the default, an empty text, is an error.</summary>
    public string Job { get; set; } = "";

    /// <summary>Labels of the group beside the job, such as <c>instance</c>. Default: none. A name that is no label name is an
    /// error.</summary>
    public IDictionary<string, string> Grouping { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Which names of grouping labels are taken, as in <see cref="PushGroup"/>. Default: the old ones.</summary>
    public NameScheme GroupingNames { get; set; }

    /// <summary>
    /// From one push to the next. The first comes at a random point within it, so that a fleet does not push as one. Default: 15 seconds.
    /// 0 pushes only at the end; less, and more than a day, are an error.
    /// </summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>What a push does to what the group has. Default: it replaces it.</summary>
    public PushMethod Method { get; set; }

    /// <summary>Whether there is a last push when the host has stopped, after all its services. Default: true.</summary>
    public bool PushOnStop { get; set; } = true;

    /// <summary>Whether the group is deleted when the host has stopped, in place of the last push. Default: false.</summary>
    public bool DeleteOnStop { get; set; }

    /// <summary>
    /// How long the last push, or the delete, may take with all its attempts, and a push that is under way before it. It should be well
    /// below the host's shutdown timeout. Default: 5 seconds. Less than a millisecond, 0 too, and more than a day are an error.
    /// </summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// When the gateway is to forget the group if nothing is pushed any more, as in <see cref="PushRequest.ExpireAfter"/>. Default: null,
    /// which leaves it to the gateway. 0 means never; less is an error.
    /// </summary>
    public TimeSpan? ExpireAfter { get; set; }

    internal PushGroup ToGroup() => new(Job, Grouping, GroupingNames);

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

        if (GroupRules.FaultOfJob(Job) is { } wrong)
        {
            yield return $"{nameof(Job)} is \"{Job}\": {wrong}";
        }

        if (!Enum.IsDefined(Method))
        {
            yield return $"{nameof(Method)} is {Method}: expected {string.Join(" or ", Enum.GetNames<PushMethod>())}";
        }

        foreach ((string name, string value) in Grouping)
        {
            if (GroupRules.FaultOfLabel(name, value, GroupingNames) is { } fault)
            {
                yield return $"{nameof(Grouping)}: {fault}";
            }
        }

        foreach ((string name, TimeSpan value, TimeSpan least) in new[]
        {
            (nameof(Interval), Interval, TimeSpan.Zero),
            (nameof(StopTimeout), StopTimeout, TimeSpan.FromMilliseconds(1)),
        })
        {
            if (FaultOfTime(name, value, least) is { } fault)
            {
                yield return fault;
            }
        }

        foreach (string fault in FaultsOfExpiry(ExpireAfter))
        {
            yield return fault;
        }
    }
}
