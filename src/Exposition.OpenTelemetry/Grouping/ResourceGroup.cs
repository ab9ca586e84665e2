using Exposition.Pusher;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Grouping;

/// <summary>The group of a resource, and what the resource says beside that.</summary>
/// <param name="Group">Whose metrics they are.</param>
/// <param name="Others">Attributes that the group does not say.</param>
internal sealed record ResourceGroup(PushGroup Group, IReadOnlyList<KeyValuePair<string, object?>> Others)
{
    private const string Name = "service.name";
    private const string Namespace = "service.namespace";
    private const string InstanceId = "service.instance.id";
    private const string Unknown = "unknown_service";

    public static ResourceGroup Of(Resource resource, PushgatewayExporterOptions options)
    {
        var others = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string key, object value) in resource.Attributes)
        {
            others[key] = value;
        }

        string job = options.Job ?? JobOf(others);
        var labels = new Dictionary<string, string>(options.Grouping, StringComparer.Ordinal);
        if (options.GroupByInstance && Take(others, InstanceId) is { Length: > 0 } instance)
        {
            labels.Add("instance", instance);
        }

        return new ResourceGroup(new PushGroup(job, labels, options.GroupingNames), [.. others]);
    }

    private static string JobOf(Dictionary<string, object?> attributes)
    {
        string? service = Take(attributes, Name);
        string? space = Take(attributes, Namespace);
        string name = string.IsNullOrEmpty(service) ? Unknown : service;
        return string.IsNullOrEmpty(space) ? name : $"{space}/{name}";
    }

    private static string? Take(Dictionary<string, object?> attributes, string key) =>
        attributes.Remove(key, out object? value) ? value?.ToString() : null;
}
