using Exposition.Engine;
using Exposition.Formats.Translation;

namespace Exposition.Kestrel.Otlp;

/// <summary>What a request has of one resource, as a push to a group.</summary>
/// <param name="Key">The group.</param>
/// <param name="Body">The families in delimited protobuf, each once.</param>
/// <param name="Modes">What becomes of the points of each family, in the order of the body.</param>
/// <param name="Source">Who counts.</param>
/// <param name="Id">The hash of all that the request has of the resource: that of a repetition is the same.</param>
/// <param name="Sender">Who sends it: something whose text says so, or null.</param>
internal sealed record OtlpPush(
    GroupingKey Key, ReadOnlyMemory<byte> Body, IReadOnlyList<(string Family, PointsMode Mode)> Modes, string Source, string Id,
    object? Sender);
