using System.Buffers;
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

        foreach (ref readonly FamilyRow family in set.Families)
        {
            for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
            {
                foreach (ref readonly LabelRow label in set.LabelsOf(metric))
                {
                    output.Write($"{Encoding.UTF8.GetString(set.Text(label.Name))}={Encoding.UTF8.GetString(set.Text(label.Value))} ");
                }

                output.WriteLine(set.Metrics[metric].Value);
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
            if (reader.Token == ExpositionToken.Sample && reader.Labels.TryGet("job"u8, out ReadOnlySpan<byte> job) && job.SequenceEqual("nightly"u8))
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
    public void Read_lines_of_a_stream()
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 9000).Select(static i => $"sample_number{{i=\"{i}\"}} {i}\n"))));

        double sum = 0;
        var state = new ExpositionReaderState();
        byte[] buffer = new byte[64 << 10];
        int length = 0;
        for (bool ended = false; !ended;)
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            int read = stream.Read(buffer, length, buffer.Length - length);
            ended = read == 0;
            length += read;
            var reader = new ExpositionReader(buffer.AsSpan(0, length), state, isFinalBlock: ended);
            while (reader.Read())
            {
                sum += reader.Value;
            }

            if (reader.Error is { } error)
            {
                throw new FormatException(error.ToString());
            }

            buffer.AsSpan(reader.BytesConsumed..length).CopyTo(buffer);
            length -= reader.BytesConsumed;
        }

        Assert.Equal(9000 * 8999 / 2, sum);
        Assert.Equal(9000, state.Lines);
    }

    [Fact]
    public void Build_a_set_and_write_it()
    {
        var set = new FamilySet();
        int family = set.AddFamily("backup_last_success_seconds"u8, MetricType.Gauge, "When the last backup ended."u8);
        int metric = set.AddMetric(family);
        set.AddLabel("job"u8, "nightly"u8);
        set.Metrics[metric].Content = MetricContent.Gauge;
        set.Metrics[metric].Value = 1700000000.25;

        var output = new ArrayBufferWriter<byte>();
        FamilyRow row = set.Families[family];
        TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.Underscores, output);
        TextFormat.WriteSamples(set, family, EscapingScheme.Underscores, output);

        Assert.Equal(
            "# HELP backup_last_success_seconds When the last backup ended.\n# TYPE backup_last_success_seconds gauge\n"
            + "backup_last_success_seconds{job=\"nightly\"} 1.70000000025e+09\n",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Build_a_histogram()
    {
        var set = new FamilySet();
        int family = set.AddFamily("request_seconds"u8, MetricType.Histogram, "Latency."u8);
        int metric = set.AddMetric(family);
        set.AddPoint(metric, bound: 0.1, value: 0, count: 7);
        set.AddPoint(metric, bound: 1, value: 0, count: 9);
        ref MetricRow histogram = ref set.Metrics[metric];
        histogram.Content = MetricContent.Histogram;
        histogram.Count = 10;
        histogram.Value = 3.5;

        var output = new ArrayBufferWriter<byte>();
        TextFormat.WriteSamples(set, family, EscapingScheme.Underscores, output);
        Assert.Equal(
            "request_seconds_bucket{le=\"0.1\"} 7\nrequest_seconds_bucket{le=\"1\"} 9\nrequest_seconds_bucket{le=\"+Inf\"} 10\n"
            + "request_seconds_sum 3.5\nrequest_seconds_count 10\n",
            Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void Text_becomes_protobuf()
    {
        byte[] body = "# TYPE up gauge\nup 1\n# TYPE down gauge\ndown{why=\"\"} 0\n"u8.ToArray();
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(body, default, set, out _));

        var output = new ArrayBufferWriter<byte>();
        var metrics = new ArrayBufferWriter<byte>();
        for (int family = 0; family < set.Families.Length; family++)
        {
            // The length of a family stands before it, so its metrics are written first.
            metrics.ResetWrittenCount();
            ProtobufFormat.WriteMetrics(set, family, metrics);
            FamilyRow row = set.Families[family];
            ReadOnlySpan<byte> help = set.Text(row.Help);
            ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, help, EscapingScheme.AllowUtf8, metrics.WrittenCount, output);
            output.Write(metrics.WrittenSpan);
        }

        var again = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(output.WrittenMemory, again, out _));
        Assert.Equal(ProtobufSupport.WriteText(set), ProtobufSupport.WriteText(again));
        Assert.Equal(Encoding.UTF8.GetString(body), ProtobufSupport.WriteText(again));
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
