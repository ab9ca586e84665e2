using Exposition.OpenTelemetry.Conversion;
using Exposition.OpenTelemetry.Diagnostics;
using Exposition.OpenTelemetry.Grouping;
using Exposition.Pusher;
using Exposition.Pusher.Bodies;
using Exposition.Pusher.Hosting;
using Exposition.Pusher.Sending;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Exporting;

/// <summary>
/// Pushes what a reader has collected, one push at a time: the reader sees to that. When the end has begun, a push under way is not tried
/// again and has half of the time; the last one has the rest.
/// </summary>
/// <param name="client">Sends.</param>
/// <param name="options">Checked already.</param>
/// <param name="within">How long a push may take with all its attempts, by the SDK.</param>
/// <param name="time">The clock of limits.</param>
/// <param name="logger">Told of what fails.</param>
internal sealed class PushgatewayMetricExporter(
    PushgatewayClient client, PushgatewayExporterOptions options, TimeSpan? within, TimeProvider time, ILogger logger)
    : BaseExporter<Metric>
{
    // So that the reason of a failure is logged before whoever waits for the end goes on.
    private static readonly TimeSpan s_mostMargin = TimeSpan.FromMilliseconds(250);

    private readonly Lock _pushing = new();
    private readonly FailureLog _failures = new(logger, time);
    private readonly Notices _notices = new(logger);
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _aborting = new();
    private ITimer? _abort;
    private MetricConverter? _converter;
    private ResourceGroup? _group;
    private volatile bool _isEnding;
    private volatile bool _hasEnded;
    private TimeSpan _endWithin;
    private long _endStart;

    /// <summary>Whether the last push has been made, or left to the delete.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>Whether the group should have been deleted at the end, and was not.</summary>
    public bool IsLeftBehind { get; private set; }

    /// <summary>What is left of the time of the end.</summary>
    public TimeSpan Left
    {
        get
        {
            TimeSpan left = _endWithin - time.GetElapsedTime(_endStart);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>The next push is the last one.</summary>
    /// <param name="timeoutMilliseconds">How long the end may take; negative for no limit but the option's.</param>
    public void BeginEnd(int timeoutMilliseconds)
    {
        TimeSpan given = timeoutMilliseconds < 0 ? TimeSpan.MaxValue : TimeSpan.FromMilliseconds(timeoutMilliseconds);
        TimeSpan margin = given / 10 < s_mostMargin ? given / 10 : s_mostMargin;
        TimeSpan left = timeoutMilliseconds < 0 ? given : given - margin;
        _endWithin = left < options.ShutdownTimeout ? left : options.ShutdownTimeout;
        _endStart = time.GetTimestamp();
        _isEnding = true;
        _ending.Cancel();
        _abort = time.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), _aborting, _endWithin / 2, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Waits for a push that is under way. It is cut off in the middle of the time of the end.</summary>
    public void WaitForPush()
    {
        if (_pushing.TryEnter(Left))
        {
            _pushing.Exit();
        }
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        lock (_pushing)
        {
            return Push(in batch);
        }
    }

    protected override bool OnShutdown(int timeoutMilliseconds)
    {
        if (!options.DeleteOnShutdown)
        {
            return true;
        }

        string group = "";
        try
        {
            PushGroup target = Group().Group;
            group = target.ToString();
            Send(new PushOrder(HttpMethod.Delete, target, Body: null), isLast: true);
            return true;
        }
        catch (Exception e)
        {
            PushLog.NotDeleted(logger, group, e.Message, e);
            IsLeftBehind = true;
            return false;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // The timer may be at it: a source that is cancelled holds nothing, so it is not disposed of.
            _abort?.Dispose();
            _aborting.Cancel();
            _ending.Dispose();
        }

        base.Dispose(disposing);
    }

    private ExportResult Push(in Batch<Metric> batch)
    {
        bool isLast = _isEnding;
        if (_hasEnded)
        {
            // A flush of a provider that has been shut down: nothing is lost that the last push did not have.
            return ExportResult.Failure;
        }

        _hasEnded = isLast;
        if (isLast && options.DeleteOnShutdown)
        {
            return ExportResult.Success;
        }

        string group = "";
        try
        {
            ResourceGroup target = Group();
            group = target.Group.ToString();
            PushBody body = _converter!.Convert(in batch, target);
            var order = new PushOrder(
                options.Method == PushMethod.Add ? HttpMethod.Post : HttpMethod.Put, target.Group, body, options.ExpireAfter);
            Send(order, isLast);
        }
        catch (Exception e) when (isLast)
        {
            PushLog.LastPushLost(logger, group, e.Message, e);
            return ExportResult.Failure;
        }
        catch (OperationCanceledException) when (_aborting.IsCancellationRequested)
        {
            // The last push, which follows, has all that this one had.
            return ExportResult.Failure;
        }
        catch (Exception e)
        {
            _failures.Failed(e.Message, e);
            return ExportResult.Failure;
        }

        long failed = _failures.Succeeded();
        if (failed > 0)
        {
            PushLog.Recovered(logger, group, failed);
        }

        return ExportResult.Success;
    }

    // The SDK's threads wait. No context is captured on the way, and the requests are not measured by the host's own instrumentation.
    private void Send(PushOrder order, bool isLast)
    {
        using IDisposable scope = SuppressInstrumentationScope.Begin();
        Task sending = isLast
            ? client.Sender.SendAsync(order, Left, default, default)
            : client.Sender.SendAsync(order, within, _ending.Token, _aborting.Token);
        sending.GetAwaiter().GetResult();
    }

    // The resource is known when the provider has been built.
    private ResourceGroup Group()
    {
        if (_group is null)
        {
            Resource resource = ParentProvider.GetResource();
            _group = ResourceGroup.Of(resource, options);
            _converter = new MetricConverter(options, _notices);
        }

        return _group;
    }
}
