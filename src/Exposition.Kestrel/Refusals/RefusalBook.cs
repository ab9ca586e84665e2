using System.Net;
using Exposition.Engine;
using Exposition.Engine.Consistency;
using Exposition.Kestrel.Clients;
using Exposition.Kestrel.Outcomes;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Refusals;

// For "my push gets 400": what was refused, without a log at hand. Who has not shown that he may come in, or sends heads that nobody can
// read, has a ring of his own, so that strangers cannot drive out what our own clients were told; and one client, with one reason, has a
// part of a ring, so that a job that fails every second does not hide the others.
//
// Memory: 320 entries of two texts of 1 KiB each, a key of 1 KiB and 400 bytes for the rest. As texts have two bytes for each character,
// that is 1.75 MiB where everything is as long as it can be, and about 0.2 MiB where it is as people write it.

/// <summary>The last requests that were refused. Safe for concurrent use.</summary>
internal sealed class RefusalBook(TimeProvider time)
{
    /// <summary>How many are kept.</summary>
    public const int Most = 256;

    /// <summary>How many are kept of those who did not come in.</summary>
    public const int MostOutside = 64;

    /// <summary>How many are kept of one client and reason.</summary>
    public const int MostOfKind = 32;

    /// <summary>The longest reason, in characters, and the longest group, in bytes.</summary>
    public const int MostText = 1 << 10;

    private readonly Lock _lock = new();
    private readonly RefusalRing _inside = new(Most, MostOfKind);
    private readonly RefusalRing _outside = new(MostOutside, MostOfKind);

    // The longest of a method that is one.
    private const int MostMethod = 20;

    /// <summary>Keeps a refusal.</summary>
    /// <param name="answer">What the client is told.</param>
    /// <param name="caller">Who it is.</param>
    /// <param name="method">What it wants to do; null for what the caller says.</param>
    /// <param name="group">The group that it is for.</param>
    public void Note(in Answer answer, Caller caller, string? method = null, GroupingKey? group = null)
    {
        string? verb = method ?? caller.Method;
        IPAddress? peer = (caller.Peer as IPEndPoint)?.Address;
        IPAddress? forwarded = caller.Forwarded;
        ClientAddress client = (forwarded ?? peer) is { } address ? ClientAddress.Of(address) : default;
        var refused = new Refused(
            client, peer, forwarded, caller.User, verb is { Length: > MostMethod } ? verb[..MostMethod] : verb, caller.Target,
            group is { Bytes.Length: <= MostText } ? group : null, answer.Status, answer.Refusal, answer.Rejected, answer.Limit,
            Cut(answer.Text ?? ""));
        lock (_lock)
        {
            (verb is null || caller.IsStranger || IsOutside(answer.Rejected) ? _outside : _inside).Add(refused, time.GetUtcNow());
        }
    }

    /// <summary>All that are kept, the newest first.</summary>
    public IReadOnlyList<RefusedRequest> Read()
    {
        var all = new List<RefusedRequest>(Most + MostOutside);
        lock (_lock)
        {
            Add(_inside, all);
            Add(_outside, all);
        }

        all.Sort(static (a, b) => b.Last.CompareTo(a.Last));
        return all;
    }

    /// <summary>Whether nobody has looked at credentials by then, or found them wanting.</summary>
    private static bool IsOutside(Rejection why) =>
        why is not (Rejection.None or Rejection.Conflict or Rejection.CrossSite or Rejection.Disabled or Rejection.Encoding
            or Rejection.Method or Rejection.NotFound or Rejection.Query or Rejection.Target);

    private static void Add(RefusalRing ring, List<RefusedRequest> all)
    {
        for (int i = ring.Entries.Length - 1; i >= 0; i--)
        {
            RefusalRing.Entry entry = ring.Entries[i];
            Refused what = entry.What;
            all.Add(new RefusedRequest(
                entry.First, entry.Last, entry.Count, what.Peer?.ToString(), what.Forwarded?.ToString(), what.User, what.Method, what.Path,
                what.Group, what.Status,
                what.Rejected != Rejection.None ? WireMetrics.NameOf(what.Rejected) : WireMetrics.NameOf(what.Why),
                what.Limit != Limit.None ? WireMetrics.NameOf(what.Limit) : null, what.Reason));
        }
    }

    private static string Cut(string text) =>
        text.Length <= MostText ? text : $"{RefusalWords.Cut(text, MostText)} ({text.Length} characters)";
}
