using Exposition.Formats;
using Exposition.Pusher.Bodies;
using Exposition.Pusher.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Hosting;

/// <summary>All that the host has given to push. Listens to its meters from when it is made.</summary>
internal sealed class PusherSources : IDisposable
{
    /// <summary>Sources of the pusher have this key, so that they are not taken for a host's own metrics.</summary>
    public const string Key = PushgatewayClient.HttpClientName;

    private readonly FailureLog _failures;
    private readonly IMetricSource[] _sources;
    private readonly MeterSource? _meters;

    public PusherSources(
        MeterNames meters, [FromKeyedServices(Key)] IEnumerable<IMetricSource> sources, TimeProvider time, ILogger logger)
    {
        _failures = new FailureLog(logger, time);
        if (meters.Names.Count > 0)
        {
            var options = new MeterSourceOptions { Report = notice => Report(notice, logger) };
            meters.Names.Distinct().ToList().ForEach(options.Meters.Add);
            _meters = new MeterSource(options);
        }

        _sources = [.. sources, .. _meters is null ? (IMetricSource[])[] : [_meters]];
    }

    public bool IsEmpty => _sources.Length == 0;

    public PushBody Collect(EscapingScheme escaping) => MetricsText.Of(_sources, escaping, (what, exception) =>
    {
        PushMetrics.SourceFailed();
        _failures.Failed(what, exception);
    });

    public void Dispose() => _meters?.Dispose();

    private void Report(MeterNotice notice, ILogger logger)
    {
        PushMetrics.SourceFailed();
        if (notice.Instrument.Length > 0)
        {
            PushLog.InstrumentLeftOut(logger, notice.Meter, notice.Instrument, notice.Reason);
        }
        else
        {
            _failures.Failed(notice.Reason, null);
        }
    }
}
