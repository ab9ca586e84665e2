using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>Cases that the recorded bodies do not cover or do not name.</summary>
public class TextReadTests
{
    [Fact]
    public void Names_and_values_without_escapes_point_into_the_body()
    {
        FamilySet set = Read("# HELP a.b x\n# HELP \"a.b\" help\n{\"a.b\",c=\"d\"} 1\n", NameScheme.Utf8, expectError: true);
        Assert.Equal(0, set.Metrics.Length);

        set = Read("# HELP \"a.b\" help\n{\"a.b\",c=\"d\"} 1\n", NameScheme.Utf8);
        Assert.True(set.Families[0].Name.Start >= 0);
        Assert.True(set.Families[0].Help.Start >= 0);
        Assert.True(set.Labels[0].Name.Start >= 0);
        Assert.True(set.Labels[0].Value.Start >= 0);
        Assert.Equal("a.b", Encoding.UTF8.GetString(set.Text(set.Families[0].Name)));
    }

    [Fact]
    public void What_was_escaped_is_found_in_the_scratch_bytes()
    {
        FamilySet set = Read("# HELP \"a\\\"b\" one\\ntwo\n{\"a\\\"b\",\"c\\\\\"=\"\\n\"} 1\n", NameScheme.Utf8);
        Assert.Equal("a\"b", Encoding.UTF8.GetString(set.Text(set.Families[0].Name)));
        Assert.Equal("one\ntwo", Encoding.UTF8.GetString(set.Text(set.Families[0].Help)));
        Assert.Equal("c\\", Encoding.UTF8.GetString(set.Text(set.Labels[0].Name)));
        Assert.Equal("\n", Encoding.UTF8.GetString(set.Text(set.Labels[0].Value)));
        Assert.Equal(1, set.Families.Length);
    }

    [Fact]
    public void Content_says_what_a_metric_carries()
    {
        FamilySet set = Read("""
            # TYPE c counter
            c 1
            # TYPE g gauge
            g 1 7
            # TYPE s summary
            s_sum 1
            # TYPE h histogram
            h_bucket{le="1"} 1
            h_bucket{le="+Inf"} 2
            # TYPE f gaugehistogram
            f_bucket{le="1"} 1.5
            f_count 0
            u 1

            """);
        Assert.Equal(
            [
                MetricContent.Counter,
                MetricContent.Gauge | MetricContent.Timestamp,
                MetricContent.Summary | MetricContent.NoCount,
                MetricContent.Histogram | MetricContent.InfBucket | MetricContent.NoCount | MetricContent.NoSum,
                MetricContent.Histogram | MetricContent.FloatCounts | MetricContent.NoSum,
                MetricContent.Untyped,
            ],
            set.Metrics.ToArray().Select(metric => metric.Content));
    }

    [Theory]
    [InlineData("# TYPE s summary\n{quantile=\"0.5\",\"s\"} 1\n", "# TYPE s summary\ns{quantile=\"0.5\"} 1\n")]
    [InlineData("# TYPE h histogram\n# TYPE g gauge\n{a=\"b\",le=\"1\",h_bucket,c=\"d\"} 1\n",
        "# TYPE h histogram\nh_bucket{a=\"b\",c=\"d\",le=\"1\"} 1\n")]
    [InlineData("# TYPE h histogram\nh_sum 1\n{le=\"1\",\"foo\"} 1\n", "# TYPE h histogram\nh_sum 1\nfoo{le=\"1\"} 1\n")]
    [InlineData("# TYPE h histogram\n# TYPE i histogram\nh_sum{a=\"b\"} 1\n{\"i_sum\",a=\"b\"} 2\n",
        "# TYPE h histogram\nh_sum{a=\"b\"} 1\n# TYPE i histogram\ni_sum{a=\"b\"} 2\n")]
    [InlineData("# TYPE h histogram\n{le=\"7\",\"h_bucket\",le=\"1\"} 1\n", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\n")]
    public void A_name_inside_braces_means_the_same_as_before_them(string inside, string before) =>
        Assert.Equal(TextDump.Of(Read(before)), TextDump.Of(Read(inside)));

    [Theory]
    [InlineData("foo 1\n{} 2\n", 2)]
    [InlineData("foo 1\n{a=\"b\"} 2\n", 2)]
    [InlineData("# TYPE foo counter\n{a=\"b\"} 2\n", 2)]
    [InlineData("{} 2\n", 1)]
    public void Braces_without_a_name_are_always_refused(string body, int line)
    {
        Assert.False(TextFormat.TryRead(Encoding.UTF8.GetBytes(body), default, new FamilySet(), out FormatError error));
        Assert.Equal(new FormatError("invalid metric name", line), error);
    }

    [Theory]
    [InlineData("foo{a=\"1\",b=\"2\",a=\"3\"} 1\n")]
    [InlineData("foo{a=\"1\",b=\"2\"} 1\nfoo{a=\"1\",a=\"2\"} 1\n")]
    [InlineData("foo{a=\"1\",b=\"2\",c=\"3\"} 1\nfoo{b=\"1\",b=\"2\",c=\"3\"} 1\n")]
    [InlineData("foo{a=\"1\",b=\"2\"} 1\nfoo{b=\"1\",b=\"2\"} 1\n")]
    [InlineData("# TYPE foo histogram\nfoo{le=\"1\",le=\"2\"} 1\nbar{le=\"1\",le=\"2\"} 1\n")]
    [InlineData("foo{a=\"1\",\"a\"=\"2\"} 1\n")]
    public void Repeated_label_names_are_found_whatever_the_line_before_was(string body)
    {
        Assert.False(TextFormat.TryRead(Encoding.UTF8.GetBytes(body), default, new FamilySet(), out FormatError error));
        Assert.StartsWith("duplicate label names for metric \"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeated_names_among_many_are_found_and_distinct_ones_are_not()
    {
        string[] labels = [.. Enumerable.Range(0, 500).Select(i => $"l{i}=\"{i}\"")];
        string line = $"foo{{{string.Join(',', labels)}}} 1\n";
        Assert.Equal(1000, Read(line + line).Labels.Length);
        string repeated = $"foo{{{string.Join(',', labels)},l77=\"x\"}} 1\n";
        Assert.False(TextFormat.TryRead(Encoding.UTF8.GetBytes(line + repeated), default, new FamilySet(), out FormatError error));
        Assert.Equal("text format parsing error in line 2: duplicate label names for metric \"foo\"", error.ToString());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(16)]
    [InlineData(40)]
    public void The_lines_of_a_histogram_meet_whatever_the_order_of_their_labels(int count)
    {
        string[] labels = [.. Enumerable.Range(0, count).Select(i => $"l{i}=\"{i}\"")];
        string other = string.Join(',', labels).Replace("l1=\"1\"", "l1=\"x\"", StringComparison.Ordinal);
        string body =
            $"# TYPE h histogram\nh_sum{{{string.Join(',', labels)}}} 5\nh_sum{{{other}}} "
            + $"6\nh_count{{{string.Join(',', labels.Reverse())}}} 7\n";
        FamilySet set = Read(body);
        Assert.Equal(2, set.Metrics.Length);
        Assert.Equal((5.0, 7UL, count), (set.Metrics[0].Value, set.Metrics[0].Count, set.Metrics[0].LabelCount));
        Assert.Equal((6.0, 0UL, count), (set.Metrics[1].Value, set.Metrics[1].Count, set.Metrics[1].LabelCount));
        Assert.Equal(2 * count, set.Labels.Length);
    }

    [Fact]
    public void Interleaved_families_and_metrics_keep_the_order_of_first_appearance()
    {
        FamilySet set = Read(
            "# TYPE s summary\nb 1\ns_sum{x=\"1\"} 1\na 2\ns_sum{x=\"2\"} 2\nb 3\ns_count{x=\"1\"} 9\n# TYPE empty gauge\n");
        Assert.Equal(["s", "b", "a"], set.Families.ToArray().Select(family => Encoding.UTF8.GetString(set.Text(family.Name))));
        Assert.Equal([2, 2, 1], set.Families.ToArray().Select(family => family.MetricCount));
        Assert.Equal(9UL, set.Metrics[set.Families[0].FirstMetric].Count);
    }

    [Fact]
    public void Values_that_are_no_utf8_are_refused_also_after_such_a_help_text()
    {
        byte[] body = [.. "# HELP foo \xFF\nfoo{a=\"é\"} 1\nfoo{a=\"\xFF\"} 1\n".Select(c => (byte)c)];
        Assert.False(TextFormat.TryRead(body, default, new FamilySet(), out FormatError error));
        Assert.Equal("text format parsing error in line 2: invalid label value \"\\xe9\"", error.ToString());
    }

    [Theory]
    [InlineData("counter", MetricType.Counter)]
    [InlineData("GAUGE", MetricType.Gauge)]
    [InlineData("Gauge_Histogram", MetricType.GaugeHistogram)]
    [InlineData("gaugehistogram", MetricType.GaugeHistogram)]
    [InlineData("un\\typed", MetricType.Untyped)]
    public void Type_words(string word, MetricType type) => Assert.Equal(type, Read($"# TYPE foo {word}\nfoo 1\n").Families[0].Type);

    // Go upper-cases the word: two letters outside ASCII have an upper case inside.
    [Fact]
    public void Letters_that_go_upper_cases_into_ascii_are_taken()
    {
        Assert.Equal(MetricType.Histogram, Read("# TYPE foo hiſtogram\nfoo 1\n").Families[0].Type);
        Assert.Equal(MetricType.GaugeHistogram, Read("# TYPE foo gauge_hıſtogram\nfoo 1\n").Families[0].Type);
    }

    internal static FamilySet Read(string body, NameScheme scheme = NameScheme.Legacy, bool expectError = false)
    {
        var set = new FamilySet();
        bool read = TextFormat.TryRead(
            Encoding.UTF8.GetBytes(body), new TextReadOptions(scheme, Lenient: false), set, out FormatError error);
        Assert.True(read != expectError, error.ToString());
        return set;
    }
}
