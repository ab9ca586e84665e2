using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Kestrel.Otlp;

/// <summary>A resource of a request.</summary>
/// <param name="Key">The group of its metrics; null where it has none.</param>
/// <param name="Fault">Why it has none.</param>
/// <param name="Source">Who counts.</param>
/// <param name="HasTooMuch">Whether it has more attributes than it may.</param>
internal sealed record OtlpResource(GroupingKey? Key, string? Fault, string Source, bool HasTooMuch = false)
{
    /// <summary>Where its metrics are in the request: in several places where several parts of it have the same resource.</summary>
    public List<TextRef> Parts { get; } = [];
}
