using System.Text;

namespace Exposition.Formats.Tests;

public sealed class FamilySetBuildTests
{
    [Fact]
    public void Gauges_and_counters_take_a_line()
    {
        var set = new FamilySet();
        set.AddGauge("app_up", "Whether it works.", 1);
        set.AddCounter("jobs_total", "Jobs.", 17, ("queue", "mail"));
        set.AddCounter("jobs_total", "Jobs.", 3, ("queue", "print"), ("é", "\"\n"));
        set.AddFamily("rows", MetricType.Untyped, "Rows.");
        set.AddSample(5, ("table", "a"));
        set.AddSample(double.NaN, ("table", "b"));
        Assert.Equal(
            """
            # HELP app_up Whether it works.
            # TYPE app_up gauge
            app_up 1
            # HELP jobs_total Jobs.
            # TYPE jobs_total counter
            jobs_total{queue="mail"} 17
            jobs_total{queue="print","é"="\"\n"} 3
            # HELP rows Rows.
            # TYPE rows untyped
            rows{table="a"} 5
            rows{table="b"} NaN

            """.ReplaceLineEndings("\n"),
            Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(ProtobufSupport.WriteText(set))));
        Assert.Equal(ProtobufSupport.WriteText(set), ProtobufSupport.WriteText(ProtobufSupport.Read(ProtobufSupport.WriteProtobuf(set))));
    }

    [Fact]
    public void What_cannot_be_added_says_why()
    {
        var set = new FamilySet();
        Assert.Equal("AddSample needs a family to add to: call AddFamily first.",
            Assert.Throws<InvalidOperationException>(() => set.AddSample(1)).Message);
        set.AddFamily("h", MetricType.Histogram, "");
        Assert.Equal("AddSample is for counters, gauges and untyped values; \"h\" is a Histogram: write it with an ExpositionWriter over the set.",
            Assert.Throws<InvalidOperationException>(() => set.AddSample(1)).Message);
        Assert.Throws<ArgumentNullException>(() => set.AddGauge(null!, "", 1));
        Assert.Throws<ArgumentNullException>(() => set.AddGauge("g", "", 1, default(Label)));
        Assert.Equal(0, set.Metrics.Length);
    }

    [Fact]
    public void A_set_that_is_used_again_allocates_nothing()
    {
        var set = new FamilySet();
        Allocation.AssertNone(() =>
        {
            set.Reset();
            for (int i = 0; i < 100; i++)
            {
                set.AddGauge("queue_length", "Jobs that wait.", i, ("queue", "mail"), ("priority", "1"));
            }
        });
        Assert.Equal((1, 100), (set.Families.Length, set.Metrics.Length));
    }

    [Fact]
    public void Views_show_what_the_rows_say()
    {
        var set = new FamilySet();
        set.AddGauge("a", "A.", 1, ("x", "1"), ("y", "2"));
        set.AddGauge("a", "A.", 2);
        var writer = new ExpositionWriter(set);
        writer.StartFamily("h_seconds", MetricType.Histogram, "", "seconds");
        writer.WriteNativeHistogram(
            new NativeHistogramValue { Count = 3, Sum = 4, PositiveCounts = [2], Buckets = [new(1, 2)] }, ("z", "3"));
        writer.WriteTimestamp(DateTimeOffset.FromUnixTimeMilliseconds(5));
        writer.Complete();
        var shown = new StringBuilder();
        foreach (FamilyView family in set.Views)
        {
            shown.Append($"{Text(family.Name)} {family.Type} '{Text(family.Help)}' '{Text(family.Unit)}' {family.Metrics.Count}\n");
            foreach (MetricView metric in family.Metrics)
            {
                foreach (ExpositionLabel label in metric.Labels)
                {
                    shown.Append($" {Text(label.Name)}={Text(label.Value)}");
                }

                shown.Append($" {metric.Value} {metric.Count} {(metric.HasTimestamp ? metric.TimestampMs : -1)} {metric.Content}");
                foreach (PointView point in metric.Points)
                {
                    shown.Append($" [{point.Bound} {point.Count}]");
                }

                shown.Append(metric.TryGetNativeHistogram(out NativeHistogram? native) ? $" schema {native.Schema}\n" : "\n");
            }
        }

        Assert.Equal(
            """
            a Gauge 'A.' '' 2
             x=1 y=2 1 0 -1 Gauge
             2 0 -1 Gauge
            h_seconds Histogram '' 'seconds' 1
             z=3 4 3 5 Histogram, Timestamp, NativeHistogram, InfBucket [1 2] [Infinity 3] schema 0

            """.ReplaceLineEndings("\n"),
            shown.ToString());
        Assert.True(set.Views.TryGet("h_seconds"u8, out FamilyView found) && found.Metrics.Count == 1);
        Assert.False(set.Views.TryGet("h"u8, out _));
        Assert.Equal((2, "a"), (set.Views.Count, Text(set.Views[0].Name)));
    }

    [Fact]
    public void Walking_views_allocates_nothing()
    {
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(i => $"a{{x=\"{i}\"}} {i}\n")));
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(body, default, set, out _));
        double sum = 0;
        Allocation.AssertNone(() =>
        {
            sum = 0;
            foreach (FamilyView family in set.Views)
            {
                foreach (MetricView metric in family.Metrics)
                {
                    sum += metric.Labels.TryGet("x"u8, out _) ? metric.Value : double.NaN;
                }
            }
        });
        Assert.Equal(4950, sum);
    }

    private static string Text(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
