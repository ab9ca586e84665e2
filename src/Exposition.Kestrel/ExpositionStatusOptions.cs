using Exposition.Kestrel.Routing;

namespace Exposition.Kestrel;

/// <summary>
/// What the status page and the JSON API of an engine (<c>MapExpositionPage</c>, <c>MapExpositionApi</c>) say of their host, and whom they
/// let read it: options by the name of the engine, read when the routes are mapped.
/// </summary>
/// <example>
/// <code>
/// builder.Services.Configure&lt;ExpositionStatusOptions&gt;(status =>
/// {
///     status.Title = "Metrics of batch jobs";
///     status.Build.Branch = "main";
/// });
/// </code>
/// </example>
public sealed class ExpositionStatusOptions
{
    private string _externalPath = "";

    /// <summary>What stands in the titles of the page, and at its top. Default: <c>Pushgateway</c>.</summary>
    public string Title { get; set; } = "Pushgateway";

    /// <summary>What build the host is. Default: version and revision are those of the entry assembly.</summary>
    public ExpositionBuild Build { get; } = ExpositionBuild.OfHost();

    /// <summary>The settings that the host was started with and wants to show, in order of names. Default: none.</summary>
    public IDictionary<string, string> Flags { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    // Those of the flags that were given and do not have their defaults, by name: the page shows them before the others. Null where the
    // host does not say which these are.
    internal HashSet<string>? GivenFlags { get; set; }

    /// <summary>
    /// Lets pages of any origin read the API, and answers OPTIONS of every path below <c>/api/v1/</c>, as the Pushgateway does. Default:
    /// false. Endpoints that carry a rule of the host about origins (<c>RequireCors</c>) leave it to that.
    /// </summary>
    public bool AllowAnyOrigin { get; set; }

    /// <summary>
    /// The URL under which scrapers and browsers reach the host: <c>/api/v1/targets</c>, and commands to be copied from the page, take
    /// scheme and address of it. Default: null; then they are those of the request, or what a proxy among
    /// <see cref="ExpositionOptions.TrustedProxies"/> says in <c>X-Forwarded-Proto</c>, <c>X-Forwarded-Host</c> and
    /// <c>X-Forwarded-Prefix</c>.
    /// </summary>
    public Uri? ExternalUrl { get; set; }

    /// <summary>
    /// The path under which they reach the root of the engine, before its telemetry path and the paths of groups. Default: empty; then
    /// nothing stands before them if there is an <see cref="ExternalUrl"/>, else the path under which the engine is mapped. Links of the
    /// page are relative and work behind any proxy.
    /// </summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public string ExternalPath
    {
        get => _externalPath;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _externalPath = RoutePath.Normalise(value);
        }
    }
}
