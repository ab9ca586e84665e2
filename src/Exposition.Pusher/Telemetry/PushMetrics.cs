using System.Diagnostics.Metrics;

namespace Exposition.Pusher.Telemetry;

/// <summary>What the library measures of itself.</summary>
internal static class PushMetrics
{
    private static readonly Meter s_meter = new(PushgatewayClient.MeterName);

    private static readonly Counter<long> s_pushes = s_meter.CreateCounter<long>(
        "exposition.pusher.pushes", "{push}", "Pushes and deletes, with all their attempts, by how they ended.");

    private static readonly Counter<long> s_attempts = s_meter.CreateCounter<long>(
        "exposition.pusher.attempts", "{attempt}", "Requests that were sent for pushes and deletes.");

    private static readonly Histogram<double> s_duration = s_meter.CreateHistogram<double>(
        "exposition.pusher.push.duration", "s", "How long a push or delete has taken, with all its attempts.");

    private static readonly Counter<long> s_sourceFailures = s_meter.CreateCounter<long>(
        "exposition.pusher.source.failures", "{failure}", "Sources and families that were left out of a push.");

    public static void Attempted() => s_attempts.Add(1);

    public static void Ended(HttpMethod method, string outcome, TimeSpan duration)
    {
        var how = new KeyValuePair<string, object?>("outcome", outcome);
        var what = new KeyValuePair<string, object?>("method", method.Method);
        s_pushes.Add(1, how, what);
        s_duration.Record(duration.TotalSeconds, how, what);
    }

    public static void SourceFailed() => s_sourceFailures.Add(1);
}
