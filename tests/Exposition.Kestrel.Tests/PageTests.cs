using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Kestrel.Page;

namespace Exposition.Kestrel.Tests;

public class PageTests
{
    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\"><img src=x onerror=alert(1)>", "&#34;&gt;&lt;img src=x onerror=alert(1)&gt;")]
    [InlineData("' onmouseover='alert(1)", "&#39; onmouseover=&#39;alert(1)")]
    [InlineData("a & b\0", "a &amp; b\ufffd")]
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
        Assert.Contains("<code class=\"label\">l=&#34;&lt;0&gt;&#34;</code>", table, StringComparison.Ordinal);
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
        Assert.Contains("<dt>Sample values \u2264 0.5</dt><dd>2</dd><dt>Sample count</dt><dd>6</dd><dt>Sample sum</dt><dd>12.5</dd>", table,
            StringComparison.Ordinal);
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
        Assert.Contains("<dt>Not shown</dt><dd>4900</dd>", table, StringComparison.Ordinal);
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
