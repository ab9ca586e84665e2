using Exposition.Formats;

namespace Exposition.Testing;

/// <summary>A push or delete as it has come to a <see cref="TestGateway"/>, and what it was answered. Immutable.</summary>
/// <param name="Method"><c>PUT</c>, <c>POST</c> or <c>DELETE</c>.</param>
/// <param name="Target">The path as sent.</param>
/// <param name="Grouping">The grouping labels of the path, <c>job</c> among them; empty where the path names no group.</param>
/// <param name="Samples">What the body holds; empty where it could not be read.</param>
/// <param name="Headers">The headers of the request; several values of one are joined by commas.</param>
/// <param name="Status">The status of the answer; 0 for one that was dropped.</param>
/// <param name="Reason">Why it was refused, as it was answered; null for a success.</param>
/// <param name="ReceivedAt">When it came, by the gateway's clock.</param>
public sealed record RecordedPush(
    string Method, string Target, LabelSet Grouping, IReadOnlyList<MetricSample> Samples, IReadOnlyDictionary<string, string> Headers,
    int Status, string? Reason, DateTimeOffset ReceivedAt)
{
    /// <summary>Whether it was stored.</summary>
    public bool IsStored => Status is >= 200 and < 300;

    /// <summary>The job, or the empty string where the path names no group.</summary>
    public string Job => Grouping.GetValueOrEmpty("job");
}
