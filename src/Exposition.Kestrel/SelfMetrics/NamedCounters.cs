using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Exposition.Formats;

namespace Exposition.Kestrel.SelfMetrics;

/// <summary>The counters of a family with one label, by the place of its value in a table. Safe for concurrent use.</summary>
/// <param name="names">The values of the label; what has no name is not counted.</param>
internal sealed class NamedCounters(string[] names)
{
    private readonly long[] _counts = new long[names.Length];
    private readonly Func<long>?[] _others = new Func<long>?[names.Length];
    private readonly (int At, byte[] Label)[] _inOrder =
    [
        .. names.Index().Where(static named => named.Item.Length > 0).OrderBy(static named => named.Item, StringComparer.Ordinal)
            .Select(static named => (named.Index, Encoding.UTF8.GetBytes(named.Item))),
    ];

    /// <summary>The names of an enum's members as label values; none for None.</summary>
    public static string[] NamesOf<T>(JsonNamingPolicy spelling)
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(name => name == "None" ? "" : spelling.ConvertName(name))];

    public long this[int at] => Volatile.Read(ref _counts[at]) + (_others[at]?.Invoke() ?? 0);

    public void Count(int at) => Count(at, 1);

    public void Count(int at, long amount)
    {
        if (names[at].Length > 0)
        {
            Interlocked.Add(ref _counts[at], amount);
        }
    }

    /// <summary>What is counted elsewhere is added to one of them.</summary>
    public void Add(int at, Func<long> elsewhere) => _others[at] = elsewhere;

    /// <summary>All of them, for a meter.</summary>
    /// <param name="tag">What tells them apart.</param>
    public IEnumerable<Measurement<long>> Measure(string tag) => names.Index().Where(static named => named.Item.Length > 0)
        .Select(named => new Measurement<long>(this[named.Index], new KeyValuePair<string, object?>(tag, named.Item)));

    /// <summary>Adds the family with all names.</summary>
    public void Collect(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, ReadOnlySpan<byte> label)
    {
        int family = into.AddFamily(name, MetricType.Counter, help);
        foreach ((int at, byte[] value) in _inOrder)
        {
            into.AddSample(family, this[at]);
            into.AddLabel(label, value);
        }
    }

    /// <summary>Adds those that have counted something, and no family where there are none.</summary>
    public void CollectCounted(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, ReadOnlySpan<byte> label)
    {
        int family = -1;
        foreach ((int at, byte[] value) in _inOrder)
        {
            if (this[at] is > 0 and var count)
            {
                family = family >= 0 ? family : into.AddFamily(name, MetricType.Counter, help);
                into.AddSample(family, count);
                into.AddLabel(label, value);
            }
        }
    }
}
