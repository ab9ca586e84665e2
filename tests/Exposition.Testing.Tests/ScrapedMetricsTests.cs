using Exposition.Formats;

namespace Exposition.Testing.Tests;

/// <summary>What tests ask of an application's metrics, and what they are told when they ask for what is not there.</summary>
public sealed class ScrapedMetricsTests
{
    private const string Text = """
        # TYPE requests_total counter
        requests_total{code="200",path="/"} 5
        requests_total{code="200",path="/a"} 6
        requests_total{code="500",path="/"} 1
        # TYPE up gauge
        up 1
        # TYPE seconds histogram
        seconds_bucket{le="0.5"} 2
        seconds_bucket{le="+Inf"} 3
        seconds_sum 1.5
        seconds_count 3

        """;

    private static readonly ScrapedMetrics s_metrics = ScrapedMetrics.Parse(Text);

    [Theory]
    [InlineData("up", 1)]
    [InlineData("up{}", 1)]
    [InlineData("requests_total{code=\"500\"}", 1)]
    [InlineData("requests_total{path=\"/a\"}", 6)]
    [InlineData("requests_total{path=\"/\",code=\"200\"}", 5)]
    [InlineData("requests_total{code=\"500\",zone=\"\"}", 1)]
    [InlineData("seconds_bucket{le=\"+Inf\"}", 3)]
    [InlineData("seconds_sum", 1.5)]
    public void A_value_is_found_by_its_series(string series, double value)
    {
        Assert.Equal(value, s_metrics.Value(series));
        Assert.Equal(value, s_metrics.Find(series));
    }

    [Fact]
    public void A_series_that_is_not_there_is_told_with_those_that_are_most_alike()
    {
        KeyNotFoundException thrown = Assert.Throws<KeyNotFoundException>(() => s_metrics.Value("request_total{code=\"500\",path=\"/\"}"));

        Assert.Contains("most alike: requests_total{code=\"500\",path=\"/\"}", thrown.Message, StringComparison.Ordinal);
        Assert.Null(s_metrics.Find("requests_total{code=\"404\"}"));
        Assert.Contains(
            "at all", Assert.Throws<KeyNotFoundException>(() => ScrapedMetrics.Parse("").Value("up")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_series_that_stands_for_several_is_an_error_that_names_them()
    {
        KeyNotFoundException thrown = Assert.Throws<KeyNotFoundException>(() => s_metrics.Find("requests_total{code=\"200\"}"));

        Assert.Contains("2 series", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("path=\"/a\"", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1up")]
    [InlineData("up{a=b}")]
    [InlineData("up 1\nup 2")]
    [InlineData("# a comment")]
    public void What_is_no_series_is_a_format_error(string series) =>
        Assert.Throws<FormatException>(() => s_metrics.Value(series));

    [Fact]
    public void A_body_that_is_no_exposition_says_in_which_line()
    {
        ExpositionFormatException thrown = Assert.Throws<ExpositionFormatException>(() => ScrapedMetrics.Parse("up 1\nup x\n"));

        Assert.Equal(2, thrown.Line);
    }

    [Fact]
    public void All_samples_are_there_in_their_order()
    {
        Assert.Equal(8, s_metrics.Count);
        Assert.Equal("requests_total{code=\"200\",path=\"/\"} 5", s_metrics[0].ToString());
        Assert.Equal(["seconds_bucket", "seconds_bucket", "seconds_sum", "seconds_count"], s_metrics.Skip(4).Select(static s => s.Name));
    }
}
