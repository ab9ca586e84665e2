using Exposition.Engine;
using Exposition.Formats.Translation;

namespace Exposition.Kestrel.Otlp;

/// <summary>What a request has of one resource, as a push to a group.</summary>
/// <param name="Resource">The resource, of which the group is known.</param>
/// <param name="Body">The families in delimited protobuf, each once.</param>
/// <param name="Modes">What becomes of the points of each family, in the order of the body.</param>
/// <param name="Times">Of when each metric is, in the order of the body, in nanoseconds since 1970; 0 where it does not say.</param>
/// <param name="Id">The hash of all that the request has of the resource: that of a repetition is the same.</param>
/// <param name="Points">How many points it stands for.</param>
internal sealed record OtlpPush(
    OtlpResource Resource, ReadOnlyMemory<byte> Body, IReadOnlyList<PointsMode> Modes, IReadOnlyList<long> Times, string Id, long Points)
{
    public GroupingKey Key => Resource.Key!;
}
