using System.Text;
using Exposition.Formats;
using Exposition.Harness;

namespace Exposition.Engine.Tests;

/// <summary>What is refused (pushgateway-behaviour 3.9 and 11.1), and that a refusal leaves everybody else alone.</summary>
public sealed class ConsistencyTests
{
    private static readonly GroupingKey s_a = Harness.Key("job", "a");
    private static readonly GroupingKey s_b = Harness.Key("job", "b");
    private readonly Harness _gateway = new();

    [Theory]
    [InlineData("x 1\nx 2\n",
        "collected metric \"x\" { label:{name:\"instance\" value:\"\"} label:{name:\"job\" value:\"a\"} } was collected before with the "
        + "same name and label values")]
    [InlineData("x{job=\"p\"} 1\nx{job=\"q\"} 2\n", "was collected before with the same name and label values")]
    [InlineData("x{__y=\"1\"} 1\n", "has a label with an invalid name: __y")]
    [InlineData("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 1\n", null)]
    [InlineData("# TYPE s summary\ns_sum 1\ns_count 1\ns_bucket 1\n", null)]
    [InlineData("s_count 1\n# TYPE s summary\ns{quantile=\"0.5\"} 1\n", null)]
    [InlineData("h_bucket 1\n# TYPE h histogram\nh{le=\"1\"} 1\n", "collides with previously collected")]
    [InlineData("x 1\nx{a=\"\"} 2\n", null)]
    public void Rules_inside_a_push(string body, string? error)
    {
        PushOutcome outcome = _gateway.Put(s_a, body);
        if (error is null)
        {
            Assert.Equal(new PushOutcome(PushStatus.Stored), outcome);
        }
        else
        {
            Assert.Equal(PushStatus.Inconsistent, outcome.Status);
            Assert.StartsWith(
                "pushed metrics are invalid or inconsistent with existing metrics: ", outcome.Error, StringComparison.Ordinal);
            Assert.Contains(error, outcome.Error, StringComparison.Ordinal);
            Assert.Equal("0", _gateway.Value("push_time_seconds{instance=\"\",job=\"a\"}"));
        }

        AssertUnharmed();
    }

    [Fact]
    public void A_refused_first_push_leaves_a_group_with_its_failure_time()
    {
        _gateway.Put(s_b, "y 1\n");
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(s_a, "x 1\nx 2\n").Status);
        Assert.Equal("1.700000002e+09", _gateway.Value("push_failure_time_seconds{instance=\"\",job=\"a\"}"));
        Assert.Equal("0", _gateway.Value("push_time_seconds{instance=\"\",job=\"a\"}"));
    }

    [Fact]
    public void A_type_of_another_group_cannot_be_contradicted_until_that_group_is_gone()
    {
        _gateway.Put(s_a, "# TYPE x gauge\nx 1\n");
        Assert.Contains("is not a GAUGE", _gateway.Put(s_b, "# TYPE x counter\nx 1\n").Error, StringComparison.Ordinal);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "# TYPE x counter\nx 1\n").Status);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_b, "# TYPE x counter\nx 1\n").Status);
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(s_a, "x 1\n").Status);
        _gateway.Store.Delete(s_b);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "x 1\n").Status);
    }

    [Fact]
    public void Help_never_clashes_and_the_smallest_key_wins()
    {
        _gateway.Put(s_b, "# HELP x of b\nx 1\n");
        _gateway.Put(s_a, "# HELP x of a\nx 1\n");
        _gateway.Put(Harness.Key("job", "0"), "x 1\n");
        Assert.Contains("# HELP x of a\n", _gateway.Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("of b", _gateway.Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("# TYPE x summary\nx{quantile=\"0.5\"} 1\n", "x_count 1\n")]
    [InlineData("# TYPE x summary\nx{quantile=\"0.5\"} 1\n", "x_sum 1\n")]
    [InlineData("# TYPE x histogram\nx_bucket{le=\"1\"} 1\n", "x_bucket 1\n")]
    public void Suffixes_collide_across_groups_in_both_directions(string family, string suffixed)
    {
        _gateway.Put(s_a, family);
        Assert.Contains("collides with previously collected", _gateway.Put(s_b, suffixed).Error, StringComparison.Ordinal);
        _gateway.Store.Wipe();
        _gateway.Put(s_b, suffixed);
        Assert.Contains("collides with previously collected", _gateway.Put(s_a, family).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bucket_beside_a_summary_is_fine()
    {
        _gateway.Put(s_a, "# TYPE x summary\nx{quantile=\"0.5\"} 1\n");
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_b, "x_bucket 1\n").Status);
    }

    [Fact]
    public void The_same_series_from_two_groups_is_refused_and_the_other_group_named()
    {
        GroupingKey zoned = Harness.Key("job", "a", "zone", "eu");
        _gateway.Put(zoned, "x{rack=\"7\"} 1\ny 1\n");
        PushOutcome outcome = _gateway.Put(s_a, "x{zone=\"eu\",rack=\"7\"} 2\n");
        Assert.Contains("was collected before with the same name and label values in group {job=\"a\",zone=\"eu\"}", outcome.Error,
            StringComparison.Ordinal);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "x{zone=\"us\",rack=\"7\"} 2\nx{zone=\"eu\"} 1\n").Status);
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(zoned, "x 1\n").Status);
    }

    [Fact]
    public void The_same_series_of_a_histogram_is_found_too()
    {
        GroupingKey zoned = Harness.Key("job", "a", "zone", "eu");
        _gateway.Put(zoned, "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n");
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(s_a, "# TYPE h histogram\nh_bucket{zone=\"eu\",le=\"2\"} 1\n").Status);
    }

    [Fact]
    public void D2_an_empty_instance_beside_none_is_refused_without_a_trace()
    {
        GroupingKey empty = Harness.Key("job", "a", "instance", "");
        _gateway.Put(s_a, "x 1\n");
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(empty, "y 1\n").Status);
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(empty, "y 1 1\n").Status);
        Assert.Equal(1, _gateway.Store.GroupCount);
        _gateway.Store.Wipe();
        Assert.Equal(PushStatus.Stored, _gateway.Put(empty, "y 1\n").Status);
        Assert.Equal(PushStatus.Inconsistent, _gateway.Put(s_a, "x 1\n").Status);
        Assert.Equal(1, _gateway.Store.GroupCount);
    }

    [Fact]
    public void D4_D5_D6_families_that_cannot_be_exposed_are_refused()
    {
        byte[] gauge = [0x22, 11, 0x12, 9, 0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F];
        AssertRefused(_gateway.PutProtobuf(s_a, [0x18, 1, .. gauge]), "without a name");
        AssertRefused(_gateway.PutProtobuf(s_a, [0x0A, 1, 0xFF, 0x18, 1, .. gauge]), "not utf8");
        AssertRefused(_gateway.PutProtobuf(s_a, [0x0A, 1, (byte)'x', 0x18, 9, .. gauge]), "unknown type");
        AssertRefused(_gateway.PutProtobuf(s_a, [0x0A, 1, (byte)'x', 0x18, 5, .. gauge]), "is not a GAUGE_HISTOGRAM");
        AssertRefused(_gateway.PutProtobuf(s_a, [0x0A, 1, (byte)'x', 0x18, 0, .. gauge]), "is not a COUNTER");
        Assert.Equal(PushStatus.Stored, _gateway.PutProtobuf(s_a, [0x0A, 1, (byte)'x', 0x18, 1, .. gauge]).Status);
        AssertUnharmed();
    }

    [Fact]
    public void D9_the_hosts_own_families_keep_their_type_and_refuse_nothing()
    {
        _gateway.Store.ReserveFamily("own_seconds"u8, MetricType.Summary);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "own_seconds 1\nown_seconds_count 1\nother 1\n").Status);
        Assert.Equal("# TYPE other untyped\nother{instance=\"\",job=\"a\"} 1\n", _gateway.Pushed());
        Assert.Equal(2, _gateway.Store.HiddenFamilies);
        Assert.Equal(
            ["gathered metric family own_seconds has type UNTYPED but should have SUMMARY",
                "collected metric named \"own_seconds_count\" collides with previously collected summary named \"own_seconds\""
                    + ": pushed as UNTYPED, but the gateway itself has \"own_seconds\" as SUMMARY"],
            _gateway.Group(s_a)!.Hidden.ToArray().Select(static hidden => hidden.Reason));
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "# TYPE own_seconds summary\nown_seconds_count 1\n").Status);
        Assert.Equal((0, "1"), (_gateway.Store.HiddenFamilies, _gateway.Value("own_seconds_count{instance=\"\",job=\"a\"}")));
    }

    [Fact]
    public void What_the_host_hides_is_in_nobodys_way()
    {
        _gateway.Store.ReserveFamily("own"u8, MetricType.Gauge);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "own 1\n").Status);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_b, "# TYPE own counter\nown 2\n").Status);
        Assert.Equal(PushStatus.Stored, _gateway.Put(Harness.Key("job", "c"), "# TYPE own gauge\nown 3\n").Status);
        Assert.Equal("# TYPE own gauge\nown{instance=\"\",job=\"c\"} 3\n", _gateway.Pushed());
        Assert.Equal(2, _gateway.Store.HiddenFamilies);
        AssertRefused(_gateway.Put(Harness.Key("job", "c", "instance", ""), "# TYPE own gauge\nown 3\n"), "was collected before");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_host_family_that_appears_later_wins_too_and_a_change_of_its_type_counts(bool check)
    {
        var gateway = new Harness(check: check);
        foreach (int value in (int[])[1, 2, 3])
        {
            // More than once, so that the group takes the short way.
            gateway.Put(s_a, $"extra {value}\n");
            gateway.Put(s_b, $"# TYPE h histogram\nh_bucket{{le=\"+Inf\"}} {value}\nh_count {value}\nh_sum 1\n");
        }

        gateway.Store.ReserveFamily("extra"u8, MetricType.Gauge);
        gateway.Store.ReserveFamily("h_count"u8, MetricType.Counter);
        Assert.Equal(("", 2L), (gateway.Pushed(), gateway.Store.HiddenFamilies));
        Assert.Equal(2, gateway.Notices.Count);
        gateway.Put(s_a, "extra 4\n");
        Assert.Equal(("", 2L), (gateway.Pushed(), gateway.Store.HiddenFamilies));

        gateway.Store.ReserveFamily("extra"u8, MetricType.Untyped);
        Assert.Equal(("4", 1L), (gateway.Value("extra{instance=\"\",job=\"a\"}"), gateway.Store.HiddenFamilies));
        gateway.Put(s_b, "y 1\n");
        Assert.Equal(0, gateway.Store.HiddenFamilies);
    }

    [Fact]
    public void D10_le_twice_is_refused()
    {
        AssertRefused(_gateway.Put(Harness.Key("job", "a", "le", "1"), "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n"),
            "must not have an explicit \"le\" label");
        AssertRefused(_gateway.Put(Harness.Key("job", "a", "quantile", "1"), "# TYPE s summary\ns_count 1\n"),
            "must not have an explicit \"quantile\" label");
        AssertUnharmed();
    }

    [Fact]
    public void D11_what_was_stored_unchecked_never_breaks_a_scrape()
    {
        var gateway = new Harness(check: false);
        Assert.Equal(PushStatus.Accepted, gateway.Put(s_a, "x 1\nx 2\nx{__bad=\"1\"} 3\ny 1\n").Status);
        Assert.Equal("# TYPE x untyped\nx{instance=\"\",job=\"a\"} 1\n# TYPE y untyped\ny{instance=\"\",job=\"a\"} 1\n", gateway.Pushed());

        // Another type, the same series from another group, and a colliding suffix: the first in key order is exposed.
        gateway.Put(Harness.Key("job", "a", "zone", "eu"), "x 5\n# TYPE y counter\ny 7\n");
        gateway.Put(s_a, "x{zone=\"eu\"} 6\n# TYPE y gauge\ny 1\n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_count 4\n");
        gateway.Put(s_b, "s_count 3\n");
        string text = gateway.Pushed();
        Assert.Single(text.Split('\n'), line => line.StartsWith("x{instance=\"\",job=\"a\",zone=\"eu\"} ", StringComparison.Ordinal));
        Assert.Contains("# TYPE y gauge\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("y{instance=\"\",job=\"a\",zone=\"eu\"}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("# TYPE s_count", text, StringComparison.Ordinal);
        Assert.Contains("s_count{instance=\"\",job=\"a\"} 4\n", text, StringComparison.Ordinal);

        // Once the contradiction is gone everything shows.
        gateway.Store.Delete(s_a);
        gateway.Put(s_b, "s_count 3\n");
        Assert.Contains("s_count{instance=\"\",job=\"b\"} 3\n", gateway.Pushed(), StringComparison.Ordinal);
        Assert.Contains("# TYPE y counter\n", gateway.Pushed(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_host_family_wins_in_the_scrape_too(bool gzip)
    {
        var own = new FamilySet();
        int family = own.AddFamily("extra"u8, MetricType.Counter, "Own."u8);
        int metric = own.AddMetric(family);
        own.Metrics[metric].Content = MetricContent.Counter;
        own.Metrics[metric].Value = 3;
        async Task<string> Scrape() => gzip
            ? Encoding.UTF8.GetString(Gzip.Unpack(await _gateway.GzipAsync(own: own)))
            : _gateway.Text(own: own);

        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "# TYPE extra gauge\nextra 4\n").Status);
        Assert.StartsWith("# HELP extra Own.\n# TYPE extra counter\nextra 3\n# HELP push_", await Scrape(), StringComparison.Ordinal);
        Assert.Equal(PushStatus.Stored, _gateway.Put(s_a, "# HELP extra Pushed.\n# TYPE extra counter\nextra 4\n").Status);
        Assert.StartsWith("# HELP extra Own.\n# TYPE extra counter\nextra 3\nextra{instance=\"\",job=\"a\"} 4\n", await Scrape(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Help_that_is_not_utf8_is_mended()
    {
        byte[] gauge = [0x22, 11, 0x12, 9, 0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F];
        Assert.Equal(PushStatus.Stored,
            _gateway.PutProtobuf(s_a, [0x0A, 1, (byte)'x', 0x12, 3, (byte)'a', 0xFF, (byte)'b', 0x18, 1, .. gauge]).Status);
        Assert.Contains("# HELP x a\uFFFDb\n", _gateway.Text(), StringComparison.Ordinal);
    }

    private static void AssertRefused(PushOutcome outcome, string reason)
    {
        Assert.Equal(PushStatus.Inconsistent, outcome.Status);
        Assert.Contains(reason, outcome.Error, StringComparison.Ordinal);
    }

    // Another group pushes and the whole is exposed in every language.
    private void AssertUnharmed()
    {
        Assert.Equal(PushStatus.Stored, _gateway.Put(Harness.Key("job", "bystander"), "bystander_metric 1\n").Status);
        Assert.Equal("1", _gateway.Value("bystander_metric{instance=\"\",job=\"bystander\"}"));
        Assert.Contains(
            "bystander_metric", Encoding.UTF8.GetString(_gateway.Bytes(ScrapeFormat.ProtobufDelimited)), StringComparison.Ordinal);
    }
}
