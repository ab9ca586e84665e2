using Exposition.Formats.Meters;

namespace Exposition.Formats.Tests;

/// <summary>Names of families from those of instruments, by OpenTelemetry's rules for Prometheus.</summary>
public sealed class InstrumentNamesTests
{
    [Theory]
    // Words.
    [InlineData("plain", null, "gauge", "plain")]
    [InlineData("http.server.active_requests", null, "gauge", "http_server_active_requests")]
    [InlineData("a-b/c d", null, "gauge", "a_b_c_d")]
    [InlineData("a..b__c", null, "gauge", "a_b_c")]
    [InlineData("__reserved", null, "gauge", "_reserved")]
    [InlineData("2xx", null, "gauge", "_2xx")]
    [InlineData("rule:sum", null, "gauge", "rule:sum")]
    [InlineData("größe", null, "gauge", "gr_e")]
    // Counters.
    [InlineData("requests", null, "counter", "requests_total")]
    [InlineData("requests_total", null, "counter", "requests_total")]
    [InlineData("requests.total", null, "counter", "requests_total")]
    [InlineData("subtotal", null, "counter", "subtotal_total")]
    [InlineData("read", "By", "counter", "read_bytes_total")]
    [InlineData("read.bytes", "By", "counter", "read_bytes_total")]
    [InlineData("read.bytes.total", "By", "counter", "read_bytes_total")]
    [InlineData("read_total", "By", "counter", "read_bytes_total")]
    [InlineData("requests", "1", "counter", "requests_total")]
    [InlineData("requests", "{request}", "counter", "requests_total")]
    // Units.
    [InlineData("http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds")]
    [InlineData("wait_seconds", "s", "histogram", "wait_seconds")]
    [InlineData("milliseconds", "ms", "gauge", "milliseconds")]
    [InlineData("nanoseconds", "s", "gauge", "nanoseconds_seconds")]
    [InlineData("usage", "1", "gauge", "usage_ratio")]
    [InlineData("usage_ratio", "1", "gauge", "usage_ratio")]
    [InlineData("usage", "1", "updown", "usage")]
    [InlineData("usage", "%", "gauge", "usage_percent")]
    [InlineData("rate", "By/s", "gauge", "rate_bytes_per_second")]
    [InlineData("rate", "{packet}/s", "gauge", "rate_per_second")]
    [InlineData("rate", "m/s", "gauge", "rate_meters_per_second")]
    [InlineData("rate", "widget/fortnight", "gauge", "rate_widget_per_fortnight")]
    [InlineData("memory", "MiBy", "gauge", "memory_mebibytes")]
    [InlineData("temperature", "Cel", "gauge", "temperature_celsius")]
    [InlineData("odd", "a b//c", "gauge", "odd_a_b_per_c")]
    [InlineData("none", "{}", "gauge", "none")]
    [InlineData("none", "", "gauge", "none")]
    [InlineData("nested", "{a{b}c}", "gauge", "nested")]
    [InlineData("open", "By{never closed", "gauge", "open_bytes")]
    public void Follow_the_rules(string name, string? unit, string kind, string expected)
    {
        string words = UnitNames.Of(unit, isGauge: kind == "gauge");
        Assert.Equal(expected, InstrumentNames.OfFamily(name, words, isCounter: kind == "counter"));
        Assert.True(NameRules.IsValidMetricName(System.Text.Encoding.UTF8.GetBytes(expected), NameScheme.Legacy));
    }

    [Theory]
    [InlineData("http.method", "http_method")]
    [InlineData("__name__", "_name_")]
    [InlineData("9lives", "_9lives")]
    [InlineData("a:b", "a_b")]
    [InlineData("", "_")]
    public void Labels_have_words_only(string tag, string expected) => Assert.Equal(expected, InstrumentNames.OfLabel(tag));
}
