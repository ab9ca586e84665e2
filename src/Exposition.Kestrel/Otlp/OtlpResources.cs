using System.Security.Cryptography;
using System.Text;
using Exposition.Engine;
using Exposition.Formats;
using Exposition.Formats.Otlp;
using Exposition.Formats.Translation;

namespace Exposition.Kestrel.Otlp;

// OpenTelemetry identifies a resource by all of its attributes, and whoever counts by the resource. service.instance.id is made for that;
// without it the other attributes are all that tells one process from another.

/// <summary>Finds the resources of a request, each with its group.</summary>
/// <param name="names">How names of grouping labels are made.</param>
/// <param name="grouping">Attributes that become grouping labels, beside the job.</param>
/// <param name="mostAttributes">How many attributes a resource may have; 0 for any number.</param>
internal sealed class OtlpResources(OtlpNames names, IEnumerable<string> grouping, int mostAttributes)
{
    // A longer instance is known by the hash of its resource.
    private const int MostSourceBytes = 128;

    private const string Name = "service.name";
    private const string Namespace = "service.namespace";
    private const string InstanceId = "service.instance.id";

    private readonly string[] _grouping = [.. grouping];

    /// <summary>Names of the labels that a group may have, which no label of a point may take.</summary>
    public IReadOnlySet<string> Reserved { get; } = grouping.Select(attribute => LabelOf(names, attribute)).Append("job").ToHashSet(
        StringComparer.Ordinal);

    /// <summary>Those of a request, in the order in which they come.</summary>
    /// <param name="body">The request; it was checked (<see cref="OtlpCheck"/>).</param>
    /// <param name="most">How many there may be; 0 for any number.</param>
    /// <exception cref="OtlpException">There are more.</exception>
    public IReadOnlyCollection<OtlpResource> Of(ReadOnlySpan<byte> body, int most)
    {
        var found = new List<OtlpResource>();
        var byIdentity = new Dictionary<string, OtlpResource>(StringComparer.Ordinal);
        foreach (TextRef part in OtlpFields.All(body, new TextRef(0, body.Length), 1))
        {
            SortedDictionary<string, string> attributes = AttributesOf(body, part, out int count);
            string identity = Identity(attributes);
            if (!byIdentity.TryGetValue(identity, out OtlpResource? resource))
            {
                if (most > 0 && found.Count == most)
                {
                    throw new OtlpException($"the request has more than {most} resources (the limit otlp-resources)", OtlpBound.Resources);
                }

                resource = ResourceOf(attributes, identity, count);
                byIdentity.Add(identity, resource);
                found.Add(resource);
            }

            resource.Parts.Add(part);
        }

        return found;
    }

    private static string LabelOf(OtlpNames names, string attribute) => attribute == InstanceId ? "instance" : names.OfLabel(attribute);

    private static SortedDictionary<string, string> AttributesOf(ReadOnlySpan<byte> body, TextRef part, out int count)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        count = 0;
        foreach (TextRef resource in OtlpFields.All(body, part, 1))
        {
            foreach (TextRef pair in OtlpFields.All(body, resource, 1))
            {
                string key = OtlpFields.KeyOf(body, pair, out TextRef value);
                attributes[key] = OtlpValue.TextOf(body, value);
                count++;
            }
        }

        return attributes;
    }

    private static string Identity(SortedDictionary<string, string> attributes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string key, string value) in attributes)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{key.Length}:{key}{value.Length}:{value}"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    private OtlpResource ResourceOf(SortedDictionary<string, string> attributes, string identity, int count)
    {
        string instance = attributes.GetValueOrDefault(InstanceId, "");
        string source = instance.Length > 0 && Encoding.UTF8.GetByteCount(instance) <= MostSourceBytes ? instance : "resource:" + identity;
        string service = attributes.GetValueOrDefault(Name, "");
        if (service.Length == 0)
        {
            return new OtlpResource(null, $"a resource has no {Name}, which names the job", source);
        }

        if (mostAttributes > 0 && count > mostAttributes)
        {
            return new OtlpResource(
                null, $"a resource has {count} attributes, more than {mostAttributes} (the limit otlp-attributes)", source,
                HasTooMuch: true);
        }

        string space = attributes.GetValueOrDefault(Namespace, "");
        List<(string, string)> labels = [("job", space.Length > 0 ? $"{space}/{service}" : service)];
        foreach (string attribute in _grouping)
        {
            if (attributes.TryGetValue(attribute, out string? value) && value.Length > 0)
            {
                labels.Add((LabelOf(names, attribute), value));
            }
        }

        return new OtlpResource(GroupingKey.Create([.. labels]), null, source);
    }
}
