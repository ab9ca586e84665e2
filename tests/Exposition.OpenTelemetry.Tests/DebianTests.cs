using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Exposition.Formats;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Exposition.OpenTelemetry.Tests;

/// <summary>The Pushgateway itself takes what is pushed, and shows it.</summary>
public sealed class DebianTests
{
    [Theory]
    [InlineData(PushgatewayFormat.Protobuf)]
    [InlineData(PushgatewayFormat.Text)]
    public async Task It_stores_all_kinds_of_instruments(PushgatewayFormat format)
    {
        await using DebianGateway gateway = await DebianGateway.StartAsync();
        using var http = new HttpClient();
        using var meter = new Meter("Test." + Guid.NewGuid().ToString("N"));
        using (MeterProvider provider = Build(gateway.Address, meter, format))
        {
            meter.CreateCounter<int>("rows").Add(3, new("job", "mine"), new("table", "users"));
            meter.CreateGauge<double>("used", "1").Record(0.5);
            meter.CreateHistogram<double>("run", "s").Record(0.02);
            meter.CreateHistogram<double>("size").Record(3);
            Assert.True(provider.ForceFlush(), gateway.Log);
        }

        string text = await http.GetStringAsync(new Uri(gateway.Address, "/metrics"));
        Assert.Contains("rows_total{exported_job=\"mine\",instance=\"\",job=\"debian/é\",", text, StringComparison.Ordinal);
        Assert.Contains("run_seconds_bucket{instance=\"\",job=\"debian/é\",", text, StringComparison.Ordinal);
        Assert.Contains("used_ratio{", text, StringComparison.Ordinal);
        Assert.Contains("target_info{host_name=\"db1\",instance=\"\",job=\"debian/é\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("push_failure_time_seconds{instance=\"\",job=\"debian/é\"} 0\n", text, StringComparison.Ordinal);

        if (format == PushgatewayFormat.Protobuf)
        {
            Assert.Equal([new NativeBucket(0, 2, 4, 1, 0)], await NativeAsync(http, gateway.Address));
        }
    }

    [Fact]
    public async Task It_says_why_it_refuses()
    {
        await using DebianGateway gateway = await DebianGateway.StartAsync();
        using var meter = new Meter("Test." + Guid.NewGuid().ToString("N"));
        using var log = new LogLines();
        // Exemplars of OpenMetrics are none of text, which it reads all bodies as that are no protobuf.
        using MeterProvider provider = Build(gateway.Address, meter, PushgatewayFormat.OpenMetrics, o => o.LoggerFactory = log);
        meter.CreateCounter<int>("rows").Add(3);
        Assert.False(provider.ForceFlush());
        Assert.Contains("was refused with 400 Bad Request: text format parsing error in line", Assert.Single(log.Lines),
            StringComparison.Ordinal);
    }

    private static MeterProvider Build(
        Uri endpoint, Meter meter, PushgatewayFormat format, Action<PushgatewayExporterOptions>? more = null) =>
        Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(ResourceBuilder.CreateEmpty().AddAttributes([new("host.name", "db1")]))
            .AddMeter(meter.Name)
            .SetExemplarFilter(ExemplarFilterType.AlwaysOn)
            .AddView("size", new Base2ExponentialBucketHistogramConfiguration { MaxScale = 0 })
            .AddExpositionPusher(o =>
            {
                (o.Endpoint, o.Job, o.Format, o.Interval) = (endpoint, "debian/é", format, TimeSpan.Zero);
                more?.Invoke(o);
            })
            .Build();

    private static async Task<NativeBucket[]> NativeAsync(HttpClient http, Uri gateway)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway, "/metrics"));
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"));
        using HttpResponseMessage answer = await http.SendAsync(request);
        var set = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(await answer.Content.ReadAsByteArrayAsync(), set, out FormatError error), error.ToString());
        Assert.True(set.Views.TryGet("size"u8, out FamilyView family));
        foreach (MetricView metric in family.Metrics)
        {
            Assert.True(metric.TryGetNativeHistogram(out NativeHistogram? histogram));
            return [.. histogram.EnumerateBuckets()];
        }

        return [];
    }
}
