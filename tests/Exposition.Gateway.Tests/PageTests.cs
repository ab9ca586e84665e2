using System.Buffers;
using System.Text;
using Exposition.Formats;
using Exposition.Gateway.Page;

namespace Exposition.Gateway.Tests;

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
        string[] shown = [.. Enumerable.Range(0, 10).Where(i => table.Contains($"&lt;{i}&gt;", StringComparison.Ordinal)).Select(static i => $"{i}")];
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
        Assert.Contains("<dt>Sample values \u2264 0.5</dt><dd>2</dd><dt>Sample count</dt><dd>6</dd><dt>Sample sum</dt><dd>12.5</dd>", table, StringComparison.Ordinal);
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
