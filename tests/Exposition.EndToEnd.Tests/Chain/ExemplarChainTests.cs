using System.Text.Json;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>An exemplar on its way from a push to Prometheus, which gets it only through OpenMetrics.</summary>
public sealed class ExemplarChainTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Exemplars_of_a_push_can_be_asked_of_prometheus()
    {
        var curl = Tool.Require("curl", "curl");
        await using var gateway = await GatewayProcess.StartAsync("--web.enable-openmetrics");
        await using var monitoring = await Monitoring.StartAsync(gateway);

        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Tool.SucceedAsync(curl,
            ["-sSf", "-X", "PUT", "-H", "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8", "--data-binary", "@-",
            new Uri(gateway.Address, "metrics/job/traced").ToString()],
            Tool.Body(string.Create(CultureInfo.InvariantCulture,
                $"# TYPE rows counter\nrows_total{{table=\"users\"}} 3 # {{trace_id=\"abc\"}} 0.5 {now}.25\n# EOF\n")));

        using var client = new HttpClient();
        var query = new Uri(monitoring.Prometheus, $"api/v1/query_exemplars?query=rows_total&start={now - 600}&end={now + 600}");
        var end = DateTime.UtcNow + s_limit;
        while (DateTime.UtcNow < end)
        {
            using var document = JsonDocument.Parse(await client.GetStringAsync(query));
            var series = document.RootElement.GetProperty("data");
            if (series.GetArrayLength() > 0)
            {
                Assert.Equal("traced", series[0].GetProperty("seriesLabels").GetProperty("job").GetString());
                var exemplar = Assert.Single(series[0].GetProperty("exemplars").EnumerateArray());
                Assert.Equal("abc", exemplar.GetProperty("labels").GetProperty("trace_id").GetString());
                Assert.Equal("0.5", exemplar.GetProperty("value").GetString());
                Assert.Equal(now + 0.25, exemplar.GetProperty("timestamp").GetDouble(), 3);
                return;
            }

            await Task.Delay(100);
        }

        Assert.Fail($"no exemplar within {s_limit.TotalSeconds} s\n{monitoring.Log}");
    }
}
