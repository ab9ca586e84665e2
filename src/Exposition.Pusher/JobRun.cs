using Exposition.Formats;
using Exposition.Formats.Settings;
using Exposition.Pusher.Bodies;
using Exposition.Pusher.Jobs;
using Exposition.Pusher.Sending;
using Exposition.Pusher.Telemetry;

namespace Exposition.Pusher;

/// <summary>
/// One run of a job, from <see cref="PushgatewayClient.StartRunAsync(PushGroup, JobRunOptions?, CancellationToken)"/> until it is disposed
/// of, which pushes (POST) <c>job_duration_seconds</c>, <c>job_last_run_timestamp_seconds</c>, <c>job_success</c> and, if it has succeeded,
/// <c>job_last_success_timestamp_seconds</c>. Not safe for concurrent use.
/// </summary>
/// <remarks>
/// A run that is disposed of without a word has failed: an exception is on its way. That exception is never hidden by a push that fails,
/// which is logged, and kept in <see cref="PushError"/>. Disposing takes at most the time that the client's retries may take.
/// </remarks>
/// <example>
/// <code>
/// await using JobRun run = await client.StartRunAsync("nightly_backup");
/// await BackUpAsync();
/// run.Succeed();
/// </code>
/// </example>
public sealed class JobRun : IAsyncDisposable
{
    private readonly PushgatewayClient _client;
    private readonly JobRunOptions _options;
    private readonly long _start;
    private bool _hasSucceeded;
    private bool _isDisposed;

    internal JobRun(PushgatewayClient client, PushGroup group, JobRunOptions options)
    {
        OptionFaults.ThrowIfAny(options, options.Faults());
        _client = client;
        _options = options;
        _start = client.Time.GetTimestamp();
        Group = group;
    }

    /// <summary>Whose run it is.</summary>
    public PushGroup Group { get; }

    /// <summary>What the job failed with, if it was told.</summary>
    public Exception? Error { get; private set; }

    /// <summary>Why the start or the end of the run could not be pushed, or something was left out of it; null if all went well.</summary>
    public Exception? PushError { get; private set; }

    /// <summary>The run has done what it should. What is said last counts.</summary>
    /// <exception cref="ObjectDisposedException">It has been pushed already.</exception>
    public void Succeed()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        (_hasSucceeded, Error) = (true, null);
    }

    /// <summary>The run has failed. What is said last counts.</summary>
    /// <param name="exception">Why; it is logged.</param>
    /// <exception cref="ObjectDisposedException">It has been pushed already.</exception>
    public void Fail(Exception? exception = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        (_hasSucceeded, Error) = (false, exception);
    }

    /// <summary>Ends the run and pushes it.</summary>
    /// <exception cref="PushgatewayException">The run has succeeded, its push has not, and
    /// <see cref="JobRunOptions.ThrowOnPushFailure"/> is set.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        TimeSpan duration = _client.Time.GetElapsedTime(_start);
        if (!_hasSucceeded)
        {
            JobLog.RunFailed(_client.Logger, Group.ToString(), Error);
        }

        JobMetrics own = JobMetrics.OfEnd(_client.Time.GetUtcNow(), duration, _hasSucceeded);
        Exception? thrown = await PushAsync(_options.Metrics is { } more ? [own, more] : [own], default).ConfigureAwait(false);
        if (thrown is not null && _hasSucceeded && _options.ThrowOnPushFailure)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
        }
    }

    internal async Task StartAsync(CancellationToken cancellation)
    {
        if (_options.PushOnStart)
        {
            await PushAsync([JobMetrics.OfStart(_client.Time.GetUtcNow())], cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task<Exception?> PushAsync(IMetricSource[] sources, CancellationToken cancellation)
    {
        try
        {
            PushBody body = MetricsText.Of(sources, _client.Escaping, LeftOut);
            var order = new PushOrder(HttpMethod.Post, Group, body, _options.ExpireAfter);
            await _client.Sender.SendAsync(order, within: null, noMore: default, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            PushError = e;
            JobLog.NotPushed(_client.Logger, Group.ToString(), e.Message, e);
            return e;
        }
    }

    private void LeftOut(string what, Exception? exception)
    {
        PushMetrics.SourceFailed();
        PushError ??= exception ?? new InvalidOperationException(what);
        JobLog.LeftOut(_client.Logger, Group.ToString(), what, exception);
    }
}
