using Exposition.Formats;

namespace Exposition.Engine.Counting;

/// <summary>A classic histogram of durations, in seconds. Safe for concurrent use; observing takes no lock and does not allocate.</summary>
/// <param name="bounds">Upper bounds of the buckets in seconds, ascending, without the infinite one.</param>
internal sealed class DurationHistogram(params double[] bounds)
{
    // The last one is for what is longer than all bounds.
    private readonly long[] _counts = new long[bounds.Length + 1];
    private long _ticks;

    public void Observe(TimeSpan duration)
    {
        double seconds = duration.TotalSeconds;
        int bucket = 0;
        while (bucket < bounds.Length && seconds > bounds[bucket])
        {
            bucket++;
        }

        Interlocked.Add(ref _ticks, duration.Ticks);
        Interlocked.Increment(ref _counts[bucket]);
    }

    /// <summary>Adds the family.</summary>
    public void Collect(FamilySet into, ReadOnlySpan<byte> name, ReadOnlySpan<byte> help)
    {
        int metric = into.AddMetric(into.AddFamily(name, MetricType.Histogram, help));
        ulong count = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            count += (ulong)Volatile.Read(ref _counts[i]);
            into.AddPoint(metric, i < bounds.Length ? bounds[i] : double.PositiveInfinity, 0, count);
        }

        ref MetricRow row = ref into.Metrics[metric];
        row.Content = MetricContent.Histogram;
        row.Count = count;
        row.Value = Volatile.Read(ref _ticks) / (double)TimeSpan.TicksPerSecond;
    }
}
