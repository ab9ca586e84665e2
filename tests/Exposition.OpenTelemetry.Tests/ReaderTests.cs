using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using Exposition.Pusher;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>When there are pushes, and what becomes of those that fail.</summary>
public sealed class ReaderTests
{
    [Fact]
    public async Task It_pushes_at_intervals_and_what_came_last_at_the_end()
    {
        await using Bench bench = await Bench.StartAsync();
        MeterProvider provider = bench.Build(static o => o.Interval = TimeSpan.FromMilliseconds(50));
        Counter<int> rows = bench.Meter.CreateCounter<int>("rows");
        rows.Add(1);
        await bench.Gateway.WaitForPushAsync(static push => push.IsStored && push.Samples.Any(static s => s.Value == 1));
        rows.Add(2);
        await bench.Gateway.WaitForPushAsync(static push => push.Samples.Any(static s => s.Value == 3));
        rows.Add(4);
        provider.Dispose();
        Assert.Equal(7, bench.Gateway.Value("rows_total"));
        Assert.All(bench.Gateway.Pushes, static push => Assert.Equal(("PUT", "/metrics/job/test"), (push.Method, push.Target)));
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task With_an_interval_of_zero_it_pushes_when_flushed_and_at_the_end()
    {
        await using Bench bench = await Bench.StartAsync();
        MeterProvider provider = bench.Build(static o => (o.Method, o.ExpireAfter) = (PushMethod.Add, TimeSpan.FromHours(1)));
        bench.Meter.CreateCounter<int>("rows").Add(1);
        Assert.True(provider.ForceFlush());
        Assert.Single(bench.Gateway.Pushes);
        Assert.True(provider.Shutdown());
        Assert.Equal(2, bench.Gateway.Pushes.Count);
        Assert.All(bench.Gateway.Pushes, static push =>
            Assert.Equal(("POST", "3600s"), (push.Method, push.Headers["Exposition-Expire-After"])));
    }

    [Fact]
    public async Task A_flush_after_the_end_fails_and_pushes_nothing()
    {
        await using Bench bench = await Bench.StartAsync();
        MeterProvider provider = bench.Build();
        bench.Meter.CreateCounter<int>("rows").Add(1);
        Assert.True(provider.Shutdown());
        Assert.False(provider.ForceFlush());
        Assert.Single(bench.Gateway.Pushes);
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task The_end_deletes_in_place_of_the_last_push_if_asked()
    {
        await using Bench bench = await Bench.StartAsync();
        MeterProvider provider = bench.Build(static o => o.DeleteOnShutdown = true);
        bench.Meter.CreateCounter<int>("rows").Add(1);
        Assert.True(provider.ForceFlush());
        provider.Dispose();
        Assert.Equal(["PUT", "DELETE"], bench.Gateway.Pushes.Select(static push => push.Method));
        Assert.Empty(bench.Gateway.Scrape());
        Assert.Empty(bench.Log.Lines);
    }

    [Fact]
    public async Task A_refusal_fails_with_the_reason_of_the_gateway_and_a_recovery_is_said()
    {
        await using Bench bench = await Bench.StartAsync();
        using var events = new Events();
        using MeterProvider provider = bench.Build();
        bench.Meter.CreateCounter<int>("rows").Add(1);
        bench.Gateway.FailNext(HttpStatusCode.BadRequest, 2, "the rows are not sorted");
        Assert.False(provider.ForceFlush());
        Assert.False(provider.ForceFlush());
        Assert.True(provider.ForceFlush());
        Assert.Equal(
            [
                "Warning: PUT of {job=\"test\"} was refused with 400 Bad Request: the rows are not sorted "
                    + "(0 more like it since the last line)",
                "Information: Pushes of {job=\"test\"} succeed again, after 2 that failed",
            ],
            bench.Log.Lines.Select(static line => line.Split(" | ")[0]));
        Assert.Contains(events.Lines, static line => line.Contains("400 Bad Request: the rows are not sorted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_contradicts_another_group_is_refused_with_the_reason()
    {
        await using Bench bench = await Bench.StartAsync();
        bench.Push(static meter => meter.CreateGauge<int>("rows.total").Record(1), static o => o.Job = "other");
        using MeterProvider provider = bench.Build();
        bench.Meter.CreateCounter<int>("rows").Add(1);
        Assert.False(provider.ForceFlush());
        Assert.Contains("rows_total", Assert.Single(bench.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_succeed_later_is_tried_again()
    {
        await using Bench bench = await Bench.StartAsync();
        using MeterProvider provider = bench.Build(static o => (o.Retry.MaxAttempts, o.Retry.BaseDelay) = (3, TimeSpan.Zero));
        bench.Meter.CreateCounter<int>("rows").Add(1);
        bench.Gateway.FailNext(HttpStatusCode.ServiceUnavailable);
        bench.Gateway.DropNext();
        Assert.True(provider.ForceFlush());
        Assert.Equal(3, bench.Gateway.Pushes.Count);
    }

    [Fact]
    public async Task A_last_push_that_is_lost_ends_in_time_and_is_an_error()
    {
        await using Bench bench = await Bench.StartAsync();
        MeterProvider provider = bench.Build(static o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(200));
        bench.Meter.CreateCounter<int>("rows").Add(1);
        bench.Gateway.DelayNext(TimeSpan.FromMinutes(5), 10);
        // Shutdown waits for ever, so only the option ends it.
        await Task.Run(() => provider.Shutdown()).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.StartsWith("Error: The last push of {job=\"test\"} is lost: PUT", Assert.Single(bench.Log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_under_way_makes_room_for_the_last_one()
    {
        await using Bench bench = await Bench.StartAsync();
        MeterProvider provider = bench.Build(static o =>
        {
            o.ShutdownTimeout = TimeSpan.FromSeconds(20);
            o.AttemptTimeout = TimeSpan.FromMinutes(10);
            o.Retry.TotalTime = TimeSpan.FromMinutes(10);
            o.Retry.MaxAttempts = 100;
        });
        bench.Meter.CreateCounter<int>("rows").Add(1);
        bench.Gateway.FailNext(HttpStatusCode.ServiceUnavailable, retryAfter: TimeSpan.FromSeconds(25));
        Task<bool> flush = Task.Run(() => provider.ForceFlush());
        await bench.Gateway.WaitForPushAsync();
        await Task.Run(() => provider.Shutdown()).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.False(await flush);
        Assert.Collection(
            bench.Log.Lines,
            static line => Assert.StartsWith("Warning: PUT of {job=\"test\"} was refused with 503", line, StringComparison.Ordinal),
            static line => Assert.Contains("succeed again", line, StringComparison.Ordinal));
        Assert.Equal(1, bench.Gateway.Value("rows_total"));
    }

    [Fact]
    public async Task A_host_that_is_disposed_of_before_any_push_pushes_at_its_end()
    {
        await using Bench bench = await Bench.StartAsync();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<ILoggerFactory>(bench.Log);
        builder.Services.AddHttpClient(PushgatewayClient.HttpClientName).ConfigurePrimaryHttpMessageHandler(bench.CreateHandler);
        builder.Services.Configure<PushgatewayExporterOptions>("nightly", o => o.Job = "by_name");
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics.AddMeter(bench.Meter.Name)
            .AddExpositionPusher("nightly", o => o.Endpoint = bench.Gateway.Uri));
        using (IHost host = builder.Build())
        {
            await host.StartAsync();
            bench.Meter.CreateCounter<int>("rows").Add(3);
            await host.StopAsync();
        }

        Assert.Equal(3, bench.Gateway.Value("rows_total{job=\"by_name\"}"));
        Assert.DoesNotContain(bench.Log.Lines, static line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private sealed class Events : EventListener
    {
        private readonly List<string> _lines = [];

        public string[] Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        protected override void OnEventSourceCreated(EventSource eventSource)
        {
            if (eventSource.Name == "OpenTelemetry-Exporter-Exposition")
            {
                EnableEvents(eventSource, EventLevel.Verbose);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            lock (_lines)
            {
                _lines.Add($"{eventData.Level}: {eventData.Payload?[0]}");
            }
        }
    }
}
