namespace Exposition.Kestrel;

public sealed partial class ExpositionOptions
{
    /// <summary>
    /// How names of metrics and attributes that come with OTLP are translated. Default:
    /// <see cref="OtlpTranslationStrategy.UnderscoreEscapingWithSuffixes"/>. Those that keep names need <see cref="Names"/> to be
    /// <see cref="Formats.NameScheme.Utf8"/>, else they are an error.
    /// </summary>
    public OtlpTranslationStrategy OtlpTranslation { get; set; }

    /// <summary>
    /// Attributes of the resource that become grouping labels, beside the job, which <c>service.namespace</c> and <c>service.name</c> make:
    /// <c>service.instance.id</c> becomes <c>instance</c>, others become what labels of their names are called. Default: empty: then all
    /// instances of a service have one group, which holds their sums.
    /// </summary>
    public IList<string> OtlpGroupingAttributes { get; } = [];

    /// <summary>
    /// Whether name, version, schema and attributes of the instrumentation scope become labels (<c>otel_scope_name</c> and so on). Default:
    /// false, as in Prometheus.
    /// </summary>
    public bool OtlpScopeLabels { get; set; }

    /// <summary>
    /// The most attributes of a data point that comes with OTLP, those of its scope included where they become labels, and of a resource.
    /// What has more is rejected. Default: 128. 0 means no limit.
    /// </summary>
    public int MaxOtlpAttributes { get; set; } = 128;

    /// <summary>
    /// The most resources of an OTLP request, each of which is a push of its own. More are answered with 413. Default: 10,000. 0 means no
    /// limit.
    /// </summary>
    public int MaxOtlpResources { get; set; } = 10_000;
}
