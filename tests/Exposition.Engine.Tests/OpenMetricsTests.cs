using System.Text;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>OpenMetrics in and out of the store: also what text cannot say must come out again.</summary>
public sealed class OpenMetricsTests
{
    private const string Rich = """
        # TYPE jobs_seconds counter
        # UNIT jobs_seconds seconds
        # HELP jobs_seconds Of "all" jobs.
        jobs_seconds_total{kind="a"} 3.0 # {trace_id="abc"} 0.5 1.7e+09
        jobs_seconds_created{kind="a"} 1.5e+09
        # TYPE latency histogram
        latency_bucket{le="1.0"} 1 # {trace_id="def"} 0.25
        latency_bucket{le="+Inf"} 2
        latency_sum 2.5
        latency_count 2
        latency_created 1.5e+09
        # TYPE load gauge
        load 0.5
        # TYPE sizes summary
        sizes{quantile="0.5"} 7.0
        sizes_created 1.5e+09
        # EOF

        """;

    private static readonly GroupingKey s_job = Harness.Key("job", "j");
    private readonly Harness _gateway = new();

    [Fact]
    public void A_push_comes_out_in_openmetrics_as_it_went_in()
    {
        Push(s_job, Rich);
        Assert.Equal(
            """
            # HELP jobs_seconds Of \"all\" jobs.
            # TYPE jobs_seconds counter
            # UNIT jobs_seconds seconds
            jobs_seconds_total{instance="",job="j",kind="a"} 3.0 # {trace_id="abc"} 0.5 1.7e+09
            jobs_seconds_created{instance="",job="j",kind="a"} 1.5e+09
            # TYPE latency histogram
            latency_bucket{instance="",job="j",le="1.0"} 1 # {trace_id="def"} 0.25
            latency_bucket{instance="",job="j",le="+Inf"} 2
            latency_sum{instance="",job="j"} 2.5
            latency_count{instance="",job="j"} 2
            latency_created{instance="",job="j"} 1.5e+09
            # TYPE load gauge
            load{instance="",job="j"} 0.5
            # HELP push_failure_time_seconds Last Unix time when changing this group in the Pushgateway failed.
            # TYPE push_failure_time_seconds gauge
            push_failure_time_seconds{instance="",job="j"} 0.0
            # HELP push_time_seconds Last Unix time when changing this group in the Pushgateway succeeded.
            # TYPE push_time_seconds gauge
            push_time_seconds{instance="",job="j"} 1.700000001e+09
            # TYPE sizes summary
            sizes{instance="",job="j",quantile="0.5"} 7.0
            sizes_created{instance="",job="j"} 1.5e+09
            # EOF

            """.ReplaceLineEndings("\n"),
            OpenMetrics());
    }

    [Fact]
    public void It_comes_out_in_text_under_the_same_names()
    {
        Push(s_job, Rich);
        Assert.Equal(
            """
            # HELP jobs_seconds_total Of "all" jobs.
            # TYPE jobs_seconds_total counter
            jobs_seconds_total{instance="",job="j",kind="a"} 3
            # TYPE latency histogram
            latency_bucket{instance="",job="j",le="1"} 1
            latency_bucket{instance="",job="j",le="+Inf"} 2
            latency_sum{instance="",job="j"} 2.5
            latency_count{instance="",job="j"} 2
            # TYPE load gauge
            load{instance="",job="j"} 0.5
            # TYPE sizes summary
            sizes{instance="",job="j",quantile="0.5"} 7
            sizes_sum{instance="",job="j"} 0
            sizes_count{instance="",job="j"} 0

            """.ReplaceLineEndings("\n"),
            _gateway.Pushed());
    }

    // What is exposed as protobuf or OpenMetrics can be pushed again and is then exposed as before.
    [Theory]
    [InlineData(ScrapeFormat.ProtobufDelimited, PushFormat.Protobuf)]
    [InlineData(ScrapeFormat.OpenMetrics, PushFormat.OpenMetrics)]
    public void Exemplars_created_times_and_units_survive_a_second_store(ScrapeFormat format, PushFormat pushed)
    {
        Push(s_job, Rich);
        string before = OpenMetrics();
        byte[] body = _gateway.Bytes(format);
        var other = new Harness();
        other.Clock.Advance();
        Assert.Equal(PushStatus.Stored, other.Store.Push(s_job, pushed, body, PushMode.Replace).Status);
        Assert.Equal(before, Encoding.UTF8.GetString(other.Bytes(ScrapeFormat.OpenMetrics)));
    }

    [Fact]
    public void The_protobuf_text_form_shows_the_unit()
    {
        Push(s_job, Rich);
        Assert.Contains(
            "unit: \"seconds\"\n", Encoding.UTF8.GetString(_gateway.Bytes(ScrapeFormat.ProtobufText)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_draft_is_the_same_text()
    {
        Push(s_job, Rich);
        Assert.Equal(OpenMetrics(), Encoding.UTF8.GetString(_gateway.Bytes(ScrapeFormat.OpenMetricsDraft, step: 1)));
    }

    [Fact]
    public void An_empty_store_says_that_it_ends() => Assert.Equal("# EOF\n", OpenMetrics());

    [Fact]
    public void A_body_that_is_only_text_is_read_as_text()
    {
        Assert.Equal(PushStatus.Stored, Push(s_job, "# TYPE c counter\nc 1\n# EOF\n").Status);
        Assert.Equal("# TYPE c counter\nc{instance=\"\",job=\"j\"} 1\n", _gateway.Pushed());
        Assert.Equal(PushStatus.Stored, Push(s_job, "# a comment\nd 1\r\n").Status);
        Assert.Equal("# TYPE d untyped\nd{instance=\"\",job=\"j\"} 1\n", _gateway.Pushed());
    }

    [Theory]
    [InlineData("# TYPE c unknown\nc 1\n", "text format parsing error in line 1: unknown metric type \"unknown\"")]
    [InlineData("# TYPE c counter\nc_total 1 # {} 1\n", "text format parsing error in line 2: expected integer as timestamp, got \"#\"")]
    [InlineData("c x\n# EOF\n", "text format parsing error in line 1: expected float as value, got \"x\"")]
    public void A_body_that_is_neither_gets_the_error_of_the_text(string body, string error)
    {
        PushOutcome outcome = Push(s_job, body);
        Assert.Equal(PushStatus.Malformed, outcome.Status);
        Assert.StartsWith(error + " (and as OpenMetrics, line ", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(0, _gateway.Store.GroupCount);
    }

    [Fact]
    public void Timestamps_are_refused_as_in_text()
    {
        PushOutcome outcome = Push(s_job, "a 1 1.5\n# EOF\n");
        Assert.Equal(
            new PushOutcome(PushStatus.Inconsistent,
                "pushed metrics are invalid or inconsistent with existing metrics: pushed metrics must not have timestamps"), outcome);
    }

    [Fact]
    public void Groups_are_joined_family_by_family()
    {
        Push(Harness.Key("job", "b"),
            "# TYPE c_s counter\n# UNIT c_s s\nc_s_total 2 # {x=\"y\"} 1\n# TYPE v info\nv_info{a=\"b\"} 1\n# EOF\n");
        _gateway.Put(Harness.Key("job", "a"), "# TYPE c_s_total counter\nc_s_total 1\n");
        Assert.Contains(
            "# TYPE c_s counter\n# UNIT c_s s\nc_s_total{instance=\"\",job=\"a\"} 1.0\nc_s_total{instance=\"\",job=\"b\"} 2.0 # "
                + "{x=\"y\"} 1.0\n", OpenMetrics(), StringComparison.Ordinal);
        Assert.Contains("# TYPE v_info gauge\nv_info{a=\"b\",instance=\"\",job=\"b\"} 1.0\n", OpenMetrics(), StringComparison.Ordinal);
    }

    // One group of many holds what OpenMetrics does not allow: then all of the family is unknown, so that nothing is lost and nothing is
    // refused.
    [Fact]
    public void A_family_with_one_value_that_is_not_allowed_goes_out_as_unknown()
    {
        _gateway.Put(Harness.Key("job", "a"),
            "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n# TYPE c_total counter\nc_total 1\n");
        _gateway.Put(Harness.Key("job", "b"),
            "# TYPE h histogram\nh_bucket{le=\"1\"} 0.5\nh_sum -3\nh_count 2.5\n# TYPE c_total counter\nc_total NaN\n");
        string text = OpenMetrics();
        Assert.Contains(
            """
            # TYPE c_total unknown
            c_total{instance="",job="a"} 1.0
            c_total{instance="",job="b"} NaN
            # TYPE h_bucket unknown
            h_bucket{instance="",job="a",le="1.0"} 1
            h_bucket{instance="",job="a",le="+Inf"} 2
            h_bucket{instance="",job="b",le="1.0"} 0.5
            h_bucket{instance="",job="b",le="+Inf"} 2.5
            # TYPE h_sum unknown
            h_sum{instance="",job="a"} 3.0
            h_sum{instance="",job="b"} -3.0
            # TYPE h_count unknown
            h_count{instance="",job="a"} 2
            h_count{instance="",job="b"} 2.5

            """.ReplaceLineEndings("\n"),
            text, StringComparison.Ordinal);
        AssertValid(text);
    }

    [Fact]
    public void Names_that_clash_only_in_openmetrics_keep_apart()
    {
        _gateway.Put(
            Harness.Key("job", "a"),
            "# TYPE c_total counter\nc_total 1\n# TYPE c gauge\nc 2\n# TYPE d_total counter\nd_total 1\n# TYPE d_created "
            + "gauge\nd_created 2\n");
        Push(Harness.Key("job", "b"), "# TYPE s summary\ns_count 1\ns_created 5\n# EOF\n");
        string text = OpenMetrics();
        Assert.Contains("# TYPE c gauge\nc{instance=\"\",job=\"a\"} 2.0\n# TYPE c_total unknown\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "# TYPE d_created gauge\nd_created{instance=\"\",job=\"a\"} 2.0\n# TYPE d_total unknown\n", text, StringComparison.Ordinal);
        AssertValid(text);
        _gateway.Put(Harness.Key("job", "c"), "s_created 7\n");
        Assert.DoesNotContain("s_created{instance=\"\",job=\"b\"}", OpenMetrics(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(EscapingScheme.AllowUtf8, "{\"a.b_total\",instance=\"\",job=\"j\",\"k.l\"=\"v\"} 1.0 # {\"t.u\"=\"x\"} 2.0\n")]
    [InlineData(EscapingScheme.Underscores, "a_b_total{instance=\"\",job=\"j\",k_l=\"v\"} 1.0 # {t_u=\"x\"} 2.0\n")]
    public void Utf8_names_follow_the_escaping(EscapingScheme escaping, string line)
    {
        var utf8 = new Harness(names: NameScheme.Utf8);
        Assert.Equal(PushStatus.Stored, utf8.Store.Push(
            s_job, PushFormat.OpenMetrics, "# TYPE \"a.b\" counter\n{\"a.b_total\",\"k.l\"=\"v\"} 1 # {\"t.u\"=\"x\"} 2\n# EOF"u8.ToArray(),
                PushMode.Merge).Status);
        Assert.Contains(line, Encoding.UTF8.GetString(utf8.Bytes(ScrapeFormat.OpenMetrics, escaping)), StringComparison.Ordinal);
    }

    // A protobuf push may name any unit; only one that the name ends in is kept, because that is all that OpenMetrics can say.
    [Fact]
    public void A_unit_that_the_name_does_not_end_in_is_not_kept()
    {
        byte[] Family(string name) => [0x0A, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), 0x18, 1, 0x22, 11, 0x12, 9, 0x09, 0, 0, 0,
            0, 0, 0, 0, 0, 0x2A, 1, (byte)'s'];
        _gateway.PutProtobuf(s_job, Family("a_s"), Family("b"));
        Assert.Contains("# TYPE a_s gauge\n# UNIT a_s s\n", OpenMetrics(), StringComparison.Ordinal);
        Assert.DoesNotContain("# UNIT b", OpenMetrics(), StringComparison.Ordinal);
        Assert.Equal(2, Encoding.UTF8.GetString(_gateway.Bytes(ScrapeFormat.ProtobufText)).Split("unit: \"s\"").Length);
    }

    private PushOutcome Push(GroupingKey key, string body)
    {
        _gateway.Clock.Advance();
        return _gateway.Store.Push(key, PushFormat.OpenMetrics, Encoding.UTF8.GetBytes(body.ReplaceLineEndings("\n")), PushMode.Replace);
    }

    private string OpenMetrics() => Encoding.UTF8.GetString(_gateway.Bytes(ScrapeFormat.OpenMetrics));

    private static void AssertValid(string text) =>
        Assert.True(OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(text), NameScheme.Legacy, new FamilySet(), out FormatError error),
            error.ToString());
}
