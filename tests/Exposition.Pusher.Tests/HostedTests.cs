using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Exposition.Pusher.Tests;

/// <summary>The pusher in a host: its options, its rhythm, what it survives, and its end.</summary>
public sealed class HostedTests : IDisposable
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(20);

    private readonly FakeGateway _gateway = new();
    private readonly SteppedTime _time = new();
    private readonly LogLines _log = new();

    public void Dispose()
    {
        _gateway.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task It_pushes_at_intervals_and_once_more_at_the_end()
    {
        var rows = new Gauge("rows", 1);
        using IHost host = Build(static _ => { }, pusher => pusher.AddSource(rows));
        await host.StartAsync();
        await FirstAsync();
        await SentAsync(1);
        rows.Value = 2;
        _time.Advance(s_interval);
        await SentAsync(2);
        rows.Value = 3;
        await host.StopAsync();

        Assert.Equal(["rows 1", "rows 2", "rows 3"], _gateway.Sent.Select(static sent => sent.Text.Split('\n')[1]));
        Assert.All(_gateway.Sent, static sent => Assert.Equal(
            ("PUT", "http://gateway:9091/metrics/job/import/instance/a:1"), (sent.Method.Method, sent.Uri)));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task With_an_interval_of_zero_it_pushes_only_at_the_end_as_it_is_told()
    {
        using IHost host = Build(
            static o => (o.Interval, o.Method, o.ExpireAfter) = (TimeSpan.Zero, PushMethod.Add, TimeSpan.FromHours(1)),
            static pusher => pusher.AddSource<Rows>());
        await host.StartAsync();
        _time.Advance(TimeSpan.FromDays(1));
        Assert.Empty(_gateway.Sent);
        await host.StopAsync();
        Assert.Equal((HttpMethod.Post, "3600s", "# TYPE made_by_services gauge\nmade_by_services 1\n"),
            (_gateway.Only.Method, _gateway.Only.ExpireAfter, _gateway.Only.Text));
    }

    [Fact]
    public async Task The_end_deletes_if_asked_and_does_nothing_if_asked()
    {
        using (IHost host = Build(static o => o.DeleteOnStop = true, static pusher => pusher.AddSource<Rows>()))
        {
            await host.StartAsync();
            await host.StopAsync();
        }

        Assert.Equal(HttpMethod.Delete, _gateway.Only.Method);
        using (IHost host = Build(static o => o.PushOnStop = false, static pusher => pusher.AddSource<Rows>()))
        {
            await host.StartAsync();
            await host.StopAsync();
        }

        Assert.Single(_gateway.Sent);
    }

    [Fact]
    public async Task It_survives_whatever_happens_and_logs_it_once_a_minute()
    {
        _gateway.Answer(HttpStatusCode.BadRequest, "no").Answer(HttpStatusCode.BadRequest, "no").Answer(HttpStatusCode.BadRequest, "worse")
            .Answer(static (_, _) => throw new InvalidOperationException("of a handler")).Answer(HttpStatusCode.BadRequest, "no");
        using IHost host = Build(static _ => { }, static pusher => pusher.AddSource<Rows>());
        await host.StartAsync();
        await FirstAsync();
        for (int sent = 1; sent < 6; sent++)
        {
            await SentAsync(sent);
            _time.Advance(s_interval);
        }

        await SentAsync(6);
        await LogUntilAsync("succeed again");
        Assert.Equal(
            [
                "Warning: PUT of {job=\"import\",instance=\"a:1\"} was refused with 400 Bad Request: no (0 more like it since the last line)",
                "Warning: PUT of {job=\"import\",instance=\"a:1\"} was refused with 400 Bad Request: worse (1 more like it since the last line)",
                "Warning: of a handler (0 more like it since the last line)",
                "Warning: PUT of {job=\"import\",instance=\"a:1\"} was refused with 400 Bad Request: no (0 more like it since the last line)",
                "Information: Pushes of {job=\"import\",instance=\"a:1\"} succeed again, after 5 that failed",
            ],
            _log.Lines.Select(static line => line.Split(" | ")[0]));
        await host.StopAsync();
    }

    [Fact]
    public async Task Pushes_that_fail_now_and_then_are_logged_once_a_minute_too()
    {
        for (int pair = 0; pair < 3; pair++)
        {
            _gateway.Answer(HttpStatusCode.BadRequest, "no").Answer(HttpStatusCode.OK, "");
        }

        using IHost host = Build(static _ => { }, static pusher => pusher.AddSource<Rows>());
        await host.StartAsync();
        await FirstAsync();
        for (int sent = 1; sent < 6; sent++)
        {
            await SentAsync(sent);
            _time.Advance(s_interval);
        }

        await SentAsync(6);
        await LogUntilAsync("succeed again, after 1 that failed", times: 2);
        const string Refused = "Warning: PUT of {job=\"import\",instance=\"a:1\"} was refused with 400 Bad Request: no ";
        const string Again = "Information: Pushes of {job=\"import\",instance=\"a:1\"} succeed again, after 1 that failed";
        Assert.Equal(
            [Refused + "(0 more like it since the last line)", Again, Refused + "(1 more like it since the last line)", Again],
            _log.Lines.Select(static line => line.Split(" | ")[0]));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_source_that_fails_or_repeats_a_name_costs_itself_only()
    {
        using IHost host = Build(static _ => { }, static pusher =>
            pusher.AddSource(new Gauge("a", 1)).AddSource(new FailingSource()).AddSource(new Gauge("a", 2)).AddSource(new Gauge("b", 3)));
        await host.StartAsync();
        await host.StopAsync();
        Assert.Equal("# TYPE a gauge\na 1\n# TYPE b gauge\nb 3\n", _gateway.Only.Text);
        Assert.Contains(_log.Lines, static line => line.Contains("FailingSource has failed", StringComparison.Ordinal)
            && line.EndsWith("the disk is gone", StringComparison.Ordinal));
        Assert.Contains(_log.Lines, static line => line.Contains("the family a of the source", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Meters_are_pushed_and_what_the_pusher_does_is_measured()
    {
        string name = "Test." + Guid.NewGuid().ToString("N");
        using IHost host = Build(static _ => { }, pusher => pusher.AddMeter(name + "*").AddMeter(PushgatewayClient.MeterName));
        await host.StartAsync();
        using var meter = new Meter(name + ".Import");
        meter.CreateCounter<int>("import.rows").Add(3, new KeyValuePair<string, object?>("table", "users"));
        meter.CreateGauge<int>("import.rows.total").Record(1);
        await FirstAsync();
        await SentAsync(1);
        await host.StopAsync();

        Assert.Contains("import_rows_total{table=\"users\"} 3\n", _gateway.Sent[0].Text, StringComparison.Ordinal);
        Assert.Contains("exposition_pusher_pushes_total{method=\"PUT\",outcome=\"success\"}", _gateway.Sent[1].Text,
            StringComparison.Ordinal);
        Assert.Contains("exposition_pusher_push_duration_seconds_bucket{method=\"PUT\",outcome=\"success\",le=\"0.005\"}",
            _gateway.Sent[1].Text, StringComparison.Ordinal);
        Assert.Contains(_log.Lines, line =>
            line.StartsWith($"Warning: Nothing is pushed of {name}.Import/import.rows.total", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_push_under_way_is_ended_before_the_last_one()
    {
        _gateway.Hang();
        using IHost host = Build(static _ => { }, static pusher => pusher.AddSource<Rows>());
        await host.StartAsync();
        await FirstAsync();
        await SentAsync(1);
        Task stop = host.StopAsync();
        // Half of the time of the end is for what is under way.
        await _time.PassAsync(TimeSpan.FromSeconds(2.5));
        await stop;
        Assert.Equal(2, _gateway.Sent.Count);
    }

    [Fact]
    public async Task The_last_push_is_tried_again_within_its_time_and_its_loss_is_logged()
    {
        _gateway.Answer(HttpStatusCode.ServiceUnavailable);
        using (IHost host = Build(static o => o.Retry.BaseDelay = TimeSpan.Zero, static pusher => pusher.AddSource<Rows>()))
        {
            await host.StartAsync();
            await host.StopAsync();
        }

        Assert.Equal(2, _gateway.Sent.Count);
        _gateway.Hang();
        using (IHost host = Build(static _ => { }, static pusher => pusher.AddSource<Rows>()))
        {
            await host.StartAsync();
            Task stop = host.StopAsync();
            await _time.PassAsync(TimeSpan.FromSeconds(5));
            await stop;
        }

        Assert.StartsWith("Error: The last push of {job=\"import\",instance=\"a:1\"} is lost: PUT", Assert.Single(_log.Lines),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pusher_without_sources_says_so()
    {
        using IHost host = Build(static _ => { }, static _ => { });
        await host.StartAsync();
        Assert.Contains("expected AddMeter or AddSource", Assert.Single(_log.Lines), StringComparison.Ordinal);
        await host.StopAsync();
    }

    [Fact]
    public async Task Options_come_from_configuration_and_twice_is_the_same_pusher()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Push:Endpoint"] = "https://gw/x",
            ["Push:Job"] = "j",
            ["Push:Grouping:instance"] = "i",
            ["Push:Interval"] = "00:01:00",
            ["Push:Compression"] = "Gzip",
            ["Push:Retry:MaxAttempts"] = "2",
            ["Push:DeleteOnStop"] = "true",
            ["Push:ExpireAfter"] = "1.00:00:00",
        });
        builder.Services.Configure<PusherOptions>(builder.Configuration.GetSection("Push"));
        builder.Services.AddPushgateway();
        builder.Services.AddPushgateway(static o => o.Job += "2").HttpClient.ConfigurePrimaryHttpMessageHandler(() => _gateway);
        using IHost host = builder.Build();
        PusherOptions options = host.Services.GetRequiredService<IOptions<PusherOptions>>().Value;
        Assert.Equal(
            (new Uri("https://gw/x"), "j2", "i", TimeSpan.FromMinutes(1), PushCompression.Gzip, 2, true, TimeSpan.FromDays(1)),
            (options.Endpoint, options.Job, options.Grouping["instance"], options.Interval, options.Compression, options.Retry.MaxAttempts,
                options.DeleteOnStop, options.ExpireAfter!.Value));
        Assert.Single(host.Services.GetServices<IHostedService>());
        await host.Services.GetRequiredService<PushgatewayClient>().DeleteAsync(new PushGroup("mine"));
        Assert.Equal("https://gw/x/metrics/job/mine", _gateway.Only.Uri);
    }

    [Fact]
    public async Task All_that_is_wrong_is_said_when_the_host_starts()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        Assert.Throws<ArgumentException>(() => builder.Services.AddPushgateway().AddMeter("My*App"));
        builder.Services.AddPushgateway(static o =>
        {
            o.Interval = TimeSpan.FromSeconds(-1);
            o.StopTimeout = TimeSpan.Zero;
            o.Grouping["bad-name"] = "x";
            o.Retry.MaxAttempts = 0;
            o.ExpireAfter = TimeSpan.FromSeconds(-1);
        });
        using IHost host = builder.Build();
        var thrown = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        foreach (string wrong in new[]
        {
            "PusherOptions.Endpoint is not set", "PusherOptions.Job is \"\": a job is required", "PusherOptions.Interval is -00:00:01",
            "PusherOptions.StopTimeout is 00:00:00", "PusherOptions.Grouping: \"bad-name\" is no label name",
                "PusherOptions.Retry.MaxAttempts is 0",
            "PusherOptions.ExpireAfter is -00:00:01",
        })
        {
            Assert.Contains(wrong, thrown.Message, StringComparison.Ordinal);
        }
    }

    private IHost Build(Action<PusherOptions> configure, Action<PusherBuilder> add)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton<ILogger<PushgatewayClient>>(new Logger<PushgatewayClient>(_log));
        PusherBuilder pusher = builder.Services.AddPushgateway(o =>
        {
            o.Endpoint = new Uri("http://gateway:9091");
            o.Job = "import";
            o.Grouping["instance"] = "a:1";
            o.Interval = s_interval;
            // What moves the clock to the next push must not end the one before, which may not have seen its answer yet.
            o.AttemptTimeout = TimeSpan.FromHours(1);
            o.Retry.TotalTime = TimeSpan.FromHours(1);
            configure(o);
        });
        pusher.HttpClient.ConfigurePrimaryHttpMessageHandler(() => _gateway);
        add(pusher);
        return builder.Build();
    }

    // The first push comes at a random point of the interval.
    private async Task FirstAsync()
    {
        await _time.UntilSetAsync(static due => due > TimeSpan.Zero && due < s_interval, "a part of the interval");
        _time.Advance(s_interval);
    }

    private Task SentAsync(int count) => UntilAsync(() => _gateway.Sent.Count >= count, $"{count} pushes");

    private Task LogUntilAsync(string text, int times = 1) => UntilAsync(
        () => _log.Lines.Count(line => line.Contains(text, StringComparison.Ordinal)) >= times, "a line with " + text);

    private static async Task UntilAsync(Func<bool> holds, string what)
    {
        for (int i = 0; !holds(); i++)
        {
            Assert.True(i < 3000, what + " did not come");
            await Task.Delay(10);
        }
    }

    private sealed class Rows : Formats.IMetricSource
    {
        public void Collect(Formats.FamilySet into) => new Gauge("made_by_services").Collect(into);
    }
}
