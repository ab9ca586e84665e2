using System.Text;

namespace Exposition.Formats.Tests;

public class TextSamplesTests
{
    [Theory]
    [InlineData("foo", MetricType.Gauge, "foo 1\nfoo{a=\"b\"} 2\n", "# TYPE foo gauge\nfoo 1\nfoo{a=\"b\"} 2\n")]
    [InlineData("foo_sum", MetricType.Counter, "foo_sum 1\n", "# TYPE foo_sum counter\nfoo_sum 1\n")]
    [InlineData("s", MetricType.Summary, "s{a=\"b\",quantile=\"0.5\"} 1\ns_sum{a=\"b\"} 2\ns_count{a=\"b\"} 3\n",
        "# TYPE s summary\ns{a=\"b\",quantile=\"0.5\"} 1\ns_sum{a=\"b\"} 2\ns_count{a=\"b\"} 3\n")]
    [InlineData("h", MetricType.Histogram, "h_bucket{le=\"+Inf\"} 2.5\nh_sum 1\nh_count 2.5\n",
        "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2.5\nh_sum 1\nh_count 2.5\n")]
    [InlineData("a.b", MetricType.GaugeHistogram,
        "{\"a.b_bucket\",\"x.y\"=\"1\",le=\"1\"} 2\n{\"a.b_sum\",\"x.y\"=\"1\"} 3\n{\"a.b_count\",\"x.y\"=\"1\"} 2\n",
        "# TYPE \"a.b\" gaugehistogram\n{\"a.b_bucket\",\"x.y\"=\"1\",le=\"1\"} 2\n{\"a.b_sum\",\"x.y\"=\"1\"} "
            + "3\n{\"a.b_count\",\"x.y\"=\"1\"} 2\n")]
    public void A_piece_reads_as_in_its_exposition(string name, MetricType type, string piece, string exposition)
    {
        FamilySet whole = TextReadTests.Read(exposition, NameScheme.Utf8);
        FamilySet set = Read(name, type, piece, out bool read, out FormatError error);
        Assert.True(read, error.ToString());
        Assert.Equal(TextDump.Of(whole), TextDump.Of(set));
    }

    [Fact]
    public void Label_names_with_a_colon_need_no_quotes()
    {
        FamilySet set = Read("foo", MetricType.Gauge, "foo{a:b=\"1\",:c=\"2\"} 1\nfoo{a:b=\"1\",:c=\"2\"} 1\n", out bool read, out _);
        Assert.True(read);
        Assert.Equal(["a:b", ":c", "a:b", ":c"], set.Labels.ToArray().Select(label => Encoding.UTF8.GetString(set.Text(label.Name))));
        Assert.False(TextFormat.TryRead("foo{a:b=\"1\"} 1\n"u8.ToArray(), default, new FamilySet(), out _));
    }

    // What a pushed count of -1 becomes is written as 2^64, which does not fit; pushed, that is 2^63 as with the reference.
    [Fact]
    public void A_count_just_below_2_to_the_64_is_still_it_when_read_back()
    {
        FamilySet pushed = TextReadTests.Read("# TYPE s summary\ns_count -1\n", NameScheme.Utf8);
        Assert.Equal(ulong.MaxValue, pushed.Metrics[0].Count);
        FamilySet set = Read("s", MetricType.Summary, "s_count 1.8446744073709552e+19\n", out bool read, out _);
        Assert.True(read);
        Assert.Equal(ulong.MaxValue, set.Metrics[0].Count);
        Assert.Equal(1UL << 63, TextReadTests.Read("# TYPE s summary\ns_count 1.8446744073709552e+19\n", NameScheme.Utf8).Metrics[0].Count);
    }

    [Theory]
    [InlineData("foo 1\nbar 1\n", "text format parsing error in line 2: sample \"bar\" does not belong to metric \"foo\"")]
    [InlineData("foo_sum 1\n", "text format parsing error in line 1: sample \"foo_sum\" does not belong to metric \"foo\"")]
    [InlineData("foo 1", "text format parsing error in line 1: unexpected end of input stream")]
    [InlineData("foo x\n", "text format parsing error in line 1: expected float as value, got \"x\"")]
    public void A_damaged_piece_is_refused(string piece, string expected)
    {
        Read("foo", MetricType.Untyped, piece, out bool read, out FormatError error);
        Assert.False(read);
        Assert.Equal(expected, error.ToString());
    }

    [Fact]
    public void An_empty_piece_leaves_the_family_alone()
    {
        FamilySet set = Read("foo", MetricType.Gauge, "", out bool read, out _);
        Assert.True(read);
        Assert.Equal(1, set.Families.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => TextFormat.TryReadSamples(1, set, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => TextFormat.TryReadSamples(-1, set, out _));
    }

    private static FamilySet Read(string name, MetricType type, string piece, out bool read, out FormatError error)
    {
        var set = new FamilySet();
        set.Reset(Encoding.UTF8.GetBytes(piece));
        int family = set.AddFamily(set.AddText(Encoding.UTF8.GetBytes(name)), type);
        read = TextFormat.TryReadSamples(family, set, out error);
        return set;
    }
}
