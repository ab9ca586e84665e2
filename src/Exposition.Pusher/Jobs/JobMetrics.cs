using Exposition.Formats;

namespace Exposition.Pusher.Jobs;

/// <summary>The families of a run.</summary>
internal sealed class JobMetrics : IMetricSource
{
    private readonly List<(byte[] Name, byte[] Help, double Value)> _gauges = [];

    /// <summary>Of a run that has begun.</summary>
    public static JobMetrics OfStart(DateTimeOffset start)
    {
        var metrics = new JobMetrics();
        metrics.Add("job_last_start_timestamp_seconds"u8, "When the last run of the job began."u8, Seconds(start));
        return metrics;
    }

    /// <summary>Of a run that has ended. When the last one succeeded is left as it is if this one has not.</summary>
    public static JobMetrics OfEnd(DateTimeOffset end, TimeSpan duration, bool hasSucceeded)
    {
        var metrics = new JobMetrics();
        metrics.Add("job_duration_seconds"u8, "How long the last run of the job took."u8, duration.TotalSeconds);
        metrics.Add("job_last_run_timestamp_seconds"u8, "When the last run of the job ended."u8, Seconds(end));
        if (hasSucceeded)
        {
            metrics.Add("job_last_success_timestamp_seconds"u8, "When the last run of the job that succeeded ended."u8, Seconds(end));
        }

        metrics.Add("job_success"u8, "Whether the last run of the job succeeded."u8, hasSucceeded ? 1 : 0);
        return metrics;
    }

    public void Collect(FamilySet into)
    {
        foreach ((byte[] name, byte[] help, double value) in _gauges)
        {
            int metric = into.AddMetric(into.AddFamily(name, MetricType.Gauge, help));
            into.Metrics[metric].Content = MetricContent.Gauge;
            into.Metrics[metric].Value = value;
        }
    }

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;

    private void Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, double value) =>
        _gauges.Add((name.ToArray(), help.ToArray(), value));
}
