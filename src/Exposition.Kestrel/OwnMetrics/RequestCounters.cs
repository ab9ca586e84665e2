using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Exposition.Kestrel.OwnMetrics;

/// <summary>Counts requests by handler, method and status. Counting a known combination does not allocate.</summary>
internal sealed class RequestCounters
{
    private readonly ConcurrentDictionary<(string Handler, string Method, int Code), StrongBox<long>> _counts = new();

    public void Count(string handler, string method, int code)
    {
        if (!_counts.TryGetValue((handler, method, code), out StrongBox<long>? count))
        {
            count = _counts.GetOrAdd((handler, method, code), static _ => new StrongBox<long>());
        }

        Interlocked.Increment(ref count.Value);
    }

    /// <summary>The counts in the order in which they are exposed: by code, handler, method.</summary>
    public List<(string Handler, string Method, int Code, long Count)> Snapshot()
    {
        var counts = new List<(string Handler, string Method, int Code, long Count)>();
        foreach (((string handler, string method, int code), StrongBox<long> count) in _counts)
        {
            counts.Add((handler, method, code, Volatile.Read(ref count.Value)));
        }

        counts.Sort(static (a, b) =>
        {
            int order = a.Code.CompareTo(b.Code);
            order = order != 0 ? order : string.CompareOrdinal(a.Handler, b.Handler);
            return order != 0 ? order : string.CompareOrdinal(a.Method, b.Method);
        });
        return counts;
    }
}
