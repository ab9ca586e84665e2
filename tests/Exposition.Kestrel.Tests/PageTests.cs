using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.Page;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Exposition.Kestrel.Tests;

public class PageTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\"><img src=x onerror=alert(1)>", "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;")]
    [InlineData("' onmouseover='alert(1)", "&#39; onmouseover=&#39;alert(1)")]
    [InlineData("a & b\0\a\n\u007f", "a &amp; b\u2400\u2407\u240a\u2421")]
    [InlineData("東京 {{.Flags}}", "東京 {{.Flags}}")]
    [InlineData("", "")]
    public void Text_is_escaped(string text, string expected) => Assert.Equal(expected, Write(html => html.Text(text)));

    [FsCheck.Xunit.Property]
    public bool Escaped_text_never_leaves_its_quotes(FsCheck.NonNull<string> text)
    {
        string written = Write(html => html.Text(text.Get));
        return written.AsSpan().IndexOfAny("<>\"'") < 0;
    }

    [Fact]
    public void Series_are_shown_with_escaped_labels_and_plain_values()
    {
        FamilySet set = Gauges(1);
        string table = Write(html => new SeriesTable(html).Write(set, 0, 10));
        Assert.Contains("<bdi class=\"l\">l=\"&lt;0&gt;\"</bdi>", table, StringComparison.Ordinal);
        Assert.Contains("<td>1234567</td>", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 3, "0 1 2")]
    [InlineData(8, 100, "8 9")]
    [InlineData(4, 1, "4")]
    [InlineData(10, 5, "")]
    public void A_part_of_a_large_family_can_be_shown(int skip, int budget, string expected)
    {
        FamilySet set = Gauges(10);
        int written = 0;
        string table = Write(html => written = new SeriesTable(html).Write(set, skip, budget));
        string[] shown = [
            .. Enumerable.Range(0, 10).Where(i => table.Contains($"&lt;{i}&gt;", StringComparison.Ordinal)).Select(static i => $"{i}")];
        Assert.Equal(expected, string.Join(' ', shown));
        Assert.Equal(shown.Length, written);
    }

    [Fact]
    public void Histograms_show_bounds_counts_and_sum()
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("h"u8, MetricType.Histogram, ""u8));
        set.AddPoint(metric, 0.5, 0, 2);
        (set.Metrics[metric].Count, set.Metrics[metric].Value) = (6, 12.5);
        string table = Write(html => new SeriesTable(html).Write(set, 0, 10));
        Assert.Contains("<td>0.5</td><td class=\"n\">2</td><td><meter aria-hidden=\"true\" max=\"4\" value=\"2\"></meter> 2</td>", table,
            StringComparison.Ordinal);
        Assert.Contains("<td>+Inf</td><td class=\"n\">6</td><td><meter aria-hidden=\"true\" max=\"4\" value=\"4\"></meter> 4</td>", table,
            StringComparison.Ordinal);
        Assert.Contains("count 6, sum 12.5", table, StringComparison.Ordinal);
    }

    /// <summary>One push can hold tens of megabytes of labels, buckets and help; a page never does.</summary>
    [Fact]
    public void However_large_labels_and_buckets_are_the_page_stays_small()
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("h"u8, MetricType.Histogram, ""u8));
        for (int i = 0; i < 5000; i++)
        {
            set.AddLabel(Encoding.UTF8.GetBytes($"l{i}"), Encoding.UTF8.GetBytes(new string('&', 65_000)));
            set.AddPoint(metric, i, 0, (ulong)i);
        }

        string table = Write(html => new SeriesTable(html).Write(set, 0, 10));
        Assert.InRange(table.Length, 1, 100_000);
        Assert.Contains("and 4970 more", table, StringComparison.Ordinal);
        Assert.Contains("4\u202f900 more are not shown", table, StringComparison.Ordinal);
    }

    [Fact]
    public void No_series_is_begun_beyond_the_end_of_the_page_and_the_next_part_goes_on_there()
    {
        FamilySet set = Gauges(1000);
        int first = 0;
        string table = Write(html => first = new SeriesTable(html).Write(set, 0, 1000, end: 10_000));
        Assert.InRange(table.Length, 10_000, 11_000);
        Assert.InRange(first, 50, 500);
        Assert.Contains($"&lt;{first - 1}&gt;", table, StringComparison.Ordinal);
        Assert.Contains($"&lt;{first}&gt;", Write(html => new SeriesTable(html).Write(set, first, 1, end: 0)), StringComparison.Ordinal);
    }

    [FsCheck.Xunit.Property]
    public bool A_cut_text_is_the_start_of_it_and_still_a_text(FsCheck.NonNull<string> text)
    {
        string all = string.Concat(Enumerable.Repeat(text.Get.Length > 0 ? text.Get : "\u6771", 400));
        byte[] bytes = Encoding.UTF8.GetBytes(all);
        string cut = Write(html => html.Cut(bytes));
        string whole = Write(html => html.Text(bytes));
        return bytes.Length <= 300 ? cut == whole
            : cut.EndsWith('\u2026') && whole.StartsWith(cut[..^1], StringComparison.Ordinal) && cut.Length is > 80 and < 2000;
    }

    [Fact]
    public void Summaries_show_quantiles_as_bars_that_are_numbers()
    {
        var set = new FamilySet();
        int metric = set.AddMetric(set.AddFamily("s"u8, MetricType.Summary, ""u8));
        set.AddPoint(metric, 0.5, 3, 0);
        set.AddPoint(metric, 0.9, double.PositiveInfinity, 0);
        set.AddPoint(metric, 0.99, double.NaN, 0);
        set.Metrics[metric].Content = MetricContent.Summary;
        string table = Write(html => new SeriesTable(html).Write(set, 0, 10));
        Assert.Contains(
            "<td>0.5</td><td><meter aria-hidden=\"true\" max=\"3\" value=\"3\"></meter> 3</td>", table, StringComparison.Ordinal);
        Assert.Contains("<td>0.9</td><td>+Inf</td>", table, StringComparison.Ordinal);
        Assert.Contains("<td>0.99</td><td>NaN</td>", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Native_histograms_are_drawn_and_told()
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ExpositionWriter(output, new ExpositionWriterOptions(ScrapeFormat.ProtobufDelimited));
        writer.StartFamily("h", MetricType.Histogram, null);
        writer.WriteNativeHistogram(
            new NativeHistogramValue
            {
                Schema = 0,
                Count = 7,
                Sum = 20,
                ZeroThreshold = 0.001,
                ZeroCount = 1,
                PositiveOffset = 1,
                PositiveCounts = [2, 4],
            },
            []);
        writer.Complete();
        var set = new FamilySet();
        Assert.True(ProtobufFormat.TryRead(output.WrittenMemory, set, out FormatError error), error.ToString());
        string table = Write(html => new SeriesTable(html).Write(set, 0, 10));
        Assert.Equal(3, table.Split("<rect ").Length - 1);
        Assert.Contains("aria-label=\"Native histogram of 3 buckets, the fullest (2, 4] with 4\"", table, StringComparison.Ordinal);
        Assert.Contains("<tr><td>(1, 2]</td><td class=\"n\">2</td></tr>", table, StringComparison.Ordinal);
        Assert.Contains("schema 0, zero bucket ±0.001", table, StringComparison.Ordinal);
        Assert.Contains("count 7, sum 20", table, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "1 s")]
    [InlineData(1.99, "1 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 min")]
    [InlineData(7199, "119 min")]
    [InlineData(7200, "2 h")]
    [InlineData(172_800, "2 d")]
    [InlineData(86_400_000_000, "1\u202f000\u202f000 d")]
    public void Times_are_said_in_the_largest_unit_of_which_there_are_two(double seconds, string expected) =>
        Assert.Equal(expected, Words.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1945, "1.9 KiB")]
    [InlineData(1_153_434, "1.1 MiB")]
    [InlineData(250L << 30, "250 GiB")]
    public void Sizes_are_said_in_the_largest_unit_of_which_there_is_one(long bytes, string expected) =>
        Assert.Equal(expected, Words.Size(bytes));

    [Fact]
    public void Reasons_are_said_in_plain_words_with_a_link_to_the_group_that_they_name()
    {
        const string Sentence = "pushed metrics are invalid: collected metric \"a<b\" is not a GAUGE: pushed as COUNTER, but group "
            + "{instance=\"<1>\",job=\"x\"} has it as GAUGE";
        const string Words = "pushed as COUNTER, but group <a href=\"./?match=%7Binstance%3D%22%3C1%3E%22%2Cjob%3D%22x%22%7D\">"
            + "{instance=&#34;&lt;1&gt;&#34;,job=&#34;x&#34;}</a> has it as GAUGE</bdi>";
        Assert.Equal("<bdi><code>a&lt;b</code> " + Words, Write(static html => Reason.WriteShort(html, Sentence)));
        Assert.Equal("<bdi>" + Words, Write(static html => Reason.WriteShort(html, Sentence, isOfFamily: true)));
        Assert.Equal("<bdi>" + Words,
            Write(static html => Reason.WriteShort(html, Sentence.Replace("collected", "", StringComparison.Ordinal))));
        Assert.Equal("<bdi>anything &lt;else&gt; group {</bdi>", Write(static html => Reason.WriteShort(html, "anything <else> group {")));
    }

    [Theory]
    [InlineData("", "./")]
    [InlineData("?match=%7Bjob%3D%22a%22%7D&state=failed&sort=size&dir=asc&limit=7&after=x",
        "./?match=%7Bjob%3D%22a%22%7D&state=failed&sort=size&dir=asc&limit=7&after=x")]
    [InlineData("?state=unheard&sort=of&dir=sideways&limit=-1", "./")]
    [InlineData("?sort=trouble&dir=desc&limit=50&state=ok", "./?state=ok")]
    [InlineData("?limit=100000", "./?limit=500")]
    public void A_list_has_an_address_and_knows_its_defaults(string query, string expected) =>
        Assert.Equal(expected, ListAddress.Of(new QueryCollection(QueryHelpers.ParseQuery(query))).ToString());

    private static FamilySet Gauges(int count)
    {
        var set = new FamilySet();
        int family = set.AddFamily("g"u8, MetricType.Gauge, ""u8);
        for (int i = 0; i < count; i++)
        {
            int metric = set.AddMetric(family);
            set.AddLabel("l"u8, Encoding.UTF8.GetBytes($"<{i}>"));
            set.Metrics[metric].Value = 1234567;
        }

        return set;
    }

    private static string Write(Action<HtmlWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        write(new HtmlWriter(buffer));
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
