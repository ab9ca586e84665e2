using System.Buffers;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Text;
using System.Xml.Linq;
using Exposition.Harness;

namespace Exposition.Formats.Tests;

/// <summary>
/// The code that the documentation shows, compiled and run. A change here is made there, too: the last tests compare them.
/// </summary>
public sealed class SampleTests
{
    private const string Here = "tests/Exposition.Formats.Tests/SampleTests.cs";

    [Fact]
    public void Read_text_and_walk_it()
    {
        byte[] body = "# TYPE http_requests_total counter\nhttp_requests_total{code=\"200\",path=\"/\"} 17\nhttp_requests_total{code=\"500\",path=\"/\"} 2\n"u8.ToArray();
        using var output = new StringWriter();

        var set = new FamilySet();
        if (!TextFormat.TryRead(body, new TextReadOptions(NameScheme.Utf8, Lenient: true), set, out FormatError error))
        {
            throw new FormatException(error.ToString());
        }

        foreach (FamilyView family in set.Views)
        {
            foreach (MetricView metric in family.Metrics)
            {
                foreach (ExpositionLabel label in metric.Labels)
                {
                    output.Write($"{Encoding.UTF8.GetString(label.Name)}={Encoding.UTF8.GetString(label.Value)} ");
                }

                output.WriteLine(metric.Value);
            }
        }

        Assert.Equal("code=200 path=/ 17\ncode=500 path=/ 2\n", output.ToString());
    }

    [Fact]
    public void Read_lines_over_spans()
    {
        ReadOnlySpan<byte> text = "# TYPE backup_bytes gauge\nbackup_bytes{job=\"nightly\"} 17\nbackup_bytes{job=\"weekly\"} 2\nbackup_bytes{job=\"nightly\"} 3\n"u8;

        double bytes = 0;
        var reader = new ExpositionReader(text, new ExpositionReaderState());
        while (reader.Read())
        {
            if (reader.Token == ExpositionToken.Sample
                && reader.Labels.TryGet("job"u8, out ReadOnlySpan<byte> job) && job.SequenceEqual("nightly"u8))
            {
                bytes += reader.Value;
            }
        }

        if (reader.Error is { } error)
        {
            throw new FormatException(error.ToString());
        }

        Assert.Equal(20, bytes);
    }

    [Fact]
    public async Task Samples_of_a_stream()
    {
        using var stream = new MemoryStream("a{x=\"1\"} 1\nb 2\n"u8.ToArray());
        using var output = new StringWriter();

        await foreach (MetricSample sample in ExpositionText.ReadAsync(stream))
        {
            output.WriteLine(sample);
        }

        Assert.Equal("a{x=\"1\"} 1\nb 2\n", output.ToString());
    }

    [Fact]
    public async Task Samples_of_a_pipe()
    {
        PipeReader reader = PipeReader.Create(new MemoryStream("a{job=\"x\"} 1\nb{job=\"x\"} 2\nc 3\n"u8.ToArray()));

        var totals = new Dictionary<string, double>();
        await ExpositionText.ReadAsync(reader, totals, static (totals, sample) =>
        {
            if (sample.Labels.TryGet("job"u8, out ReadOnlySpan<byte> job))
            {
                string name = Encoding.UTF8.GetString(job);
                totals[name] = totals.GetValueOrDefault(name) + sample.Value;
            }
        });

        Assert.Equal([new("x", 3)], totals);
        await reader.CompleteAsync();
    }

    [Fact]
    public async Task Samples_of_a_scrape()
    {
        using var client = new HttpClient(new Scraped("http_requests_total{code=\"500\"} 2\nhttp_requests_total{code=\"200\"} 17\n"));
        var address = new Uri("http://localhost/metrics");

        IReadOnlyList<MetricSample> samples = ExpositionText.Parse(await client.GetStringAsync(address));
        double failed = samples.Single(sample => sample.Name == "http_requests_total" && sample.Labels["code"] == "500").Value;

        Assert.Equal(2, failed);
    }

    [Fact]
    public void Write_openmetrics()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(output, new ExpositionWriterOptions(ScrapeFormat.OpenMetrics));
        writer.StartFamily("http_requests_total", MetricType.Counter, "Requests that were answered.");
        writer.WriteSample(17, ("code", "200"), ("path", "/"));
        writer.WriteExemplar(1, DateTimeOffset.UnixEpoch, ("trace_id", "5b8efff798038103"));
        writer.StartFamily("request_seconds", MetricType.Histogram, "How long they took.", "seconds");
        writer.WriteHistogram([new(0.1, 15), new(1, 17)], count: 17, sum: 3.5);
        writer.Complete();

        Assert.Equal(
            """
            # HELP http_requests Requests that were answered.
            # TYPE http_requests counter
            http_requests_total{code="200",path="/"} 17.0 # {trace_id="5b8efff798038103"} 1.0 0.0
            # HELP request_seconds How long they took.
            # TYPE request_seconds histogram
            # UNIT request_seconds seconds
            request_seconds_bucket{le="0.1"} 15
            request_seconds_bucket{le="1.0"} 17
            request_seconds_bucket{le="+Inf"} 17
            request_seconds_sum 3.5
            request_seconds_count 17
            # EOF

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Collect_metrics_into_a_set()
    {
        var set = new FamilySet();
        new Backups().Collect(set);

        Assert.Equal(
            "# HELP backup_last_success_seconds When the last backup ended.\n# TYPE backup_last_success_seconds gauge\n"
            + "backup_last_success_seconds{job=\"nightly\"} 1.70000000025e+09\n"
            + "# HELP backup_rows_total Rows.\n# TYPE backup_rows_total counter\n"
            + "backup_rows_total{table=\"users\"} 17\nbackup_rows_total{table=\"orders\"} 3\n"
            + "# HELP backup_seconds How long backups take.\n# TYPE backup_seconds histogram\n"
            + "backup_seconds_bucket{le=\"60\"} 7\nbackup_seconds_bucket{le=\"+Inf\"} 8\nbackup_seconds_sum 199\nbackup_seconds_count 8\n",
            ProtobufSupport.WriteText(set));
    }

    private sealed class Backups : IMetricSource
    {
        public void Collect(FamilySet into)
        {
            into.AddGauge("backup_last_success_seconds", "When the last backup ended.", 1700000000.25, ("job", "nightly"));
            into.AddCounter("backup_rows_total", "Rows.", 17, ("table", "users"));
            into.AddCounter("backup_rows_total", "Rows.", 3, ("table", "orders"));

            var writer = new ExpositionWriter(into);
            writer.StartFamily("backup_seconds", MetricType.Histogram, "How long backups take.");
            writer.WriteHistogram([new(60, 7)], count: 8, sum: 199);
            writer.Complete();
        }
    }

    private sealed class Scraped(string text) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent(text) });
    }

    [Fact]
    public void Walk_a_set()
    {
        var set = new FamilySet();
        set.AddCounter("http_requests_total", "Requests.", 17, ("code", "200"));
        set.AddCounter("http_requests_total", "Requests.", 2, ("code", "500"));
        using var output = new StringWriter();

        foreach (FamilyView family in set.Views)
        {
            foreach (MetricView metric in family.Metrics)
            {
                if (metric.Labels.TryGet("code"u8, out ReadOnlySpan<byte> code))
                {
                    output.WriteLine($"{Encoding.UTF8.GetString(family.Name)} {Encoding.UTF8.GetString(code)}: {metric.Value}");
                }
            }
        }

        Assert.Equal("http_requests_total 200: 17\nhttp_requests_total 500: 2\n", output.ToString());
    }

    [Fact]
    public void Labels_are_looked_up()
    {
        LabelSet labels = [("code", "200"), ("path", "/")];

        Assert.Equal("200", labels["code"]);
    }

    [Fact]
    public void Openmetrics_is_read_and_written()
    {
        byte[] openMetrics = "# TYPE a counter\na_total 1.0 # {t=\"x\"} 1.0\n# EOF\n"u8.ToArray();
        var output = new ArrayBufferWriter<byte>();

        var set = new FamilySet();
        if (!OpenMetricsFormat.TryRead(openMetrics, NameScheme.Utf8, set, out FormatError error))
        {
            throw new ExpositionFormatException(error);
        }

        for (int family = 0; family < set.Views.Count; family++)
        {
            OpenMetricsFormat.Write(set, family, EscapingScheme.AllowUtf8, output);
        }

        OpenMetricsFormat.WriteEnd(output);

        Assert.Equal(openMetrics, output.WrittenSpan);
    }

    [Fact]
    public void A_scrape_is_negotiated()
    {
        var output = new ArrayBufferWriter<byte>();

        ReadOnlySpan<byte> accept = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"u8;
        ScrapeNegotiation scrape = FormatNegotiator.Choose(accept, openMetrics: true);
        var writer = new ExpositionWriter(output, new ExpositionWriterOptions(scrape));

        Assert.Equal("application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8", writer.ContentType);
    }

    [Fact]
    public void Numbers_are_read_and_shown()
    {
        Assert.True(ExpositionNumber.TryParse("+Inf"u8, out double bound));
        Assert.Equal("1e+06", ExpositionNumber.ToString(1_000_000));
        Assert.Equal(double.PositiveInfinity, bound);
    }

    [Fact]
    public void Native_histograms_are_written_and_read()
    {
        var set = new FamilySet();
        var writer = new ExpositionWriter(set);

        writer.StartFamily("request_seconds", MetricType.Histogram, "How long they took.");
        writer.WriteNativeHistogram(
            new NativeHistogramValue
            {
                Schema = 0,
                Count = 7,
                Sum = 18.5,
                ZeroThreshold = 0.001,
                ZeroCount = 1,
                PositiveOffset = 1,
                PositiveCounts = [4, 0, 2],
            },
            ("code", "200"));
        writer.Complete();

        FamilyView family = set.Views[0];
        var buckets = new List<string>();
        foreach (MetricView metric in family.Metrics)
        {
            if (metric.TryGetNativeHistogram(out NativeHistogram? histogram))
            {
                buckets.AddRange(histogram.EnumerateBuckets().Select(bucket => $"({bucket.Lower},{bucket.Upper}]: {bucket.Count}"));
            }
        }

        Assert.Equal(["(-0.001,0.001]: 1", "(1,2]: 4", "(4,8]: 2"], buckets);
    }

    [Fact]
    public void Text_becomes_protobuf()
    {
        byte[] body = "# TYPE up gauge\nup 1\n# TYPE down gauge\ndown{why=\"\"} 0\n"u8.ToArray();
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(body, default, set, out _));

        var output = new ArrayBufferWriter<byte>();
        var metrics = new ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Views.Count; family++)
        {
            // The length of a family stands before it, so its metrics are written first.
            metrics.ResetWrittenCount();
            ProtobufFormat.WriteMetrics(set, family, metrics);
            FamilyView view = set.Views[family];
            ProtobufFormat.WriteHeader(view.Name, view.Type, view.HasHelp, view.Help, EscapingScheme.AllowUtf8, metrics.WrittenCount, output);
            output.Write(metrics.WrittenSpan);
        }

        var again = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(output.WrittenMemory, again, out _));
        Assert.Equal(ProtobufSupport.WriteText(set), ProtobufSupport.WriteText(again));
        Assert.Equal(Encoding.UTF8.GetString(body), ProtobufSupport.WriteText(again));
    }

    [Fact]
    public void Listen_to_meters()
    {
        using var source = new MeterSource("MyApp.*", "System.Net.Http");
        using var meter = new Meter("MyApp.Backup");
        Counter<long> rows = meter.CreateCounter<long>("backup.rows");
        rows.Add(3, new KeyValuePair<string, object?>("table", "users"));

        var set = new FamilySet();
        source.Collect(set);     // backup_rows_total{table="users"} 3

        Assert.True(set.Views.TryGet("backup_rows_total"u8, out FamilyView family));
        foreach (MetricView metric in family.Metrics)
        {
            Assert.Equal(3, metric.Value);
        }
    }

    private sealed class JobQueue : List<int>;

    private sealed class QueueSource(JobQueue queue) : IMetricSource
    {
        public void Collect(FamilySet into) => into.AddGauge("queue_length", "Jobs that wait.", queue.Count);
    }

    [Fact]
    public void Write_a_source()
    {
        var set = new FamilySet();
        new QueueSource([1, 2]).Collect(set);
        Assert.Equal("# HELP queue_length Jobs that wait.\n# TYPE queue_length gauge\nqueue_length 2\n", ProtobufSupport.WriteText(set));
    }

    [Fact]
    public void Samples_in_the_xml_documentation_are_these()
    {
        var documentation = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Exposition.Formats.xml"));

        // One that leaves something out, and says so with dots, is a sketch.
        List<string> samples = [.. documentation.Descendants("code").Select(code => code.Value).Where(code => !code.Contains("...", StringComparison.Ordinal))];
        Assert.True(samples.Count >= 4, $"{samples.Count} samples");
        Assert.All(samples, sample => Assert.True(ReadmeSamples.Contains(Here, sample), sample));
    }

    [Fact]
    public void Samples_in_the_readme_are_these() => ReadmeSamples.AreIn(Here, "src/Exposition.Formats/README.md");
}
