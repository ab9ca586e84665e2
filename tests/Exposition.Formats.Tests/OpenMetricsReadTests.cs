using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>What each piece of the grammar becomes in the model, and what is refused where and why.</summary>
public sealed class OpenMetricsReadTests
{
    [Fact]
    public void Every_type_becomes_what_the_protobuf_model_knows()
    {
        FamilySet set = OpenMetricsSupport.Read("""
            # TYPE c counter
            # HELP c A \"counter\".
            c_total{a="b"} 17
            # TYPE g gauge
            g -1.5
            # TYPE u unknown
            u 1
            # TYPE i info
            i_info{version="1"} 1
            # TYPE t stateset
            t{t="up",x="y"} 1
            t{x="y",t="down"} 0
            # TYPE s summary
            s{quantile="0.5"} NaN
            s_sum 3
            s_count 2
            # TYPE h histogram
            h_bucket{le="0.5"} 1
            h_bucket{le="+Inf"} 18446744073709551615
            h_sum 2.5
            h_count 18446744073709551615
            # TYPE gh gaugehistogram
            gh_bucket{le="-1"} 1
            gh_bucket{le="+Inf"} 2.0
            gh_gsum -7
            gh_gcount 2
            none 5

            """);
        Assert.Equal(
            """
            # HELP c_total A "counter".
            # TYPE c_total counter
            c_total{a="b"} 17
            # TYPE g gauge
            g -1.5
            # TYPE u untyped
            u 1
            # TYPE i_info gauge
            i_info{version="1"} 1
            # TYPE t gauge
            t{x="y",t="up"} 1
            t{x="y",t="down"} 0
            # TYPE s summary
            s{quantile="0.5"} NaN
            s_sum 3
            s_count 2
            # TYPE h histogram
            h_bucket{le="0.5"} 1
            h_bucket{le="+Inf"} 1.8446744073709552e+19
            h_sum 2.5
            h_count 1.8446744073709552e+19
            # TYPE gh histogram
            gh_bucket{le="-1"} 1
            gh_bucket{le="+Inf"} 2
            gh_sum -7
            gh_count 2
            # TYPE none untyped
            none 5

            """.ReplaceLineEndings("\n"),
            ProtobufSupport.WriteText(set));
        Assert.Equal(MetricType.GaugeHistogram, set.Families[7].Type);
        Assert.Equal(ulong.MaxValue, set.Metrics[set.Families[6].FirstMetric].Count);
        foreach (ref readonly MetricRow metric in set.Metrics)
        {
            Assert.True(metric.Raw.IsEmpty);
        }
    }

    [Fact]
    public void Exemplars_created_times_and_the_unit_are_in_the_protobuf_form()
    {
        FamilySet set = OpenMetricsSupport.Read("""
            # TYPE c_seconds counter
            # UNIT c_seconds seconds
            c_seconds_total{a="1"} 3 # {trace="x",span="y\n"} 0.5 1700000000.123
            c_seconds_created{a="1"} 1520430000.123456789
            c_seconds_total{a="2"} 4 # {} 1
            # TYPE h histogram
            h_bucket{le="1"} 1 # {a="b"} 0.5
            h_bucket{le="2"} 1
            h_bucket{le="+Inf"} 2 # {c="d"} 7 -0.25
            h_created 1.7e+09
            # TYPE s summary
            s_created 5

            """);
        List<Oracle.MetricFamily> families = OpenMetricsSupport.ToProtobuf(set);
        Assert.Equal("""
            { "name": "c_seconds_total", "type": "COUNTER", "metric": [
            { "label": [ { "name": "a", "value": "1" } ], "counter": { "value": 3, "exemplar": { "label": [ { "name": "trace", "value": "x" }, { "name": "span", "value": "y\n" } ], "value": 0.5, "timestamp": "2023-11-14T22:13:20.123Z" }, "createdTimestamp": "2018-03-07T13:40:00.123456789Z" } },
            { "label": [ { "name": "a", "value": "2" } ], "counter": { "value": 4, "exemplar": { "value": 1 } } } ], "unit": "seconds" }
            """.ReplaceLineEndings(" "), families[0].ToString());
        Assert.Equal("""
            { "name": "h", "type": "HISTOGRAM", "metric": [ { "histogram": { "bucket": [
            { "cumulativeCount": "1", "upperBound": 1, "exemplar": { "label": [ { "name": "a", "value": "b" } ], "value": 0.5 } },
            { "cumulativeCount": "1", "upperBound": 2 },
            { "cumulativeCount": "2", "upperBound": "Infinity", "exemplar": { "label": [ { "name": "c", "value": "d" } ], "value": 7, "timestamp": "1969-12-31T23:59:59.750Z" } } ],
            "createdTimestamp": "2023-11-14T22:13:20Z" } } ] }
            """.ReplaceLineEndings(" "), families[1].ToString());
        Assert.Equal("""{ "name": "s", "type": "SUMMARY", "metric": [ { "summary": { "createdTimestamp": "1970-01-01T00:00:05Z" } } ] }""",
            families[2].ToString());
        Assert.All(set.Metrics.ToArray(), metric => Assert.True(metric.Content.HasFlag(MetricContent.OnlyInRaw)));
    }

    // Found by fuzzing: the labels of the exemplar on the line that begins the next metric went away with those of the metric before.
    [Fact]
    public void An_exemplar_on_the_first_line_of_the_next_metric_keeps_its_labels()
    {
        const string Body =
            "# TYPE c counter\nc_total{a=\"1\"} 1.0 # {x=\"1\"} 1.0\nc_total{a=\"2\"} 1.0 # {y=\"2\"} 2.0\n# TYPE d counter\nd_total 1.0 "
            + "# {z=\"3\"} 3.0\n";
        Assert.Equal(Body, OpenMetricsSupport.Write(OpenMetricsSupport.Read(Body)));
    }

    [Fact]
    public void Times_are_milliseconds_and_points_of_one_metric_are_rows()
    {
        FamilySet set = OpenMetricsSupport.Read("""
            # TYPE g gauge
            g{a="1"} 1 0.0000000000
            g{a="1"} 2 0.0000000001
            g{a="1"} 3 0.001
            g{a="2"} 4 -1.1
            g{a="2"} 5 12345678901234567890.1234567890
            # TYPE s summary
            s_count{a="b"} 0 123
            s_sum{a="b"} 0 123
            s_count{a="b"} 7 456
            s_sum{a="b"} 0 456

            """);
        Assert.Equal(
            [(1.0, 0L), (3, 1), (4, -1100), (5, long.MaxValue), (0, 123_000), (0, 456_000)],
            set.Metrics.ToArray().Select(metric => (metric.Value, metric.TimestampMs)));
        Assert.Equal(7UL, set.Metrics[5].Count);
    }

    [Theory]
    [InlineData("{\"a.b\",x=\"1\"} 1")]
    [InlineData("{x=\"1\",\"a.b\"} 1")]
    [InlineData("{ \"a.b\" , x = \"1\" } 1")]
    [InlineData("# HELP \"a.b\" \n{\"a.b\",\"x\"=\"1\"} 1")]
    public void Names_may_be_quoted_where_utf8_is_allowed(string line)
    {
        FamilySet set = OpenMetricsSupport.Read(line + "\n", NameScheme.Utf8);
        Assert.Equal("{\"a.b\",x=\"1\"} 1\n", ProtobufSupport.WriteText(set).Split("untyped\n")[1]);
        Assert.False(OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(line + "\n# EOF\n"), NameScheme.Legacy, set, out FormatError error));
        Assert.Equal("invalid metric name \"a.b\"", error.Message);
    }

    [Theory]
    [InlineData("\\z", "\\z")]
    [InlineData("\\\\z\\n\\\"", "\\z\n\"")]
    [InlineData("tab\t, cr\r and nul\0", "tab\t, cr\r and nul\0")]
    public void Escapes_that_mean_nothing_stand_for_themselves(string escaped, string plain)
    {
        FamilySet set = OpenMetricsSupport.Read($"# HELP a {escaped}\na{{x=\"{escaped}\"}} 1\n");
        Assert.Equal(plain, Encoding.UTF8.GetString(set.Text(set.Families[0].Help)));
        Assert.Equal(plain, Encoding.UTF8.GetString(set.Text(set.Labels[0].Value)));
    }

    [Fact]
    public void Metadata_without_samples_and_empty_texts_leave_no_trace()
    {
        FamilySet set = OpenMetricsSupport.Read("# TYPE a counter\n# HELP b x\n# UNIT b \n# HELP c \n# UNIT c \nc 1\n");
        Assert.Equal(1, set.Families.Length);
        Assert.False(set.Families[0].HasHelp);
        Assert.True(set.Families[0].Unit.IsEmpty);
    }

    [Fact]
    public void A_set_is_reused_without_traces_of_the_body_before()
    {
        var set = new FamilySet();
        Assert.False(
            OpenMetricsFormat.TryRead("# TYPE c counter\nc_total 1 # {a=\"b\"} 1\nc_total x\n"u8.ToArray(), NameScheme.Legacy, set, out _));
        Assert.True(OpenMetricsFormat.TryRead("# TYPE c counter\nc_total 1\nc_created 2\n# EOF"u8.ToArray(), NameScheme.Legacy, set,
            out FormatError error), error.ToString());
        Assert.Equal("# TYPE c counter\nc_total 1.0\nc_created 2.0\n", OpenMetricsSupport.Write(set));
    }

    // Line, message, body. A metric's and a family's faults are told for the line where it begins.
    [Theory]
    [InlineData(1, "missing \"# EOF\" at the end", "")]
    [InlineData(2, "missing \"# EOF\" at the end", "a 1\n")]
    [InlineData(1, "missing \"# EOF\" at the end", "a 1")]
    [InlineData(1, "missing \"# EOF\" at the end", "# HELP a x")]
    [InlineData(2, "more text behind \"# EOF\"", "# EOF\n\n")]
    [InlineData(2, "expected \"# TYPE\", \"# HELP\", \"# UNIT\" or \"# EOF\": comments are not allowed", "a 1\n# EOF\r")]
    [InlineData(2, "empty line", "a 1\r\n\r\n# EOF\r\n")]
    [InlineData(1, "expected \"# TYPE\", \"# HELP\", \"# UNIT\" or \"# EOF\": comments are not allowed", "#TYPE a gauge\n# EOF\n")]
    [InlineData(2, "empty line", "a 1\n\n# EOF\n")]
    [InlineData(1, "expected a number as value, got \"1\\t\"", "a 1\t\n# EOF\n")]
    [InlineData(1, "expected a number as value, got \"1\\r\"", "a 1\r\r\n# EOF\n")]
    [InlineData(1, "expected a number as timestamp, got \"\"", "a 1 \n# EOF\n")]
    [InlineData(1, "expected a finite number as timestamp, got \"+Inf\"", "a 1 +Inf\n# EOF\n")]
    [InlineData(1, "expected a metric name or '#' at the start of the line, found '\"'", "\"a\" 1\n# EOF\n")]
    [InlineData(1, "expected a metric name, found braces without one", "{} 1\n# EOF\n")]
    [InlineData(1, "expected a quoted metric name before or in the braces", "{x=\"y\"} 1\n# EOF\n")]
    [InlineData(1, "expected '=' behind the label name \"b\", found '}'", "a{\"b\"} 1\n# EOF\n")]
    [InlineData(1, "expected '=' behind the label name \"foo\", found '}'", "{foo} 1\n# EOF\n")]
    [InlineData(1, "label name \"__name__\" is reserved", "{__name__=\"a\"} 1\n# EOF\n")]
    [InlineData(1, "label \"x\" twice in one label set", "a{x=\"1\",x=\"1\"} 1\n# EOF\n")]
    [InlineData(1, "expected a label name, found '}'", "a{x=\"1\",} 1\n# EOF\n")]
    [InlineData(1, "quoted text does not end in its line", "a{x=\"1\n\"} 1\n# EOF\n")]
    [InlineData(1, "unknown metric type \"gauge \"", "# TYPE a gauge \n# EOF\n")]
    [InlineData(2, "second HELP for \"a\"", "# HELP a \n# HELP a x\n# EOF\n")]
    [InlineData(3, "metadata of \"a\" behind its samples", "# TYPE a gauge\na 1\n# HELP a x\n# EOF\n")]
    [InlineData(2, "a unit for \"a_s\", which is of a type without units", "# UNIT a_s s\n# TYPE a_s info\n# EOF\n")]
    [InlineData(1, "the name \"s\" does not end in \"_\" and its unit \"s\"", "# UNIT s s\n# EOF\n")]
    [InlineData(3, "family \"a\" of type unknown clashes with an earlier one: both have the name \"a\"", "a 1\nb 1\na 1\n# EOF\n")]
    [InlineData(2, "family \"a\" of type counter clashes with an earlier one: both have the name \"a_total\"",
        "a_total 1\n# TYPE a counter\na_total 1\n# EOF\n")]
    [InlineData(2, "the same sample a second time", "a 1\na 1\n# EOF\n")]
    [InlineData(3, "the same state a second time", "# TYPE a stateset\na{a=\"x\"} 1\na{a=\"x\"} 1\n# EOF\n")]
    [InlineData(3, "the same quantile a second time", "# TYPE a summary\na{quantile=\"0.5\"} 1\na{quantile=\"0.50\"} 1\n# EOF\n")]
    [InlineData(4, "the samples of one metric of \"a\" do not follow one another",
        "# TYPE a counter\na_total{x=\"1\",y=\"2\"} 1\na_total 1\na_created{y=\"2\",x=\"1\"} 1\n# EOF\n")]
    [InlineData(4, "the samples of one metric of \"a\" do not follow one another",
        "# TYPE a stateset\na{x=\"1\",a=\"2\"} 1\na{a=\"2\"} 1\na{a=\"3\",x=\"1\"} 1\n# EOF\n")]
    [InlineData(2, "a sample with and one without timestamp in one metric", "a 1\na 1 1\n# EOF\n")]
    [InlineData(2, "metric of \"a\": no \"_total\" sample", "# TYPE a counter\na_created 1\na_created{x=\"y\"} 1\n# EOF\n")]
    [InlineData(2, "metric of \"a\": no bucket with le=\"+Inf\"", "# TYPE a histogram\na_bucket{le=\"1\"} 1\n# EOF\n")]
    [InlineData(2, "metric of \"a\": its count is not that of the bucket with le=\"+Inf\"",
        "# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\na_count 2\na_sum 1\n# EOF\n")]
    [InlineData(2, "label \"le\" on a sample that has none", "# TYPE a histogram\na_sum{le=\"1\"} 1\n# EOF\n")]
    [InlineData(2, "label \"quantile\" on a sample that has none", "# TYPE a summary\na_sum{quantile=\"1\"} 1\n# EOF\n")]
    [InlineData(2, "expected a whole number below 2^64 as a count, got \"18446744073709551616\"",
        "# TYPE a summary\na_count 18446744073709551616\n# EOF\n")]
    [InlineData(3, "expected a created time in seconds, of the years 1 to 9999, got \"1e12\"",
        "# TYPE a counter\na_total 1\na_created 1e12\n# EOF\n")]
    [InlineData(3, "expected a created time in seconds, of the years 1 to 9999, got \"NaN\"",
        "# TYPE a counter\na_total 1\na_created NaN\n# EOF\n")]
    [InlineData(2, "expected the time of the exemplar in seconds, of the years 1 to 9999, got \"-inf\"",
        "# TYPE a counter\na_total 1 # {} 1 -inf\n# EOF\n")]
    [InlineData(2, "the labels of the exemplar have more than 128 characters", "# TYPE a counter\na_total 1 # {ä=\"\"} 1\n# EOF\n")]
    [InlineData(1, "an exemplar on a sample that is neither a bucket nor the total of a counter", "a 1 # {} 1\n# EOF\n")]
    public void Faults_are_told_with_their_line(int line, string message, string body)
    {
        body = message.StartsWith("the labels of the exemplar", StringComparison.Ordinal)
            ? body.Replace("ä=\"\"", $"a=\"{new string('é', 128)}\"", StringComparison.Ordinal)
            : body;
        Assert.False(OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(body), NameScheme.Utf8, new FamilySet(), out FormatError error));
        Assert.Equal(new FormatError(message, line), error);
    }

    [Fact]
    public void CR_LF_ends_a_line_too()
    {
        const string text =
            "# TYPE a_seconds counter\n# UNIT a_seconds seconds\n# HELP a_seconds x\\n\na_seconds_total{b=\"c\"} 1 5 # {t=\"1\"} 2\n"
            + "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1 # {t=\"1\"} 2 3\nh_count 1\nh_sum 2\n# EOF\n";
        var plain = new FamilySet();
        var windows = new FamilySet();
        Assert.True(OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(text), NameScheme.Legacy, plain, out FormatError error),
            error.ToString());
        Assert.True(OpenMetricsFormat.TryRead(Encoding.UTF8.GetBytes(text.Replace("\n", "\r\n", StringComparison.Ordinal)),
            NameScheme.Legacy, windows, out error), error.ToString());
        Assert.Equal(TextDump.Of(plain), TextDump.Of(windows));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_refused_wherever_they_stand()
    {
        byte[] body = [.. "a 1\n# HELP b \u00E9"u8, 0xFF, .. "\n# EOF\n"u8];
        Assert.False(OpenMetricsFormat.TryRead(body, NameScheme.Utf8, new FamilySet(), out FormatError error));
        Assert.Equal(new FormatError("bytes that are not UTF-8", 2), error);
    }
}
