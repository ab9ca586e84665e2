using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>Pushes of sources: they are checked as bodies are.</summary>
public sealed class SourcePushTests
{
    private static readonly GroupingKey s_key = Harness.Key("job", "j");
    private readonly Harness _gateway = new();

    [Fact]
    public void What_a_source_has_is_stored_as_if_it_were_a_body()
    {
        var source = new Source(static set =>
        {
            Add(set, "rows_total", MetricType.Counter, MetricContent.Counter, 5, ("table", "us\ners\"\\"));
            int family = set.AddFamily("took"u8, MetricType.Histogram, "How\nlong."u8);
            int metric = set.AddMetric(family);
            set.AddPoint(metric, 0.5, 0, 2);
            set.AddPoint(metric, double.PositiveInfinity, 0, 3);
            ref MetricRow row = ref set.Metrics[metric];
            (row.Content, row.Count, row.Value) = (MetricContent.Histogram | MetricContent.InfBucket, 3, 1.5);
        });
        PushOutcome outcome = _gateway.Store.Push(s_key, source);
        Assert.True(outcome.IsStored, outcome.Error);
        Assert.Equal(outcome, outcome.ThrowIfRefused());
        string text = _gateway.Pushed();
        _gateway.Store.Wipe();
        _gateway.Put(s_key, """
            # HELP rows_total Help.
            # TYPE rows_total counter
            rows_total{table="us\ners\"\\"} 5
            # HELP took How\nlong.
            # TYPE took histogram
            took_bucket{le="0.5"} 2
            took_bucket{le="+Inf"} 3
            took_sum 1.5
            took_count 3

            """.ReplaceLineEndings("\n"));
        Assert.Equal(_gateway.Pushed(), text);
    }

    [Fact]
    public void A_source_that_is_pushed_again_and_again_is_a_repeat_push()
    {
        double value = 0;
        var source = new Source(set => Add(set, "rows", MetricType.Gauge, MetricContent.Gauge, value++));
        for (int i = 0; i < 20; i++)
        {
            _gateway.Store.Push(s_key, source).ThrowIfRefused();
        }

        Assert.Equal(19, _gateway.Store.GetValue("rows"));
        Assert.True(_gateway.Store.RepeatedPushes > 10);
    }

    [Fact]
    public void The_mode_and_the_details_are_those_of_a_push()
    {
        _gateway.Put(s_key, "other 1\n");
        var source = new Source(static set => Add(set, "rows", MetricType.Gauge, MetricContent.Gauge, 1));
        _gateway.Store.Push(s_key, source, PushMode.Merge, new PushDetails(ExpireAfter: TimeSpan.FromSeconds(5))).ThrowIfRefused();
        GroupInfo group = _gateway.Store.Find(s_key)!;
        Assert.Equal(["other", "push_failure_time_seconds", "push_time_seconds", "rows"], group.Families.Select(static f => f.Name));
        Assert.Equal(_gateway.Clock.Now.AddSeconds(5), group.ExpiresAt);
        _gateway.Store.Push(s_key, new Source(static _ => { }), PushMode.Replace).ThrowIfRefused();
        Assert.Equal(2, _gateway.Store.Find(s_key)!.Families.Count);
    }

    // What text cannot say goes as protobuf: nothing of it is lost on the way.
    [Fact]
    public void Units_and_what_only_protobuf_has_stay()
    {
        var source = new Source(static set =>
        {
            Add(set, "wait_seconds", MetricType.Gauge, MetricContent.Gauge, 1.5);
            set.Families[0].Unit = set.AddText("seconds"u8);
            int family = set.AddFamily("flink"u8, MetricType.Summary, "No sum."u8);
            int metric = set.AddMetric(family);
            set.AddPoint(metric, 0.5, 7, 0);
            set.Metrics[metric].Content = MetricContent.Summary | MetricContent.NoSum | MetricContent.NoCount;
        });
        _gateway.Store.Push(s_key, source).ThrowIfRefused();
        string openMetrics = Encoding.UTF8.GetString(_gateway.Bytes(ScrapeFormat.OpenMetrics));
        Assert.Contains("# UNIT wait_seconds seconds\n", openMetrics, StringComparison.Ordinal);
        Assert.Contains("flink{instance=\"\",job=\"j\",quantile=\"0.5\"} 7.0\n", openMetrics, StringComparison.Ordinal);
        Assert.DoesNotContain("flink_sum", openMetrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("timestamp", PushStatus.Inconsistent)]
    [InlineData("name", PushStatus.Malformed)]
    [InlineData("series", PushStatus.Inconsistent)]
    [InlineData("type", PushStatus.Inconsistent)]
    [InlineData("label", PushStatus.Malformed)]
    [InlineData("clash", PushStatus.Inconsistent)]
    public void A_source_is_refused_what_a_body_is(string what, PushStatus expected)
    {
        _gateway.Put(Harness.Key("job", "other"), "# TYPE clash counter\nclash 1\n");
        var source = new Source(set =>
        {
            string name = what is "clash" ? what : what is "name" ? "a b" : "a";
            Add(set, name, MetricType.Gauge, MetricContent.Gauge, 1, ("l", "1"));
            switch (what)
            {
                case "timestamp":
                    set.Metrics[0].Content |= MetricContent.Timestamp;
                    set.Metrics[0].TimestampMs = 5;
                    break;
                case "series":
                    int metric = set.AddMetric(0);
                    set.AddLabel("l"u8, "1"u8);
                    set.Metrics[metric].Content = MetricContent.Gauge;
                    break;
                case "type":
                    set.Families[0].Type = (MetricType)99;
                    break;
                case "label":
                    set.AddLabel("l"u8, "2"u8);
                    break;
            }
        });
        PushOutcome outcome = _gateway.Store.Push(s_key, source, details: new PushDetails(Sender: "the job"));
        Assert.True(expected == outcome.Status, $"{outcome}");
        Assert.False(outcome.IsStored);
        PushRefusedException thrown = Assert.Throws<PushRefusedException>(() => outcome.ThrowIfRefused());
        Assert.Equal((expected, outcome.Error), (thrown.Status, thrown.Message));
        Assert.Null(_gateway.Store.GetValue("a{job=\"j\",l=\"1\"}"));
        if (expected == PushStatus.Inconsistent)
        {
            PushFailure failure = _gateway.Store.Find(s_key)!.LastFailure!;
            Assert.Equal((outcome.Error, "the job"), (failure.Reason, failure.Sender));
        }
    }

    // A value of another type, or none: what the source meant cannot be known.
    [Theory]
    [InlineData("None")]
    [InlineData("Histogram")]
    public void A_source_whose_metrics_are_not_what_their_family_is_said_to_be_is_told_so(string said)
    {
        MetricContent content = Enum.Parse<MetricContent>(said);
        var source = new Source(set => Add(set, "rows", MetricType.Gauge, content, 1));
        InvalidOperationException thrown = Assert.Throws<InvalidOperationException>(() => _gateway.Store.Push(s_key, source));
        Assert.Equal("a metric of \"rows\" has no value of the type of its family, which is GAUGE", thrown.Message);
        Assert.Equal(0, _gateway.Store.GroupCount);
    }

    // As text their metrics would become one family of the first one's type.
    [Fact]
    public void A_source_that_has_a_family_twice_is_told_so()
    {
        var source = new Source(static set =>
        {
            Add(set, "rows", MetricType.Gauge, MetricContent.Gauge, 1, ("l", "1"));
            Add(set, "rows", MetricType.Counter, MetricContent.Counter, 1, ("l", "2"));
        });
        Assert.Equal(
            "the family \"rows\" is there twice",
            Assert.Throws<InvalidOperationException>(() => _gateway.Store.Push(s_key, source)).Message);
        Assert.Equal(0, _gateway.Store.GroupCount);
    }

    [Fact]
    public void A_source_that_throws_changes_nothing()
    {
        _gateway.Put(s_key, "a 1\n");
        Assert.Throws<InvalidDataException>(() => _gateway.Store.Push(s_key, new Source(static set =>
        {
            Add(set, "b", MetricType.Gauge, MetricContent.Gauge, 1);
            throw new InvalidDataException("no");
        })));
        Assert.Equal(1, _gateway.Store.GetValue("a"));
        Assert.Null(_gateway.Store.Find(s_key)!.LastFailure);
        _gateway.Store.Push(s_key, new Source(static set => Add(set, "c", MetricType.Gauge, MetricContent.Gauge, 3))).ThrowIfRefused();
        Assert.Equal("c", _gateway.Store.Find(s_key)!.Families[0].Name);
    }

    [Fact]
    public void A_large_source_is_pushed_whole()
    {
        const int Series = 60_000;
        var source = new Source(static set =>
        {
            int family = set.AddFamily("rows"u8, MetricType.Gauge, "Help."u8);
            for (int i = 0; i < Series; i++)
            {
                int metric = set.AddMetric(family);
                set.AddLabel("a_label_name"u8, Encoding.UTF8.GetBytes($"a value of some length, number {i:d8} of many"));
                set.Metrics[metric].Content = MetricContent.Gauge;
                set.Metrics[metric].Value = i;
            }
        });
        _gateway.Store.Push(s_key, source).ThrowIfRefused();
        Assert.Equal(Series + 2, _gateway.Store.SampleCount);
    }

    private static void Add(
        FamilySet set, string name, MetricType type, MetricContent content, double value, params ReadOnlySpan<(string, string)> labels)
    {
        int metric = set.AddMetric(set.AddFamily(Encoding.UTF8.GetBytes(name), type, "Help."u8));
        foreach ((string label, string of) in labels)
        {
            set.AddLabel(Encoding.UTF8.GetBytes(label), Encoding.UTF8.GetBytes(of));
        }

        set.Metrics[metric].Content = content;
        set.Metrics[metric].Value = value;
    }

    private sealed class Source(Action<FamilySet> collect) : IMetricSource
    {
        public void Collect(FamilySet into) => collect(into);
    }
}
