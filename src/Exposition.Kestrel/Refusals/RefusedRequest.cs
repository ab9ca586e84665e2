using Exposition.Engine;

namespace Exposition.Kestrel.Refusals;

/// <summary>Refused requests that were alike and of which no other of the same client and reason came between.</summary>
/// <param name="First">When the first of them came.</param>
/// <param name="Last">When the last of them came.</param>
/// <param name="Count">How many.</param>
/// <param name="Address">The other end of the connection; null at a Unix socket.</param>
/// <param name="Forwarded">The client that a trusted proxy has named; else null.</param>
/// <param name="User">The name of a configured user; else null.</param>
/// <param name="Method">The verb; null where the head could not be read.</param>
/// <param name="Path">The target as it was sent; null where the head could not be read.</param>
/// <param name="Group">The group that it was for; null where that is not known, or too long to be kept.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Class">Why, as <c>pushgateway_pushes_refused_total</c> or <c>pushgateway_http_rejected_total</c> has it.</param>
/// <param name="Limit">The limit that has refused it, as its flag is called; else null.</param>
/// <param name="Reason">What the client was told.</param>
internal sealed record RefusedRequest(
    DateTimeOffset First, DateTimeOffset Last, long Count, string? Address, string? Forwarded, string? User, string? Method, string? Path,
        GroupingKey? Group, int Status, string Class, string? Limit, string Reason);
