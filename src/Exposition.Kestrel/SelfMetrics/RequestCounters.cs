using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>
/// Counts requests by handler, method and status. Counting a known combination does not allocate, nor does showing them all once they have
/// been shown.
/// </summary>
internal sealed class RequestCounters
{
    private readonly ConcurrentDictionary<(string Handler, string Method, int Code), Counter> _counts = new();
    private Counter[] _inOrder = [];

    public void Count(string handler, string method, int code)
    {
        if (!_counts.TryGetValue((handler, method, code), out Counter? count))
        {
            count = _counts.GetOrAdd((handler, method, code), static key => new Counter(key));
        }

        count.Add();
    }

    /// <summary>The counters in the order in which they are exposed: by code, handler, method. None ever goes.</summary>
    public Counter[] InOrder()
    {
        Counter[] known = Volatile.Read(ref _inOrder);
        if (known.Length == _counts.Count)
        {
            return known;
        }

        Counter[] counters = [.. _counts.OrderBy(static c => c.Key.Code).ThenBy(static c => c.Key.Handler, StringComparer.Ordinal)
            .ThenBy(static c => c.Key.Method, StringComparer.Ordinal).Select(static c => c.Value)];
        Volatile.Write(ref _inOrder, counters);
        return counters;
    }

    /// <summary>Those of a handler, for a meter.</summary>
    public IEnumerable<Measurement<long>> Measure(string handler) =>
        InOrder().Where(counter => counter.Key.Handler == handler).Select(static counter => new Measurement<long>(
            counter.Value, new KeyValuePair<string, object?>(EngineMeter.MethodTag, counter.Key.Method.ToUpperInvariant()),
            new(EngineMeter.StatusTag, counter.Key.Code)));

    /// <summary>One of them, with its labels as they are exposed.</summary>
    public sealed class Counter((string Handler, string Method, int Code) key)
    {
        private long _value;

        public (string Handler, string Method, int Code) Key => key;

        public long Value => Volatile.Read(ref _value);

        public byte[] Code { get; } = Encoding.UTF8.GetBytes(key.Code.ToString(CultureInfo.InvariantCulture));

        public byte[] Handler { get; } = Encoding.UTF8.GetBytes(key.Handler);

        public byte[] Method { get; } = Encoding.UTF8.GetBytes(key.Method);

        public void Add() => Interlocked.Increment(ref _value);
    }
}
