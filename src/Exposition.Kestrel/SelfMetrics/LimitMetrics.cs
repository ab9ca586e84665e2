using System.Diagnostics.Metrics;
using System.Text;
using Exposition.Engine.Counting;
using Exposition.Formats;
using Exposition.Kestrel.Outcomes;

namespace Exposition.Kestrel.SelfMetrics;

// Of what all share it is known how much is in use. Of what is set for one request or connection the largest is kept that has come lately,
// taken or refused, so that whoever looks every minute sees what has come in between. What was refused is often not known in full: it
// counts as at least the limit. Times are counted in ticks.

/// <summary>What the limits are, and how much of them is in use. Safe for concurrent use; observing does not allocate.</summary>
internal sealed class LimitMetrics(TimeProvider time)
{
    /// <summary>The unit of limits of time.</summary>
    public const double PerTick = 1.0 / TimeSpan.TicksPerSecond;

    private static readonly string[] s_names = [.. Enum.GetValues<Limit>().Select(WireMetrics.NameOf)];
    private static readonly int[] s_inOrder =
        [.. s_names.Index().Where(static named => named.Item.Length > 0).OrderBy(static named => named.Item, StringComparer.Ordinal)
            .Select(static named => named.Index)];

    private static readonly byte[][] s_labels = [.. s_names.Select(Encoding.UTF8.GetBytes)];

    private readonly Bound?[] _bounds = new Bound?[s_names.Length];

    /// <summary>Names a capacity that all share.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="value">What it is set to; 0 for none.</param>
    /// <param name="usage">What is in use now.</param>
    public void Share(Limit limit, Func<long> value, Func<long> usage) => _bounds[(int)limit] = new Bound(value, usage, null, null, 1);

    /// <summary>Names a limit of single requests or connections.</summary>
    /// <param name="limit">The limit.</param>
    /// <param name="value">What it is set to, in the measure of what is observed; 0 for none.</param>
    /// <param name="unit">What one of these is.</param>
    /// <param name="also">What is observed elsewhere.</param>
    public void Each(Limit limit, Func<long> value, double unit = 1, LargestSeen? also = null) =>
        _bounds[(int)limit] = new Bound(value, null, new LargestSeen(), also, unit);

    /// <summary>Observes what a limit of single requests or connections is set for.</summary>
    public void See(Limit limit, long value) => _bounds[(int)limit]?.Seen?.Observe(value);

    /// <summary>Observes a head.</summary>
    public void SeeHead(int length, int target, int headers)
    {
        See(Limit.HeadBytes, length);
        See(Limit.TargetBytes, target);
        See(Limit.Headers, headers);
    }

    /// <summary>A limit has refused or ended something.</summary>
    public void Refused(Limit limit)
    {
        if (_bounds[(int)limit] is { Seen: { } seen } bound)
        {
            seen.Observe(bound.Value());
        }
    }

    /// <summary>Adds the families, with those limits that were named.</summary>
    public void Collect(FamilySet into)
    {
        int limits = into.AddFamily("pushgateway_limit"u8, MetricType.Gauge,
            "What is limited, and to what, by the name of the limit, in bytes, seconds or numbers; 0 for no limit."u8);
        foreach (int at in s_inOrder)
        {
            if (_bounds[at] is { } bound)
            {
                into.AddSample(limits, bound.Value() * bound.Unit);
                into.AddLabel("limit"u8, s_labels[at]);
            }
        }

        int usage = into.AddFamily("pushgateway_limit_usage"u8, MetricType.Gauge,
            "What is in use of a shared capacity, or the largest that came in the last ten minutes, by the name of the limit."u8);
        foreach (int at in s_inOrder)
        {
            if (_bounds[at] is { } bound)
            {
                into.AddSample(usage, bound.Usage(time) * bound.Unit);
                into.AddLabel("limit"u8, s_labels[at]);
            }
        }
    }

    /// <summary>What a limit is set to, and what is in use of it; twice 0 where it was not named.</summary>
    public (long Most, long Used) Read(Limit limit) => _bounds[(int)limit] is { } bound ? (bound.Value(), bound.Usage(time)) : default;

    /// <summary>All limits that were named, in order of their names.</summary>
    /// <param name="refused">How often each has refused or ended something.</param>
    public IEnumerable<LimitUse> Read(NamedCounters refused) =>
        from at in s_inOrder
        let bound = _bounds[at]
        where bound is not null
        select new LimitUse(s_names[at], bound.Value() * bound.Unit, bound.Usage(time) * bound.Unit, refused[at]);

    /// <summary>Lets a meter observe them.</summary>
    public void Observe(Meter meter)
    {
        meter.CreateObservableGauge("exposition.limit", () => Measure(static (bound, _) => bound.Value()), "{unit}",
            "What is limited, and to what, in bytes, seconds or numbers; 0 for no limit.");
        meter.CreateObservableGauge("exposition.limit.usage", () => Measure(static (bound, time) => bound.Usage(time)), "{unit}",
            "What is in use of a shared capacity, or the largest that came in the last ten minutes.");
    }

    private IEnumerable<Measurement<double>> Measure(Func<Bound, TimeProvider, long> value) =>
        from at in s_inOrder
        let bound = _bounds[at]
        where bound is not null
        select new Measurement<double>(value(bound, time) * bound.Unit, new KeyValuePair<string, object?>("exposition.limit", s_names[at]));

    private sealed class Bound(Func<long> value, Func<long>? inUse, LargestSeen? seen, LargestSeen? also, double unit)
    {
        public Func<long> Value => value;

        public LargestSeen? Seen => seen;

        public double Unit => unit;

        public long Usage(TimeProvider time) => inUse?.Invoke() ?? Math.Max(seen!.Read(time), also?.Read(time) ?? 0);
    }
}
