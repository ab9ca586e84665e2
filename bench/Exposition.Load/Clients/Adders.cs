using System.Globalization;
using System.Text;
using Exposition.Engine;
using Exposition.Load.Bodies;

namespace Exposition.Load.Clients;

/// <summary>Ways to add what a job pushes to sums, in this process, on one thread: the store, and one lock around a dictionary.</summary>
internal static class Adders
{
    private const int Seed = 20260113;

    /// <summary>Increments that are added.</summary>
    public static Peer[] OfIncrements =>
    [
        new("ours", "every rule of a push", Ours(PushMode.Add, static _ => default)),
        new("ours, with ids", "every rule of a push, that no id comes twice", Ours(PushMode.Add, static turn => new PushDetails
        {
            Id = Encoding.ASCII.GetBytes(turn.ToString(CultureInfo.InvariantCulture)),
        })),
        new("a lock, a dictionary", "nothing; keeps names and sums", ByHand(isTotal: false)),
    ];

    /// <summary>Totals of one source, of which what they have grown by is added.</summary>
    public static Peer[] OfTotals =>
    [
        new("ours", "every rule of a push, new starts of a source", Ours(PushMode.Cumulative, static _ => new PushDetails
        {
            Source = "source"u8.ToArray(),
        })),
        new("a lock, a dictionary", "nothing; keeps names, sums and last values", ByHand(isTotal: true)),
    ];

    /// <summary>What a store has after so many pushes, and what a dictionary has: series with their sums.</summary>
    public static (double[] Ours, double[] ByHand) SumsAfter(int pushes, bool isTotal)
    {
        var store = new MetricStore(new StoreOptions());
        var sums = new Dictionary<string, double>();
        Func<long> ours = Ours(
            isTotal ? PushMode.Cumulative : PushMode.Add, static _ => new PushDetails { Source = "source"u8.ToArray() }, store);
        Func<long> byHand = ByHand(isTotal, sums);
        for (int i = 0; i < pushes; i++)
        {
            ours();
            byHand();
        }

        return (
            [.. sums.Keys.Select(
                series => store.GetValue(series.Replace("{", "{job=\"load\",", StringComparison.Ordinal)) ?? double.NaN)],
            [.. sums.Values]);
    }

    private static Func<long> Ours(PushMode mode, Func<long, PushDetails> details, MetricStore? into = null)
    {
        MetricStore store = into ?? new MetricStore(new StoreOptions());
        GroupingKey key = GroupingKey.Create(("job", "load"));
        Func<byte[]> next = Bodies(mode == PushMode.Cumulative);
        long turn = 0;
        return () =>
        {
            store.Push(key, PushFormat.Text, next(), mode, details(turn++)).ThrowIfRefused();
            return SmallBody.Series;
        };
    }

    // What one writes in ten minutes, and mends for the allocations.
    private static Func<long> ByHand(bool isTotal, Dictionary<string, double>? into = null)
    {
        Dictionary<string, double> sums = into ?? [];
        var last = new Dictionary<string, double>();
        var sumOf = sums.GetAlternateLookup<ReadOnlySpan<char>>();
        var lastOf = last.GetAlternateLookup<ReadOnlySpan<char>>();
        var mutex = new Lock();
        Func<byte[]> next = Bodies(isTotal);
        char[] text = new char[4096];
        return () =>
        {
            byte[] body = next();
            ReadOnlySpan<char> rest = text.AsSpan(0, Encoding.UTF8.GetChars(body, text));
            long series = 0;
            lock (mutex)
            {
                foreach (ReadOnlySpan<char> line in rest.EnumerateLines())
                {
                    if (line.Length > 0 && line[0] != '#')
                    {
                        int at = line.LastIndexOf(' ');
                        ReadOnlySpan<char> name = line[..at];
                        double value = double.Parse(line[(at + 1)..], CultureInfo.InvariantCulture);
                        double before = isTotal && lastOf.TryGetValue(name, out double seen) && seen <= value ? seen : 0;
                        sumOf[name] = (sumOf.TryGetValue(name, out double sum) ? sum : 0) + value - before;
                        if (isTotal)
                        {
                            lastOf[name] = value;
                        }

                        series++;
                    }
                }
            }

            return series;
        };
    }

    // One after the other with other values, the same for all.
    private static Func<byte[]> Bodies(bool isTotal)
    {
        PushBody body = SmallBody.Make();
        var random = new Random(Seed);
        return () =>
        {
            if (isTotal)
            {
                body.Count(random, 0.001);
            }
            else
            {
                body.Rewrite(random);
            }

            return body.Bytes;
        };
    }
}
