using Microsoft.Extensions.Logging;

namespace Exposition.Pusher.Tests;

/// <summary>Runs of jobs, whether they succeed, fail, or cannot be pushed.</summary>
public sealed class JobRunTests : IDisposable
{
    private readonly FakeGateway _gateway = new();
    private readonly SteppedTime _time = new();
    private readonly LogLines _log = new();

    public void Dispose()
    {
        _gateway.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task A_run_that_succeeds_says_so()
    {
        double end;
        await using (JobRun run = await Client().StartRunAsync("nightly"))
        {
            _time.Advance(TimeSpan.FromSeconds(90.5));
            end = _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
            run.Succeed();
        }

        Sent sent = _gateway.Only;
        Assert.Equal((HttpMethod.Post, "http://gateway:9091/metrics/job/nightly"), (sent.Method, sent.Uri));
        Dictionary<string, double> samples = new(Scraped.Parse(sent.Text).Samples);
        Assert.Equal(
            new Dictionary<string, double>
            {
                ["job_duration_seconds"] = 90.5,
                ["job_last_run_timestamp_seconds"] = end,
                ["job_last_success_timestamp_seconds"] = end,
                ["job_success"] = 1,
            },
            samples);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task An_option_that_is_wrong_is_named_with_its_type_and_what_was_expected()
    {
        var options = new JobRunOptions { ExpireAfter = TimeSpan.FromSeconds(-1) };

        var thrown = await Assert.ThrowsAsync<ArgumentException>(() => Client().StartRunAsync(new PushGroup("nightly"), options));

        Assert.StartsWith(
            "JobRunOptions.ExpireAfter is -00:00:01: expected 0, for never, or more", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(_gateway.Sent);
    }

    [Fact]
    public async Task A_run_that_throws_has_failed_and_the_exception_is_the_jobs_own()
    {
        _gateway.Break().Break().Break();
        JobRun? run = null;
        PushgatewayClient client = Client(new() { Retry = { MaxAttempts = 1 } });
        var thrown = await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () =>
        {
            await using (run = await client.StartRunAsync(new PushGroup("nightly"), new JobRunOptions { ThrowOnPushFailure = true }))
            {
                throw new TimeZoneNotFoundException("of the job");
            }
        });
        Assert.Equal("of the job", thrown.Message);
        Assert.IsType<PushgatewayException>(run!.PushError);
        Assert.Contains("job_success 0\n", _gateway.Only.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("job_last_success", _gateway.Only.Text, StringComparison.Ordinal);
        Assert.Contains(_log.Lines, static line =>
            line.Contains("The run of {job=\"nightly\"} could not be pushed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_that_was_told_its_failure_logs_it()
    {
        await using (JobRun run = await Client().StartRunAsync("nightly"))
        {
            run.Succeed();
            run.Fail(new IOException("disk full"));
            Assert.Equal("disk full", run.Error!.Message);
        }

        Assert.Contains("job_success 0\n", _gateway.Only.Text, StringComparison.Ordinal);
        Assert.Contains(_log.Lines, static line => line.Contains("disk full", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_push_that_fails_throws_only_if_asked(bool throws)
    {
        _gateway.Answer(HttpStatusCode.BadRequest, "no");
        JobRun run = await Client().StartRunAsync(new PushGroup("nightly"), new JobRunOptions { ThrowOnPushFailure = throws });
        run.Succeed();
        Exception? thrown = await Record.ExceptionAsync(async () => await run.DisposeAsync());
        Assert.Equal("no", ((PushgatewayException)run.PushError!).Reason);
        Assert.Equal(throws ? run.PushError : null, thrown);
        await run.DisposeAsync();
        Assert.Single(_gateway.Sent);
        Assert.Throws<ObjectDisposedException>(run.Succeed);
    }

    [Fact]
    public async Task The_start_and_more_metrics_are_pushed_if_asked_and_a_gateway_that_is_away_does_not_keep_the_job_from_running()
    {
        _gateway.Break();
        var rows = new Gauge("backup_rows", 0);
        var options = new JobRunOptions { PushOnStart = true, Metrics = rows, ExpireAfter = TimeSpan.FromDays(1) };
        await using (JobRun run = await Client(new() { Retry = { MaxAttempts = 1 } }).StartRunAsync(
            new PushGroup("nightly").With("db", "a/b"), options))
        {
            Assert.NotNull(run.PushError);
            rows.Value = 42;
            run.Succeed();
        }

        Assert.StartsWith("# HELP job_last_start_timestamp_seconds", _gateway.Sent[0].Text, StringComparison.Ordinal);
        Assert.Contains("backup_rows 42\n", _gateway.Sent[1].Text, StringComparison.Ordinal);
        Assert.Equal(("http://gateway:9091/metrics/job/nightly/db@base64/YS9i", "86400s"),
            (_gateway.Sent[1].Uri, _gateway.Sent[1].ExpireAfter));
    }

    [Fact]
    public async Task Metrics_that_fail_do_not_cost_the_run()
    {
        JobRun run = await Client().StartRunAsync(new PushGroup("nightly"), new JobRunOptions { Metrics = new FailingSource() });
        run.Succeed();
        await run.DisposeAsync();
        Assert.Contains("job_success 1\n", _gateway.Only.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("never_seen", _gateway.Only.Text, StringComparison.Ordinal);
        Assert.Equal("the disk is gone", run.PushError!.Message);
    }

    private PushgatewayClient Client(PushgatewayClientOptions? options = null)
    {
        options ??= new PushgatewayClientOptions();
        options.Endpoint = new Uri("http://gateway:9091");
        return new PushgatewayClient(new HttpClient(_gateway), options, _time, new Logger<PushgatewayClient>(_log));
    }
}
