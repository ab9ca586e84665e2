using System.Buffers;
using Exposition.Engine;
using Exposition.Formats;

namespace Exposition.Persistence.Tests;

/// <summary>From a store through the file into another store.</summary>
public sealed class WholeStoreTests : InDirectory
{
    [Theory]
    [InlineData(ScrapeFormat.OpenMetrics)]
    [InlineData(ScrapeFormat.ProtobufDelimited)]
    [InlineData(ScrapeFormat.Text)]
    public async Task Exemplars_created_times_and_units_survive_a_restart(ScrapeFormat format)
    {
        var first = new MetricStore(new StoreOptions());
        await using (var copy = new DurableCopy("test", Open(), first, new DurableCopyOptions { Interval = TimeSpan.FromHours(1) }))
        {
            copy.Start();
            PushOutcome outcome = first.Push(Samples.Key("j"), PushFormat.OpenMetrics, """
                # TYPE jobs_seconds counter
                # UNIT jobs_seconds seconds
                jobs_seconds_total{kind="a"} 3.0 # {trace_id="abc"} 0.5 1.7e+09
                jobs_seconds_created{kind="a"} 1.5e+09
                # TYPE latency histogram
                latency_bucket{le="1.0"} 1 # {trace_id="def"} 0.25
                latency_bucket{le="+Inf"} 2
                # EOF
                """u8.ToArray().Where(static b => b != '\r').ToArray(), PushMode.Replace);
            Assert.Equal(new PushOutcome(PushStatus.Stored), outcome);
            Assert.True(await copy.StopAsync());
        }

        var second = new MetricStore(new StoreOptions());
        await using (var copy = new DurableCopy("test", Open(), second, new DurableCopyOptions { Interval = TimeSpan.FromHours(1) }))
        {
            Assert.Equal(new LoadReport(1, 0, false), copy.Start());
        }

        string exposed = Expose(second, format);
        Assert.Equal(Expose(first, format), exposed);
        Assert.Equal(format != ScrapeFormat.Text, exposed.Contains("trace_id", StringComparison.Ordinal));
        if (format == ScrapeFormat.OpenMetrics)
        {
            Assert.Contains(
                "# UNIT jobs_seconds seconds\njobs_seconds_total{instance=\"\",job=\"j\",kind=\"a\"} 3.0 # {trace_id=\"abc\"} 0.5 1.7e+09\n", exposed, StringComparison.Ordinal);
        }
    }

    private static string Expose(MetricStore store, ScrapeFormat format)
    {
        using var scrape = new Scrape(store, null, format, EscapingScheme.Underscores);
        var output = new ArrayBufferWriter<byte>();
        while (scrape.WriteNext(output, 1 << 16))
        {
        }

        return System.Text.Encoding.Latin1.GetString(output.WrittenSpan);
    }
}
