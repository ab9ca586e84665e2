using System.Net;
using Exposition.Engine;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.Refusals;

/// <summary>A refused request, without when.</summary>
/// <param name="Client">Who counts as one client, behind trusted proxies too.</param>
/// <param name="Peer">The address of the other end of the connection; null at a Unix socket.</param>
/// <param name="Forwarded">The client that a trusted proxy has named.</param>
/// <param name="User">The name of a configured user.</param>
/// <param name="Method">The verb; null where the head could not be read.</param>
/// <param name="Path">The target as it was sent, cut.</param>
/// <param name="Group">The group that the path names, unless it is very long.</param>
/// <param name="Status">The status of the answer.</param>
/// <param name="Why">The class of a refused push or scrape.</param>
/// <param name="Rejected">The class of what no handler has seen.</param>
/// <param name="Limit">The limit that has refused it.</param>
/// <param name="Reason">What the client was told, cut.</param>
internal sealed record Refused(
    ClientAddress Client, IPAddress? Peer, IPAddress? Forwarded, string? User, string? Method, string? Path, GroupingKey? Group, int Status,
        Refusal Why, Rejection Rejected, Limit Limit, string Reason)
{
    /// <summary>Equal where <see cref="IsOfSameKind"/> is; for looking many over quickly.</summary>
    public int Kind { get; } = HashCode.Combine(Client, Why, Rejected, Limit);

    /// <summary>Whether both are of one client and reason, of which a ring holds so many at most.</summary>
    public bool IsOfSameKind(Refused other) =>
        Why == other.Why && Rejected == other.Rejected && Limit == other.Limit && Client == other.Client;
}
