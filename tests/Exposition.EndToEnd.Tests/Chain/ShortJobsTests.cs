using Exposition.Formats;

namespace Exposition.EndToEnd.Tests.Chain;

/// <summary>
/// Twenty short jobs at once add to one counter and one native histogram: ten by curl with a header, ten by the official Python client with
/// a rule, which pushes the counter. What a real Prometheus takes for the increase is their sum.
/// </summary>
public sealed class ShortJobsTests
{
    private const int Jobs = 10;

    [Fact]
    public async Task Twenty_short_jobs_add_up_to_what_prometheus_says()
    {
        var curl = Tool.Require("curl", "curl");
        await using var gateway = await GatewayProcess.StartAsync("--push.mode={job=\"batch\"}=add");
        await using var monitoring = await Monitoring.StartAsync(gateway, takesNative: true);

        // The increase begins with the first value that Prometheus has seen.
        var url = new Uri(gateway.Address, "metrics/job/batch").ToString();
        await CurlAsync(curl, url, 0);
        await monitoring.UntilAsync("sum(done_total)", 0);
        await Task.WhenAll(Enumerable.Range(1, Jobs).Select(job => CurlAsync(curl, url, job))
            .Concat(Enumerable.Range(1, Jobs).Select(job => PythonAsync(gateway, job))));
        var sum = 2 * Jobs * (Jobs + 1) / 2;
        var scraped = (await gateway.ScrapeAsync()).With("job=\"batch\"");
        Assert.Equal(sum, scraped.Single(static s => s.Key.StartsWith("done_total", StringComparison.Ordinal)).Value);
        await monitoring.UntilAsync("max_over_time(done_total[5m]) - min_over_time(done_total[5m])", sum);
        await monitoring.UntilAsync("histogram_count(took_seconds)", Jobs * (Jobs + 1) / 2);

        // Extrapolated to the ends of its range, by half a scrape at most.
        await monitoring.UntilAsync("increase(done_total[5m])", value => Math.Abs((value / sum) - 1) < 0.2, $"about {sum}");
    }

    // A native histogram of so many observations has no text: protobuf.
    private static async Task CurlAsync(string curl, string url, int job)
    {
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(body, new ExpositionWriterOptions { Format = ScrapeFormat.ProtobufDelimited });
        writer.StartFamily("done_total", MetricType.Counter, "Work that is done.");
        writer.WriteSample(job);
        writer.StartFamily("took_seconds", MetricType.Histogram, "How long it took.");
        writer.WriteNativeHistogram(new NativeHistogramValue
        {
            Schema = job % 3,
            Count = (ulong)job,
            Sum = job,
            PositiveOffset = 1,
            PositiveCounts = [(ulong)job],
        });
        writer.Complete();
        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, body.WrittenMemory.ToArray());
        await Tool.SucceedAsync(curl, [
            "-sSf", "-H", "Exposition-Push-Mode: add", "-H", $"Exposition-Push-Id: curl {job}",
            "-H", "Content-Type: " + writer.ContentType, "--data-binary", "@" + file, url,
        ], null);
        File.Delete(file);
    }

    private static async Task PythonAsync(GatewayProcess gateway, int job) => await Tool.SucceedAsync(
        "/usr/bin/python3", ["-c", $"""
            from prometheus_client import CollectorRegistry, Counter, pushadd_to_gateway
            registry = CollectorRegistry()
            Counter('done', 'Work that is done.', registry=registry).inc({job})
            pushadd_to_gateway('{gateway.Address.Authority}', job='batch', registry=registry)
            """], null);
}
