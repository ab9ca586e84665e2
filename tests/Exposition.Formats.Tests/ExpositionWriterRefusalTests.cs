using System.Buffers;
using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>What cannot be written is refused with a reason, and leaves nothing behind.</summary>
public sealed class ExpositionWriterRefusalTests
{
    private readonly ArrayBufferWriter<byte> _output = new();

    [Fact]
    public void Calls_out_of_order_say_what_was_expected()
    {
        var writer = new ExpositionWriter(_output);
        Refused("WriteSample: no family has been started: call StartFamily first.", () => writer.WriteSample(1));
        Refused("AddLabel: no family has been started: call StartFamily first.", () => writer.AddLabel("a"u8, "b"u8));
        writer.StartFamily("a", MetricType.Gauge, "");
        Refused("WriteTimestamp: it belongs to a sample, summary or histogram, and is called right after it.",
            () => writer.WriteTimestamp(default));
        Refused("WriteHistogram is for histograms; the family \"a\" is of the type Gauge.", () => writer.WriteHistogram([], 0, 0));
        writer.WriteSample(1);
        Refused("WriteExemplar is for counters and histograms; the family \"a\" is of the type Gauge.",
            () => writer.WriteExemplar(1, null));
        Refused("WriteCreated is for counters, summaries and histograms; the family \"a\" is of the type Gauge.",
            () => writer.WriteCreated(DateTimeOffset.UnixEpoch));
        writer.AddLabel("x"u8, "1"u8);
        Refused("StartFamily: labels were added, but the sample that they belong to was not written.",
            () => writer.StartFamily("b", MetricType.Gauge, ""));
        Refused("Complete: labels were added, but the sample that they belong to was not written.", writer.Complete);
        writer.WriteSample(2);
        writer.StartFamily("c_total", MetricType.Counter, "");
        writer.WriteSample(3);
        writer.WriteExemplar(1, null);
        Refused("The counter has an exemplar already: it can have one.", () => writer.WriteExemplar(1, null));
        writer.WriteCreated(DateTimeOffset.UnixEpoch);
        Refused("WriteCreated: the metric has a created time already.", () => writer.WriteCreated(DateTimeOffset.UnixEpoch));
        writer.Complete();
        Refused("Complete: the exposition is complete; nothing can be written behind its end.", writer.Complete);
        Refused("WriteSample: the exposition is complete; nothing can be written behind its end.", () => writer.WriteSample(1));
        Assert.Equal("# TYPE a gauge\na 1\na{x=\"1\"} 2\n# TYPE c_total counter\nc_total 3\n", Written());
    }

    [Fact]
    public void Names_that_come_twice_are_refused()
    {
        var writer = new ExpositionWriter(_output);
        writer.StartFamily("h", MetricType.Histogram, "");
        const string Clash = "There is a family or sample named \"h_count\" already: write all samples of a family behind one StartFamily.";
        Refused(Clash, () => writer.StartFamily("h_count", MetricType.Gauge, ""));
        writer.StartFamily("a.b", MetricType.Gauge, "");
        Refused("There is a family or sample named \"a_b\" already: write all samples of a family behind one StartFamily.",
            () => writer.StartFamily("a_b", MetricType.Gauge, ""));
        writer.StartFamily("s_sum", MetricType.Gauge, "");
        Refused("The family \"s\" has samples named \"s_sum\", but there is an earlier family or sample of that name.",
            () => writer.StartFamily("s", MetricType.Summary, ""));
        writer.StartFamily("s", MetricType.Gauge, "");
        writer.WriteSample(1);
        writer.StartFamily("s_total", MetricType.Counter, "");
        writer.WriteSample(1);
        writer.Complete();

        writer = new ExpositionWriter(_output, new ExpositionWriterOptions(ScrapeFormat.OpenMetrics));
        writer.StartFamily("s", MetricType.Gauge, "");
        Refused("The family \"s_total\" has samples named \"s\", but there is an earlier family or sample of that name.",
            () => writer.StartFamily("s_total", MetricType.Counter, ""));
    }

    [Theory]
    [InlineData("", "A label has an empty name.")]
    [InlineData("__name__", "The label name \"__name__\" is reserved: names that begin with two underscores are.")]
    [InlineData("a:b", "The label name \"a:b\" has a colon, which only names of metrics may have.")]
    [InlineData("le", "The label \"le\" is written for each point of a Histogram: it is no label of the metric.")]
    [InlineData("x.y", "The label \"x_y\" comes twice.")]
    public void Labels_that_cannot_be_written_are_refused_and_leave_nothing(string name, string expected)
    {
        var writer = new ExpositionWriter(_output);
        writer.StartFamily("h", MetricType.Histogram, "");
        writer.WriteHistogram([], 1, 1, ("before", ""));
        writer.AddLabel("first"u8, "1"u8);
        ArgumentException error = Assert.Throws<ArgumentException>(
            () => writer.WriteHistogram([new(1, 1)], 1, 1, ("x_y", "2"), (name, "3")));
        Assert.Equal(expected, error.Message);
        Assert.Throws<ArgumentException>(() => writer.AddLabel("x"u8, [0xFF]));
        writer.WriteHistogram([], 2, 2, ("after", ""));
        writer.Complete();
        Assert.Equal(["before", "before", "before", "after", "after", "after"], Samples().Select(sample => sample.Labels[0].Name));
    }

    [Fact]
    public void Families_that_cannot_be_written_are_refused()
    {
        var writer = new ExpositionWriter(_output, new ExpositionWriterOptions(ScrapeFormat.OpenMetrics));
        RefusedArgument("The name of the family is empty.", () => writer.StartFamily("", MetricType.Gauge, ""));
        RefusedArgument("There is no type 9.", () => writer.StartFamily("a", (MetricType)9, ""));
        RefusedArgument("The name of a counter ends in \"_total\" in OpenMetrics; \"a\" does not.",
            () => writer.StartFamily("a", MetricType.Counter, ""));
        RefusedArgument("The name \"a_bytes_total\" does not end in \"_\" and its unit \"seconds\", before \"_total\", which OpenMetrics demands.",
            () => writer.StartFamily("a_bytes_total", MetricType.Counter, "", "seconds"));
        RefusedArgument("The name is no valid text: it holds half of a surrogate pair.",
            () => writer.StartFamily("\ud800", MetricType.Gauge, ""));
        RefusedArgument("The name \"\\xff\" is no UTF-8.", () => writer.StartFamily([0xFF], MetricType.Gauge, default));
        writer.StartFamily("a_bytes_total", MetricType.Counter, "", "bytes");
        writer.WriteSample(1);
        RefusedArgument("The labels of the exemplar have 130 characters; 128 are allowed in all.",
            () => writer.WriteExemplar(1, null, ("l", new string('x', 129))));
        writer.WriteExemplar(1, null, ("l", new string('x', 127)));
        writer.Complete();
        Assert.Equal("# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total 1.0 # {l=\"" + new string('x', 127) + "\"} 1.0\n# EOF\n", Written());
    }

    [Fact]
    public void Points_that_contradict_each_other_are_refused()
    {
        var writer = new ExpositionWriter(_output);
        writer.StartFamily("h", MetricType.Histogram, "");
        RefusedArgument("The bucket up to 1 comes behind the one up to 1: buckets come in increasing order of their bounds, which are numbers.",
            () => writer.WriteHistogram([new(1, 1), new(1, 2)], 3, 0));
        RefusedArgument("The bucket up to 2 counts 1, the one before it 2: counts are cumulative.",
            () => writer.WriteHistogram([new(1, 2), new(2, 1)], 3, 0));
        RefusedArgument("The bucket up to +Inf counts 2, but the histogram has 3 observations.",
            () => writer.WriteHistogram([new(double.PositiveInfinity, 2)], 3, 0));
        RefusedArgument("The schema 9 is not between -4 and 8.",
            () => writer.WriteNativeHistogram(new NativeHistogramValue { Schema = 9 }));
        RefusedArgument("The native buckets count 3, but the histogram has 2 observations.",
            () => writer.WriteNativeHistogram(new NativeHistogramValue { Count = 2, ZeroCount = 1, PositiveCounts = [1, 1] }));
        writer.StartFamily("s", MetricType.Summary, "");
        RefusedArgument("The quantile 1.5 is not between 0 and 1.", () => writer.WriteSummary([new(1.5, 1)], 1, 1));
        RefusedArgument("The quantile 0.5 comes behind 0.5: quantiles come in increasing order, each once.",
            () => writer.WriteSummary([new(0.5, 1), new(0.5, 1)], 1, 1));
        writer.Complete();
        Assert.Equal("", Written());
    }

    private static void Refused(string expected, Action call) =>
        Assert.Equal(expected, Assert.Throws<InvalidOperationException>(call).Message);

    private static void RefusedArgument(string expected, Action call) =>
        Assert.Equal(expected, Assert.ThrowsAny<ArgumentException>(call).Message.Split(" (Parameter")[0]);

    private IReadOnlyList<MetricSample> Samples() => ExpositionText.Parse(_output.WrittenSpan);

    private string Written() => Encoding.UTF8.GetString(_output.WrittenSpan);
}
