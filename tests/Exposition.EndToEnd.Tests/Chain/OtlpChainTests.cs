using System.Net.Http.Headers;
using System.Text;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>What comes with OTLP, as a real Prometheus has it after it has scraped.</summary>
public sealed class OtlpChainTests
{
    [Fact]
    public async Task Prometheus_scrapes_the_right_sums()
    {
        await using var gateway = await GatewayProcess.StartAsync("--web.enable-otlp", "--web.enable-openmetrics");
        await using var monitoring = await Monitoring.StartAsync(gateway);
        for (var i = 1; i <= 4; i++)
        {
            // The second one comes twice, as an exporter sends it whose answer was lost.
            for (var attempt = 0; attempt < (i == 2 ? 2 : 1); attempt++)
            {
                using var body = new StringContent(Request(i), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
                using var answer = await gateway.Client.PostAsync(new Uri("v1/metrics", UriKind.Relative), body);
                Assert.Equal("{}", await answer.Content.ReadAsStringAsync());
            }
        }

        await monitoring.UntilAsync("rows_total{job=\"shop/import\"}", 10);
        await monitoring.UntilAsync("duration_seconds_count{job=\"shop/import\"}", 8);
        await monitoring.UntilAsync("duration_seconds_bucket{job=\"shop/import\",le=\"1.0\"} or duration_seconds_bucket{le=\"1\"}", 4);
        await monitoring.UntilAsync("running_total{job=\"shop/import\"}", 40);
    }

    // Deltas of one instance, and running totals of two, in one request.
    private static string Request(int export) => $$$$"""
        {"resourceMetrics":[{{{{Resource("a", $$$"""
            {"name":"rows","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"{{{export}}}","startTimeUnixNano":"{{{export}}}","timeUnixNano":"{{{export + 1}}}"}]}},
            {"name":"duration","unit":"s","histogram":{"aggregationTemporality":1,"dataPoints":[
              {"timeUnixNano":"{{{export + 1}}}","count":"2","sum":3,"bucketCounts":["1","1"],"explicitBounds":[1]}]}},
            {"name":"running","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"{{{export * 5}}}","startTimeUnixNano":"1","timeUnixNano":"{{{export + 1}}}"}]}}
            """)}}}},{{{{Resource("b", $$$"""
            {"name":"running","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":"{{{export * 5}}}","startTimeUnixNano":"1","timeUnixNano":"{{{export + 1}}}"}]}}
            """)}}}}]}
        """;

    private static string Resource(string instance, string metrics) => $$$"""
        {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"import"}},{"key":"service.namespace","value":{"stringValue":"shop"}},
          {"key":"service.instance.id","value":{"stringValue":"{{{instance}}}"}}]},"scopeMetrics":[{"scope":{"name":"s"},"metrics":[{{{metrics}}}]}]}
        """;
}
