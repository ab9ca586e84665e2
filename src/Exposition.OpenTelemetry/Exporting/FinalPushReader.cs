using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Exporting;

/// <summary>Pushes at intervals. Its exporter is told before the last push, so that one that is under way makes room for it.</summary>
internal sealed class FinalPushReader : PeriodicExportingMetricReader
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private readonly PushgatewayMetricExporter _exporter;

    public FinalPushReader(PushgatewayMetricExporter exporter, int interval, int timeout)
        : base(exporter, interval, timeout) => _exporter = exporter;

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        _exporter.BeginEnd(timeoutMilliseconds);
        // A collection that comes while another is under way, of a flush say, has that one's result and pushes nothing: so none may be
        // under way, and if one was until now, it comes again.
        _exporter.WaitForPush();
        bool hasEnded = base.OnShutdown(timeoutMilliseconds);
        while (!_exporter.HasEnded && _exporter.Left is { Ticks: > 0 } left)
        {
            Thread.Sleep(s_pause);
            hasEnded = Collect((int)Math.Ceiling(left.TotalMilliseconds)) && !_exporter.IsLeftBehind;
        }

        return hasEnded;
    }
}
