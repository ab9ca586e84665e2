using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>
/// What Prometheus scrapes and the reference refuses: the lenient reader takes it, and each sample is the same series with the same value.
/// </summary>
public class TextAsScrapedTests
{
    [Theory]
    [InlineData("# HELP m a\n# TYPE m gauge\nm{a=\"1\"} 1\n# HELP m b\n# TYPE m gauge\nm{a=\"2\"} 2\n",
        "# HELP m a\n# TYPE m gauge\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n")]
    [InlineData("# TYPE m gauge\n# TYPE m counter\nm 1\n", "# TYPE m gauge\nm 1\n")]
    [InlineData("# HELP m a\n# HELP m C:\\x\\\nm 1\n", "# HELP m a\nm 1\n")]
    [InlineData("# TYPE s summary\ns_count 1\n# TYPE s summary\ns_sum 2\n", "# TYPE s summary\ns_count 1\ns_sum 2\n")]
    [InlineData("# TYPE s summary\n# TYPE s_count counter\n# TYPE s_sum gauge\ns_count 1\ns_sum 2\n",
        "# TYPE s summary\ns_count 1\ns_sum 2\n")]
    public void First_HELP_and_TYPE_count(string body, string same) => AssertSame(body, same);

    [Theory]
    [InlineData("m 1\n# TYPE m gauge\n", "# TYPE m gauge\nm 1\n")]
    [InlineData("m{a=\"1\"} 1\n# TYPE m counter\nm{a=\"2\"} 2\n# TYPE m gauge\n", "# TYPE m counter\nm{a=\"1\"} 1\nm{a=\"2\"} 2\n")]
    [InlineData("s{quantile=\"0.5\"} 1\n# TYPE s summary\ns_sum 2\ns_count 3\n",
        "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 2\ns_count 3\n")]
    [InlineData("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n# TYPE h histogram\n",
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n")]
    [InlineData("m 1\n# TYPE m untyped\n", "m 1\n")]
    public void TYPE_may_come_behind_samples(string body, string same) => AssertSame(body, same);

    // Their values have no place in a summary or histogram: they stay what they are to Prometheus, series of no type.
    [Theory]
    [InlineData("s 1\n# TYPE s summary\n", "s 1\n")]
    [InlineData("s{quantile=\"0.5\"} 1\ns 2\n# TYPE s summary\ns_sum 3\n", "s{quantile=\"0.5\"} 1\ns 2\ns_sum 3\n")]
    [InlineData("s{quantile=\"NaN\"} 1\n# TYPE s summary\n", "s{quantile=\"NaN\"} 1\n")]
    [InlineData("h{le=\"1\"} 1\n# TYPE h histogram\nh_count 2\n", "h{le=\"1\"} 1\nh_count 2\n")]
    public void TYPE_behind_samples_that_it_cannot_hold_is_passed_over(string body, string same) => AssertSame(body, same);

    [Theory]
    [InlineData("# TYPE c_count counter\nc_count 33657\n\n# TYPE c summary\nc {quantile=\"0.5\"} 0\n",
        "# TYPE c summary\nc{quantile=\"0.5\"} 0\nc_count 33657\n")]
    [InlineData("c_sum{a=\"1\",b=\"2\"} 4\n# TYPE c summary\nc{b=\"2\",a=\"1\",quantile=\"0.5\"} 0\n",
        "# TYPE c summary\nc{b=\"2\",a=\"1\",quantile=\"0.5\"} 0\nc_sum{a=\"1\",b=\"2\"} 4\n")]
    [InlineData("h_bucket{le=\"1\"} 1.5\nh_count 2\n# TYPE h histogram\nh_bucket{le=\"2\"} 2\n",
        "# TYPE h histogram\nh_bucket{le=\"1\"} 1.5\nh_bucket{le=\"2\"} 2\nh_count 2\n")]
    [InlineData("# HELP c_count x\nc_count{a=\"1\"} 1\n# TYPE c summary\nc{quantile=\"0.5\"} 0\n",
        "# TYPE c summary\nc{quantile=\"0.5\"} 0\nc_count{a=\"1\"} 1\n")]
    public void Part_that_was_read_before_its_whole_belongs_to_it(string body, string same) => AssertSame(body, same);

    // They stay beside it, and the store refuses them as the reference does.
    [Theory]
    [InlineData("c_count 1.5\n# TYPE c summary\nc{quantile=\"0.5\"} 0\n")]
    [InlineData("c_count -1\n# TYPE c summary\nc{quantile=\"0.5\"} 0\n")]
    [InlineData("c_count NaN\n# TYPE c summary\nc{quantile=\"0.5\"} 0\n")]
    [InlineData("c_count{quantile=\"0.5\"} 1\n# TYPE c summary\nc{quantile=\"0.5\"} 0\n")]
    [InlineData("h_bucket 1\n# TYPE h histogram\nh_sum 0\n")]
    [InlineData("h_bucket{le=\"x\"} 1\n# TYPE h histogram\nh_sum 0\n")]
    [InlineData("h_count -1\n# TYPE h histogram\nh_sum 0\n")]
    [InlineData("c_count 1\nc_count 1\n# TYPE c summary\nc{quantile=\"0.5\"} 0\n")]
    public void Part_that_does_not_fit_stays_a_family(string body) => Assert.Equal(2, Read(body).Families.Length);

    [Theory]
    [InlineData("# TYPE m gauge\nm 1\n# TYPE m histogram\n", "m")]
    [InlineData("# TYPE s summary\ns_sum 1\n# TYPE s gauge\n", "s")]
    [InlineData("m{quantile=\"1\"} 1\n# TYPE m gauge\n# TYPE m summary\n", "m")]
    public void Two_types_that_part_their_lines_differently_are_refused(string body, string name) =>
        AssertRefused(body, $"second TYPE line for metric name \"{name}\", or TYPE reported after samples");

    [Theory]
    [InlineData("m{p=\"C:\\Program Files\\App\"} 1\n", "m{p=\"C:\\\\Program Files\\\\App\"} 1\n")]
    [InlineData("m{p=\"g\\u003c/w\"} 1\n", "m{p=\"g\\\\u003c/w\"} 1\n")]
    [InlineData("m{p=\"\\d\\\\d\\n\\\"\\d\"} 1\n", "m{p=\"\\\\d\\\\d\\n\\\"\\\\d\"} 1\n")]
    [InlineData("# HELP m C:\\Temp\\\nm 1\n", "# HELP m C:\\\\Temp\\\\\nm 1\n")]
    [InlineData("# HELP m C:\\Temp\\\r\nm 1\n", "# HELP m C:\\\\Temp\\\\\nm 1\n")]
    [InlineData("# HELP m \\\"q\\\" \\x\nm 1\n", "# HELP m \"q\" \\\\x\nm 1\n")]
    public void Backslash_that_escapes_nothing_is_one(string body, string same) => AssertSame(body, same);

    [Theory]
    [InlineData("m{p=\"C:\\\"} 1\n", "label value \"C:\\\"} 1\" contains unescaped new-line")]
    [InlineData("m{p=\"C:\\", "unexpected end of input stream")]
    [InlineData("m{p=\"a\\\n\"} 1\n", "label value \"a\\\\\" contains unescaped new-line")]
    public void Backslash_before_the_end_is_none(string body, string error) => AssertRefused(body, error);

    [Theory]
    [InlineData("-nan")]
    [InlineData("+nan")]
    [InlineData("-NaN")]
    [InlineData("-NAN")]
    [InlineData("-nan(ind)")]
    [InlineData("nan(snan)")]
    public void What_C_prints_for_no_number_is_NaN(string value)
    {
        AssertSame($"m {value}\n", "m NaN\n");
        AssertSame($"m {value} 5\n", "m NaN 5\n");
        AssertSame($"m {value}", "m NaN\n");
    }

    [Theory]
    [InlineData("--nan")]
    [InlineData("-nanx")]
    [InlineData("nan()")]
    [InlineData("0x10")]
    [InlineData("0x1p4")]
    [InlineData("1_000")]
    [InlineData("1e400")]
    [InlineData("1,5")]
    public void Other_words_are_no_numbers_as_in_Prometheus(string value) =>
        AssertRefused($"m {value}\n", $"expected float as value, got \"{value}\"");

    [Theory]
    [InlineData("\uFEFFm 1\n", "m 1\n")]
    [InlineData("\uFEFF", "")]
    [InlineData("\uFEFF\r\n  m 1\r\n", "m 1\n")]
    [InlineData("\uFEFF# TYPE m gauge\nm 1\n\uFEFF# TYPE n gauge\nn 2\n", "# TYPE m gauge\nm 1\n# TYPE n gauge\nn 2\n")]
    public void Byte_order_mark_at_a_line_start_means_nothing(string body, string same) => AssertSame(body, same);

    [Fact]
    public void Byte_order_mark_elsewhere_is_an_error() => AssertRefused("m \uFEFF1\n", "expected float as value, got \"\\ufeff1\"");

    [Fact]
    public void Line_reader_passes_over_it_too()
    {
        var reader = new ExpositionReader(
            Encoding.UTF8.GetBytes("\uFEFFm -nan\n"), new ExpositionReaderState(new TextReadOptions(NameScheme.Legacy, Lenient: true)));
        Assert.True(reader.Read());
        Assert.True(reader.Token == ExpositionToken.Sample && reader.Name.SequenceEqual("m"u8) && double.IsNaN(reader.Value));
        Assert.False(reader.Read());
        Assert.Null(reader.Error);
    }

    private static void AssertSame(string body, string same)
    {
        Assert.Equal(TextDump.Of(Read(same)), TextDump.Of(Read(body)));
        var strict = new FamilySet();
        Assert.True(TextFormat.TryRead(Encoding.UTF8.GetBytes(same), new TextReadOptions(NameScheme.Legacy, Lenient: false), strict,
            out FormatError error), error.ToString());
        Assert.Equal(TextDump.Of(strict), TextDump.Of(Read(same)));
    }

    private static void AssertRefused(string body, string message)
    {
        Assert.False(TextFormat.TryRead(
            Encoding.UTF8.GetBytes(body), new TextReadOptions(NameScheme.Legacy, Lenient: true), new FamilySet(), out FormatError error));
        Assert.Equal(message, error.Message);
    }

    private static FamilySet Read(string body)
    {
        var set = new FamilySet();
        Assert.True(TextFormat.TryRead(Encoding.UTF8.GetBytes(body), new TextReadOptions(NameScheme.Legacy, Lenient: true), set,
            out FormatError error), error.ToString());
        return set;
    }
}
