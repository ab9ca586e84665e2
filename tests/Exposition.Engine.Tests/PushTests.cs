using System.Buffers;
using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>What a push does to its group (pushgateway-behaviour 3.6 to 3.8).</summary>
public sealed class PushTests
{
    private static readonly GroupingKey s_job = Harness.Key("job", "j");
    private readonly Harness _gateway = new();

    [Fact]
    public void A_push_is_exposed_with_its_labels_merged_and_sorted()
    {
        Assert.Equal(PushStatus.Stored, _gateway.Put(Harness.Key("job", "j", "zone", "eu"), "m{z=\"1\",job=\"x\",a=\"2\"} 3.14\n").Status);
        Assert.Equal("# TYPE m untyped\nm{a=\"2\",instance=\"\",job=\"j\",z=\"1\",zone=\"eu\"} 3.14\n", _gateway.Pushed());
    }

    [Fact]
    public void The_annex_example_is_reproduced()
    {
        _gateway.Post(Harness.Key("job", "some_job", "instance", "i1"), "some_metric 3.14\n");
        Assert.Equal(
            """
            # HELP push_failure_time_seconds Last Unix time when changing this group in the Pushgateway failed.
            # TYPE push_failure_time_seconds gauge
            push_failure_time_seconds{instance="i1",job="some_job"} 0
            # HELP push_time_seconds Last Unix time when changing this group in the Pushgateway succeeded.
            # TYPE push_time_seconds gauge
            push_time_seconds{instance="i1",job="some_job"} 1.700000001e+09
            # TYPE some_metric untyped
            some_metric{instance="i1",job="some_job"} 3.14

            """.ReplaceLineEndings("\n"),
            _gateway.Text());
    }

    [Fact]
    public void An_instance_label_in_the_body_stays_and_a_job_label_does_not()
    {
        _gateway.Put(s_job, "m{instance=\"i\",job=\"other\"} 1\n");
        Assert.Equal("# TYPE m untyped\nm{instance=\"i\",job=\"j\"} 1\n", _gateway.Pushed());
    }

    [Fact]
    public void Post_keeps_other_families_and_put_does_not()
    {
        _gateway.Put(s_job, "a 1\nb 1\n");
        _gateway.Post(s_job, "b 2\nc 2\n");
        Assert.Equal(
            "# TYPE a untyped\na{instance=\"\",job=\"j\"} 1\n# TYPE b untyped\nb{instance=\"\",job=\"j\"} 2\n# TYPE c "
            + "untyped\nc{instance=\"\",job=\"j\"} 2\n", _gateway.Pushed());
        _gateway.Put(s_job, "d 3\n");
        Assert.Equal("# TYPE d untyped\nd{instance=\"\",job=\"j\"} 3\n", _gateway.Pushed());
    }

    [Fact]
    public void Post_replaces_a_family_as_a_whole()
    {
        _gateway.Put(s_job, "a{l=\"1\"} 1\na{l=\"2\"} 2\n");
        _gateway.Post(s_job, "a{l=\"3\"} 3\n");
        Assert.Equal("# TYPE a untyped\na{instance=\"\",job=\"j\",l=\"3\"} 3\n", _gateway.Pushed());
    }

    [Fact]
    public void Many_posts_of_different_families_all_stay()
    {
        for (int i = 0; i < 40; i++)
        {
            _gateway.Post(s_job, $"m{i:d2} {i}\n");
        }

        for (int i = 0; i < 40; i++)
        {
            Assert.Equal($"{i}", _gateway.Value($"m{i:d2}{{instance=\"\",job=\"j\"}}"));
        }
    }

    [Fact]
    public void An_empty_put_leaves_the_group_with_a_new_push_time()
    {
        _gateway.Put(s_job, "a 1\n");
        _gateway.Put(s_job, "");
        Assert.Equal("", _gateway.Pushed());
        Assert.Equal("1.700000002e+09", _gateway.Value("push_time_seconds{instance=\"\",job=\"j\"}"));
    }

    [Fact]
    public void A_malformed_push_changes_nothing()
    {
        PushOutcome outcome = _gateway.Put(s_job, "a b\n");
        Assert.Equal(
            new PushOutcome(PushStatus.Malformed, "text format parsing error in line 1: expected float as value, got \"b\""), outcome);
        Assert.Equal("", _gateway.Text());
        Assert.Equal(0, _gateway.Store.GroupCount);
    }

    [Fact]
    public void Timestamps_are_refused_and_recorded_as_a_failure()
    {
        PushOutcome outcome = _gateway.Put(s_job, "a 1 1000\n");
        Assert.Equal(PushStatus.Inconsistent, outcome.Status);
        Assert.Equal(
            "pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps", outcome.Error);
        Assert.Equal("1.700000001e+09", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\"}"));
        Assert.Equal("0", _gateway.Value("push_time_seconds{instance=\"\",job=\"j\"}"));
        Assert.Equal("", _gateway.Pushed());
    }

    [Fact]
    public void A_refused_put_keeps_the_old_families_and_a_later_success_keeps_the_failure_time()
    {
        _gateway.Put(s_job, "a 1\n");
        _gateway.Put(s_job, "b 1\nb 1\n");
        Assert.Equal("1", _gateway.Value("a{instance=\"\",job=\"j\"}"));
        Assert.Equal("1.700000001e+09", _gateway.Value("push_time_seconds{instance=\"\",job=\"j\"}"));
        Assert.Equal("1.700000002e+09", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\"}"));
        Assert.False(LastPushSuccessful());
        _gateway.Put(s_job, "a 2\n");
        Assert.Equal("1.700000002e+09", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\"}"));
        Assert.True(LastPushSuccessful());
    }

    [Fact]
    public void A_pushed_push_time_is_overwritten()
    {
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_job, "push_time_seconds 5\n").Status);
        Assert.Equal("1.700000001e+09", _gateway.Value("push_time_seconds{instance=\"\",job=\"j\"}"));
        Assert.Contains("# TYPE push_time_seconds gauge", _gateway.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pushed_failure_time_counts_only_in_a_group_that_has_one()
    {
        const string Forged = "# TYPE push_failure_time_seconds gauge\npush_failure_time_seconds 5\n";
        _gateway.Put(s_job, Forged);
        Assert.Equal("0", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\"}"));
        _gateway.Put(s_job, Forged);
        Assert.Equal("5", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\"}"));
    }

    [Theory]
    [InlineData("push_failure_time_seconds 5\n")]
    [InlineData("# TYPE push_failure_time_seconds counter\npush_failure_time_seconds 5\n")]
    [InlineData("# TYPE push_failure_time_seconds histogram\npush_failure_time_seconds_count 5\n")]
    public void A_failure_time_of_another_type_is_left_out_because_it_would_block_every_new_group(string pushed)
    {
        for (int i = 1; i <= 4; i++)
        {
            Assert.Equal(PushStatus.Stored, _gateway.Put(s_job, $"{pushed}b {i}\n").Status);
            Assert.Equal("# TYPE b untyped\nb{instance=\"\",job=\"j\"} " + i + "\n", _gateway.Pushed());
            Assert.Equal("0", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"j\"}"));
        }

        Assert.Equal(PushStatus.Stored, _gateway.Put(Harness.Key("job", "k"), "a 1\n").Status);
    }

    [Fact]
    public void D7_an_empty_failure_family_is_stored_and_harms_nothing()
    {
        _gateway.Put(s_job, "a 1\n");
        byte[] empty = [0x0A, 25, .. "push_failure_time_seconds"u8, 0x18, 1];
        Assert.Equal(PushStatus.Stored, _gateway.PutProtobuf(s_job, empty).Status);
        Assert.True(LastPushSuccessful());
        Assert.DoesNotContain("push_failure_time_seconds", _gateway.Text(), StringComparison.Ordinal);
    }

    [Fact]
    public void Deleting_removes_the_group_and_only_that()
    {
        _gateway.Put(s_job, "a 1\n");
        _gateway.Put(Harness.Key("job", "j", "instance", "i"), "a 1\n");
        Assert.True(_gateway.Store.Delete(s_job));
        Assert.False(_gateway.Store.Delete(s_job));
        Assert.Equal("# TYPE a untyped\na{instance=\"i\",job=\"j\"} 1\n", _gateway.Pushed());
        Assert.Equal(1, _gateway.Store.Wipe());
        Assert.Equal("", _gateway.Text());
        Assert.Equal(0, _gateway.Store.SampleCount);
    }

    [Fact]
    public void Metrics_are_ordered_by_label_count_then_values()
    {
        _gateway.Put(s_job, "m{b=\"2\"} 1\nm{a=\"9\"} 2\nm{a=\"1\",b=\"1\"} 3\nm 4\n");
        Assert.Equal(
            """
            # TYPE m untyped
            m{instance="",job="j"} 4
            m{b="2",instance="",job="j"} 1
            m{a="9",instance="",job="j"} 2
            m{a="1",b="1",instance="",job="j"} 3

            """.ReplaceLineEndings("\n"),
            _gateway.Pushed());
    }

    [Fact]
    public void A_sample_that_text_cannot_hold_keeps_its_protobuf()
    {
        _gateway.Put(s_job, "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n# TYPE g gauge\ng -0\nplain 1\n");
        using StoreView view = _gateway.Store.OpenView();
        GroupSnapshot group = view.Groups[0];
        Assert.True(group.TryGet("h"u8, out FamilyEntry histogram) && !histogram.Sidecar.IsEmpty);
        Assert.True(group.TryGet("g"u8, out FamilyEntry gauge) && !gauge.Sidecar.IsEmpty);
        Assert.True(group.TryGet("plain"u8, out FamilyEntry plain) && plain.Sidecar.IsEmpty);
        Assert.Equal("plain{instance=\"\",job=\"j\"} 1\n", Encoding.UTF8.GetString(plain.Text.Span));
    }

    [Theory]
    [InlineData("# TYPE s summary\ns{quantile=\"0.5\"} 1\n", FamilyTraits.NoCounts | FamilyTraits.NoSums, false)]
    [InlineData("# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_count 2\ns{a=\"b\",quantile=\"0.5\"} 1\ns_count{a=\"b\"} 3\n",
        FamilyTraits.NoSums, false)]
    [InlineData("# TYPE s summary\ns_sum 0\ns_count 0\n", FamilyTraits.None, false)]
    [InlineData("# TYPE s summary\ns_sum 1\ns_sum{a=\"b\"} 1\ns_count 1\n", FamilyTraits.None, true)]
    [InlineData("# TYPE s histogram\ns_bucket{le=\"+Inf\"} 1\n", FamilyTraits.NoCounts | FamilyTraits.NoSums, false)]
    [InlineData("# TYPE s histogram\ns_bucket{le=\"+Inf\"} 1.5\n", FamilyTraits.NoSums, true)]
    internal void A_count_or_sum_that_was_not_pushed_is_not_in_protobuf(string body, FamilyTraits traits, bool hasSidecar)
    {
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_job, body).Status);
        using StoreView view = _gateway.Store.OpenView();
        Assert.True(view.Groups[0].TryGet("s"u8, out FamilyEntry entry));
        Assert.Equal((traits, hasSidecar), (entry.Traits, !entry.Sidecar.IsEmpty));

        var pushed = new FamilySet();
        Assert.True(TextFormat.TryRead(
            Encoding.UTF8.GetBytes(body), new TextReadOptions(NameScheme.Legacy, Lenient: false), pushed, out _));
        var stored = new FamilySet();
        entry.Read(stored);
        Assert.Equal(Absent(pushed), Absent(stored));

        // What has neither is written as neither.
        var output = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(stored, 0, EscapingScheme.AllowUtf8, output);
        var again = new FamilySet();
        again.Reset(output.WrittenMemory);
        Assert.True(ProtobufFormat.TryReadMetrics(again.AddFamily("s"u8, entry.Type, default), again, out _));
        Assert.Equal(Absent(pushed), Absent(again));
    }

    private static MetricContent[] Absent(FamilySet set) =>
        [.. set.Metrics.ToArray().Select(static metric => metric.Content & (MetricContent.NoCount | MetricContent.NoSum)).Order()];

    private bool LastPushSuccessful()
    {
        using StoreView view = _gateway.Store.OpenView();
        return view.Groups[0].LastPushSuccessful;
    }
}
