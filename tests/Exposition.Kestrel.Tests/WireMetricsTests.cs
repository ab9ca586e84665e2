using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.SelfMetrics;

namespace Exposition.Kestrel.Tests;

public class WireMetricsTests
{
    private static readonly double[] s_quantiles = [0.1, 0.5, 0.9];

    private static double[] Query(SlidingSummary summary)
    {
        double[] values = new double[3];
        summary.Query(s_quantiles, values);
        return values;
    }

    [Fact]
    public void OneObservationIsEveryQuantile()
    {
        var summary = new SlidingSummary(new StoppedTime());
        summary.Observe(1_234_567);
        Assert.Equal([1_234_567, 1_234_567, 1_234_567], Query(summary));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(10_000_000)]
    public void QuantilesAreCloseToTheTruth(int largest)
    {
        var summary = new SlidingSummary(new StoppedTime());
        long[] values = new long[10_000];
        var random = new Random(1);
        for (int i = 0; i < values.Length; i++)
        {
            summary.Observe(values[i] = random.Next(1, largest));
        }

        Array.Sort(values);
        double[] found = Query(summary);
        for (int q = 0; q < 3; q++)
        {
            double truth = values[(int)Math.Ceiling(s_quantiles[q] * values.Length) - 1];
            Assert.InRange(found[q], truth * 0.997, truth * 1.003);
        }

        Assert.Equal(values.Sum(), summary.Sum);
        Assert.Equal(values.Length, summary.Count);
    }

    [Fact]
    public void TheWindowSlidesAndTheCountStays()
    {
        var time = new StoppedTime();
        var summary = new SlidingSummary(time);
        summary.Observe(10);
        time.Advance(TimeSpan.FromMinutes(5));
        summary.Observe(1000);
        Assert.Equal(10, Query(summary)[0]);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal([1000, 1000, 1000], Query(summary));
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.All(Query(summary), static v => Assert.True(double.IsNaN(v)));
        Assert.Equal(2, summary.Count);
        Assert.Equal(1010, summary.Sum);
        summary.Observe(7);
        Assert.Equal([7, 7, 7], Query(summary));
    }

    [Fact]
    public async Task ExtremesOfTheRange()
    {
        var summary = new SlidingSummary(new StoppedTime());
        summary.Observe(0);
        Assert.Equal(0, Query(summary)[1]);
        summary.Observe(long.MaxValue / 4);
        Assert.True(Query(summary)[2] >= int.MaxValue * 0.995);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                summary.Observe(i);
            }
        })));
        Assert.Equal(40_002, summary.Count);
    }

    [Fact]
    public async Task FamiliesAreTheReferences()
    {
        var raw = new RawHarness();
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: 12345\r\nContent-Length: 4\r\n\r\na 1\n");
        raw.Send("POST /metrics/job/a/b HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        raw.Send("DELETE /metrics/job/a HTTP/1.1\r\nHost: h\r\n\r\n");
        raw.Send("PUT /metrics/job/a HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\n\r\n");
        raw.Send("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
        raw.Engine.CountRequest("healthy", "get", 200);
        raw.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        await raw.Run;

        var set = new FamilySet();
        raw.Engine.Metrics.Collect(set, raw.Engine.Connections.Open, raw.Engine.Inflight.Used);

        Assert.Equal(
            """
            pushgateway_engine_accept_failures_total Counter How often no connection could be accepted, as where the system has no descriptors left.
              0
            pushgateway_engine_connections Gauge Connections that are open.
              0
            pushgateway_engine_handed_on_total Counter Connections that the raw door handed on to the general HTTP server, by reason.
              reason=path 1
            pushgateway_engine_inflight_bytes Gauge Memory held by request bodies, packed and unpacked, and to read the large ones.
              0
            pushgateway_engine_requests_total Counter Pushes, deletes and scrapes by the door that served them.
              door=kestrel 0
              door=raw 5
            pushgateway_http_push_duration_seconds Summary HTTP request duration for pushes to the Pushgateway.
              method=post 0 count 1 [0.1:0 0.5:0 0.9:0]
              method=put 0 count 1 [0.1:0 0.5:0 0.9:0]
            pushgateway_http_push_size_bytes Summary HTTP request size for pushes to the Pushgateway.
              method=post 29 count 1 [0.1:29 0.5:29 0.9:29]
              method=put 49 count 1 [0.1:49 0.5:49 0.9:49]
            pushgateway_http_rejected_total Counter Requests that were refused before any handler saw them, or for what they ask, by reason.
              reason=conflict 0
              reason=content_length 0
              reason=cross_site 0
              reason=disabled 0
              reason=encoding 0
              reason=expect 0
              reason=head_too_long 0
              reason=header 0
              reason=host 0
              reason=incomplete 0
              reason=method 0
              reason=not_found 0
              reason=other 0
              reason=overload 0
              reason=plain_http 0
              reason=query 0
              reason=rate_limit 0
              reason=request_line 0
              reason=target 0
              reason=target_too_long 0
              reason=timeout 0
              reason=too_many_headers 0
              reason=transfer_encoding 0
              reason=unauthorized 0
              reason=version 0
            pushgateway_http_requests_total Counter Total HTTP requests processed by the Pushgateway, excluding scrapes.
              code=200 handler=healthy method=get 1
              code=200 handler=push method=put 1
              code=202 handler=delete method=delete 1
              code=400 handler=push method=post 1
            pushgateway_limit_refusals_total Counter Requests, connections and scrapes that a limit has refused or ended, by its name.
              limit=api-readers 0
              limit=body-bytes 0
              limit=body-rate 0
              limit=body-timeout 0
              limit=bundle-cache-bytes 0
              limit=connections 0
              limit=decode-ratio 0
              limit=decoded-bytes 0
              limit=group-bytes 0
              limit=grouping-key-bytes 0
              limit=grouping-name-sets 0
              limit=groups 0
              limit=head-bytes 0
              limit=head-timeout 0
              limit=headers 0
              limit=held-bytes 0
              limit=idle-timeout 0
              limit=inflight-bytes 0
              limit=label-value-bytes 0
              limit=otlp-attributes 0
              limit=otlp-resources 0
              limit=page-readers 0
              limit=password-checks 0
              limit=push-ids 0
              limit=pushes-per-second 0
              limit=queued-bodies 0
              limit=rendered-bytes 0
              limit=replication-appends 0
              limit=replication-bytes 0
              limit=scrape-duration 0
              limit=scrape-rate 0
              limit=scrapes 0
              limit=searches 0
              limit=series-per-group 0
              limit=series-per-push 0
              limit=shape-cache-bytes 0
              limit=sources 0
              limit=stored-bytes 0
              limit=target-bytes 0
            pushgateway_pushes_refused_total Counter Pushes that were refused, by the class of the reason.
              reason=encoding 1
              reason=header 0
              reason=id 0
              reason=incomplete 0
              reason=inconsistent 0
              reason=internal 0
              reason=malformed 0
              reason=overload 0
              reason=path 1
              reason=timeout 0
              reason=too_large 0
            pushgateway_puts_against_mode_total Counter PUTs that have replaced a group for which a rule of modes says otherwise.
              0

            """.ReplaceLineEndings("\n"),
            Print(set));
    }

    [Fact]
    public void HostsAddTheirOwn()
    {
        var options = new ExpositionOptions { EngineMetrics = false };
        var engine = new ExpositionEngine(new FakeTarget(), options, [new Own("own_b")]);
        engine.AddMetricSource(new Own("own_c"));
        var set = new FamilySet();
        engine.Collect(set);
        Assert.Equal("own_b Gauge \nown_c Gauge \n", Print(set));
    }

    private static string Print(FamilySet set)
    {
        var text = new StringBuilder();
        foreach (FamilyRow family in set.Families.ToArray())
        {
            text.Append($"{Utf8(set.Text(family.Name))} {family.Type} {Utf8(set.Text(family.Help))}\n");
            for (int m = family.FirstMetric; m >= 0; m = set.Metrics[m].Next)
            {
                MetricRow metric = set.Metrics[m];
                text.Append(' ');
                foreach (LabelRow label in set.LabelsOf(m).ToArray())
                {
                    text.Append($" {Utf8(set.Text(label.Name))}={Utf8(set.Text(label.Value))}");
                }

                text.Append($" {metric.Value}");
                if (metric.Content == MetricContent.Summary)
                {
                    text.Append($" count {metric.Count} [{string.Join(' ', Points(set, metric))}]");
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Points(FamilySet set, MetricRow metric)
    {
        for (int p = metric.FirstPoint; p >= 0; p = set.Points[p].Next)
        {
            yield return $"{set.Points[p].Bound}:{set.Points[p].Value}";
        }
    }

    private static string Utf8(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);

    private sealed class Own(string name) : IMetricSource
    {
        public void Collect(FamilySet into) => into.AddFamily(Encoding.UTF8.GetBytes(name), MetricType.Gauge, ""u8);
    }
}
