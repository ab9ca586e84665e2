using Exposition.Formats.Translation;
using static Exposition.Formats.Tests.Otlp.OtlpSupport;

namespace Exposition.Formats.Tests.Otlp;

/// <summary>From metrics of OpenTelemetry to families.</summary>
public sealed class TranslationTests
{
    private const string Counter = """
        {"name":"http.requests","description":"Requests.","unit":"{request}","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
          {"startTimeUnixNano":"1000000000","timeUnixNano":"9000000000","asInt":"7","attributes":[
            {"key":"http.method","value":{"stringValue":"GET"}}],
           "exemplars":[
            {"timeUnixNano":"5000000000","asInt":"1","traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",
              "filteredAttributes":[{"key":"user.id","value":{"stringValue":"u"}}]},
            {"timeUnixNano":"6000000000","asDouble":2.5}]}]}}
        """;

    [Fact]
    public void A_monotonic_sum_is_a_counter_with_its_start_and_its_newest_exemplar()
    {
        Translated result = Translate(Metrics(Counter));
        Assert.Equal(["http_requests_total{http_method=\"GET\"} 7"], result.Samples);
        Assert.Contains("# HELP http_requests_total Requests.", result.Text, StringComparison.Ordinal);
        Assert.Contains("# TYPE http_requests_total counter", result.Text, StringComparison.Ordinal);
        Oracle.Counter counter = result.Families[0].Metric[0].Counter;
        Assert.Equal(1, counter.CreatedTimestamp.Seconds);
        Assert.Equal(2.5, counter.Exemplar.Value);
        Assert.Equal([PointsMode.Cumulative], result.Modes);
        Assert.Equal(1, result.Points);
    }

    [Theory]
    [InlineData("__x__")]
    [InlineData("a:b")]
    public void An_exemplar_goes_without_the_labels_that_no_format_can_say(string key)
    {
        Translated result = Translate(Metrics(
            Counter.Replace("user.id", key, StringComparison.Ordinal).Replace("6000000000", "4000000000", StringComparison.Ordinal)), "");
        Oracle.Exemplar exemplar = result.Families[0].Metric[0].Counter.Exemplar;
        Assert.Equal(1, exemplar.Value);
        Assert.Equal(["span_id", "trace_id"], exemplar.Label.Select(static label => label.Name).Order(StringComparer.Ordinal));
        Assert.Equal(1, result.Points);
    }

    [Theory]
    [InlineData("escaped suffixed", "http_requests_total", "http_method")]
    [InlineData("escaped", "http_requests", "http_method")]
    [InlineData("suffixed", "http.requests_total", "http.method")]
    [InlineData("", "http.requests", "http.method")]
    public void Each_strategy_names_as_it_says(string strategy, string name, string label)
    {
        Oracle.MetricFamily family = Translate(Metrics(Counter), strategy).Families[0];
        Assert.Equal(name, family.Name);
        Assert.Equal(label, family.Metric[0].Label[0].Name);
    }

    [Fact]
    public void Gauges_and_sums_that_may_fall_are_gauges()
    {
        Translated result = Translate(Metrics("""
            {"name":"memory.usage","unit":"By","gauge":{"dataPoints":[{"asDouble":1.5,"timeUnixNano":1}]}},
            {"name":"cpu.utilization","unit":"1","gauge":{"dataPoints":[{"asInt":-2}]}},
            {"name":"connections","sum":{"aggregationTemporality":2,"dataPoints":[{"asInt":3}]}}
            """));
        Assert.Equal(["memory_usage_bytes 1.5", "cpu_utilization_ratio -2", "connections 3"], result.Samples);
        Assert.All(result.Modes, static mode => Assert.Equal(PointsMode.Last, mode));
        Assert.Equal("bytes", result.Families[0].Unit);
    }

    [Fact]
    public void A_histogram_with_bounds_is_a_classic_one_with_an_exemplar_in_each_bucket()
    {
        Translated result = Translate(Metrics("""
            {"name":"d","unit":"s","histogram":{"aggregationTemporality":2,"dataPoints":[{"startTimeUnixNano":"1","count":"6","sum":4.5,
              "bucketCounts":["1",2,"3"],"explicitBounds":[0.5,1],"min":0,"max":9,"exemplars":[
                {"asDouble":0.25,"timeUnixNano":"2"},{"asDouble":0.4,"timeUnixNano":"3"},{"asDouble":7,"timeUnixNano":"1"}]}]}}
            """));
        Assert.Equal(
            [
                "d_seconds_bucket{le=\"0.5\"} 1", "d_seconds_bucket{le=\"1\"} 3", "d_seconds_bucket{le=\"+Inf\"} 6", "d_seconds_sum 4.5",
                "d_seconds_count 6",
            ],
            result.Samples);
        Assert.Equal([0.4, 7], result.Families[0].Metric[0].Histogram.Bucket.Where(static b => b.Exemplar is not null)
            .Select(static b => b.Exemplar.Value));
    }

    [Fact]
    public void A_histogram_without_bounds_has_a_count_and_one_without_a_sum_has_no_number_there()
    {
        Translated result = Translate(Metrics(
            """{"name":"d","histogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"2","count":"6"}]}}"""));
        Assert.Equal(["d_bucket{le=\"+Inf\"} 6", "d_sum NaN", "d_count 6"], result.Samples);
        Assert.Equal([PointsMode.Add], result.Modes);
    }

    [Theory]
    [InlineData(1, "1", "1", 1, 2, 2)]
    [InlineData(8, "1,1", "0,1,1", 8, 2, 3)]
    [InlineData(9, "1,1", "0,1,1", 8, 1, 2)]
    public void An_exponential_histogram_is_a_native_one(int scale, string positive, string negative, int schema, int first, int below)
    {
        int count = 1 + positive.Count(static c => c == '1') + negative.Count(static c => c == '1');
        Translated result = Translate(Metrics($$$"""
            {"name":"d","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"count":{{{count}}},"sum":10.1,"scale":{{{scale}}},
              "zeroCount":"1","positive":{"offset":1,"bucketCounts":[{{{positive}}}]},
              "negative":{"offset":1,"bucketCounts":[{{{negative}}}]}}]}}
            """));
        Oracle.Histogram histogram = result.Families[0].Metric[0].Histogram;
        Assert.Equal(schema, histogram.Schema);
        Assert.Equal((1ul, (ulong)count, 10.1, 1e-128),
            (histogram.ZeroCount, histogram.SampleCount, histogram.SampleSum, histogram.ZeroThreshold));
        Assert.Equal(first, histogram.PositiveSpan[0].Offset);
        Assert.Equal(below, histogram.NegativeSpan[0].Offset);
    }

    [Fact]
    public void A_histogram_of_nothing_but_zeros_makes_no_other_coarser()
    {
        Translated result = Translate(Metrics("""
            {"name":"d","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
              {"timeUnixNano":10,"count":1,"sum":0,"scale":0,"zeroCount":1},
              {"timeUnixNano":20,"count":2,"sum":3,"scale":3,"positive":{"offset":4,"bucketCounts":[1,1]}}]}}
            """));
        Oracle.Histogram merged = result.Families[0].Metric[0].Histogram;
        Assert.Equal((3, 1ul, 3ul), (merged.Schema, merged.ZeroCount, merged.SampleCount));
    }

    [Fact]
    public void A_summary_keeps_its_quantiles_in_order()
    {
        Translated result = Translate(Metrics("""
            {"name":"d","summary":{"dataPoints":[{"count":"6","sum":4.5,"quantileValues":[{"quantile":0.9,"value":2},{"quantile":0.5,"value":1}]}]}}
            """));
        Assert.Equal(["d{quantile=\"0.5\"} 1", "d{quantile=\"0.9\"} 2", "d_sum 4.5", "d_count 6"], result.Samples);
        Assert.Equal([PointsMode.Cumulative], result.Modes);
    }

    [Fact]
    public void Attributes_that_clash_are_joined_in_the_order_of_their_keys()
    {
        Translated result = Translate(Metrics("""
            {"name":"d","gauge":{"dataPoints":[{"asInt":1,"attributes":[
              {"key":"a_b","value":{"intValue":"3"}},{"key":"a.b","value":{"boolValue":true}},{"key":"a-b","value":{"doubleValue":0.5}},
              {"key":"job","value":{"stringValue":"j"}},{"key":"__name__","value":{"stringValue":"n"}},{"key":"none","value":{}}]}]}}
            """));
        Assert.Equal(["d{a_b=\"0.5;true;3\",exported_job=\"j\"} 1"], result.Samples);
    }

    [Fact]
    public void Values_of_attributes_are_text_as_OpenTelemetry_writes_it()
    {
        Translated result = Translate(Metrics("""
            {"name":"d","gauge":{"dataPoints":[{"asInt":1,"attributes":[
              {"key":"array","value":{"arrayValue":{"values":[{"stringValue":"a\"b"},{"intValue":"1"},{"doubleValue":1e21},{"boolValue":false},{}]}}},
              {"key":"bytes","value":{"bytesValue":"AAEC"}},
              {"key":"large","value":{"doubleValue":1e20}},
              {"key":"map","value":{"kvlistValue":{"values":[{"key":"z","value":{"intValue":2}},{"key":"a","value":{"arrayValue":{}}}]}}},
              {"key":"nan","value":{"doubleValue":"NaN"}},
              {"key":"small","value":{"doubleValue":-0.0000001}}]}]}}
            """));
        Assert.Equal(
            ["d{array=\"[\\\"a\\\\\\\"b\\\",1,1e+21,false,null]\",bytes=\"AAEC\",large=\"100000000000000000000\","
                + "map=\"{\\\"a\\\":[],\\\"z\\\":2}\",nan=\"NaN\",small=\"-1e-7\"} 1"],
            result.Samples);
    }

    [Fact]
    public void Scopes_are_labels_where_they_are_asked_for()
    {
        byte[] body = Read("""
            {"resourceMetrics":[{"scopeMetrics":[{"schemaUrl":"u","scope":{"name":"s","version":"1","attributes":[
              {"key":"k.k","value":{"stringValue":"v"}},{"key":"name","value":{"stringValue":"other"}}]},
             "metrics":[{"name":"d","gauge":{"dataPoints":[{"asInt":1}]}}]}]}]}
            """);
        Assert.Equal(["d 1"], Translate(body).Samples);
        Assert.Equal(
            ["d{otel_scope_k_k=\"v\",otel_scope_name=\"s\",otel_scope_schema_url=\"u\",otel_scope_version=\"1\"} 1"],
            Translate(body, scopes: true).Samples);
    }

    [Fact]
    public void A_point_without_a_value_any_more_is_neither_stored_nor_rejected()
    {
        Translated result = Translate(Metrics("""{"name":"d","gauge":{"dataPoints":[{"flags":1}]}}"""));
        Assert.Equal((0, 0), (result.Points, result.Rejected.Points));
        Assert.Empty(result.Families);
    }

    [Fact]
    public void Of_points_of_one_series_the_latest_counts_and_a_duplicate_is_rejected()
    {
        Translated result = Translate(Metrics("""
            {"name":"g","gauge":{"dataPoints":[{"asInt":2,"timeUnixNano":20},{"asInt":1,"timeUnixNano":10},{"asInt":9,"timeUnixNano":20}]}},
            {"name":"c","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
              {"asInt":1,"timeUnixNano":10},{"asInt":5,"timeUnixNano":30},{"asInt":3,"timeUnixNano":20}]}}
            """));
        Assert.Equal(["g 2", "c_total 5"], result.Samples);
        Assert.Equal((5, 1), (result.Points, result.Rejected.Points));
        Assert.Contains(
            "metric \"g\": a point has the labels and the time of an earlier one", result.Rejected.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_series_that_began_anew_is_written_stretch_by_stretch_the_latest_point_of_each()
    {
        byte[] body = Metrics("""
            {"name":"d","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
              {"startTimeUnixNano":"5","timeUnixNano":"6","asInt":2},{"startTimeUnixNano":"1","timeUnixNano":"2","asInt":7},
              {"startTimeUnixNano":"1","timeUnixNano":"4","asInt":9},{"startTimeUnixNano":"1","timeUnixNano":"3","asInt":8},
              {"startTimeUnixNano":"5","timeUnixNano":"4","asInt":1}]}},
            {"name":"g","gauge":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":"2","asInt":1},{"timeUnixNano":"3","asInt":2}]}}
            """);
        Translated newest = Translate(body);
        Assert.Equal(["d_total 2", "g 2"], newest.Samples);
        Assert.Equal((2, 4), (newest.Stretches, newest.Points));
        Assert.Equal([6, 3], newest.Times);
        Translated before = Translate(body, age: 1);
        Assert.Equal(["d_total 9"], before.Samples);
        Assert.Equal(3, before.Points);
        Assert.Equal([4], before.Times);
        Assert.Equal(0, Translate(body, age: 2).Points);
    }

    [Fact]
    public void Of_more_starts_than_eight_the_points_are_rejected()
    {
        Translated result = Translate(Metrics(
            """{"name":"d","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":["""
                + string.Join(',', Enumerable.Range(1, 9).Select(static i =>
                    $"{{\"startTimeUnixNano\":{2 * i},\"timeUnixNano\":{(2 * i) + 1},\"asInt\":1}}"))
                + "]}}"));
        Assert.Equal((8, 1), (result.Stretches, result.Rejected.Points));
        Assert.Contains("more than 8 starts", result.Rejected.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Deltas_of_one_series_are_added_up_in_any_order_and_a_duplicate_is_rejected()
    {
        Translated result = Translate(Metrics("""
            {"name":"c","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[
              {"asInt":1,"startTimeUnixNano":10,"timeUnixNano":20},{"asInt":5,"startTimeUnixNano":20,"timeUnixNano":30},
              {"asInt":1,"startTimeUnixNano":10,"timeUnixNano":20}]}},
            {"name":"h","histogram":{"aggregationTemporality":1,"dataPoints":[
              {"timeUnixNano":20,"count":3,"sum":2,"explicitBounds":[1],"bucketCounts":[1,2]},
              {"timeUnixNano":10,"count":3,"sum":2,"explicitBounds":[1],"bucketCounts":[2,1]}]}},
            {"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[
              {"timeUnixNano":20,"count":4,"sum":2,"scale":1,"positive":{"offset":0,"bucketCounts":[1,1,1,1]}},
              {"timeUnixNano":10,"count":3,"sum":2,"scale":0,"zeroCount":1,"positive":{"offset":-2,"bucketCounts":[1,0,1]}}]}}
            """));
        Assert.Equal(["c_total 6", "h_bucket{le=\"1\"} 3", "h_bucket{le=\"+Inf\"} 6", "h_sum 4", "h_count 6", "e_sum 4", "e_count 7"],
            result.Samples.Where(static sample => !sample.StartsWith("e_bucket", StringComparison.Ordinal)));
        Oracle.Histogram merged = result.Families[2].Metric[0].Histogram;
        Assert.Equal((0, 1ul), (merged.Schema, merged.ZeroCount));
        Assert.Equal((6, 1), (result.Points, result.Rejected.Points));
    }

    [Theory]
    [InlineData("""{"name":"d","sum":{"isMonotonic":true,"dataPoints":[{"asInt":1}]}}""", "its temporality is not given")]
    [InlineData("""{"name":"d","sum":{"aggregationTemporality":1,"dataPoints":[{"asInt":1,"timeUnixNano":1}]}}""", "delta of a sum that may fall")]
    [InlineData("""{"name":"d","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":1}]}}""", "a delta has no time")]
    [InlineData("""{"name":"d","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":-1,"timeUnixNano":1}]}}""", "has the value -1")]
    [InlineData("""{"name":"d","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asDouble":"NaN"}]}}""", "has the value NaN")]
    [InlineData("""{"name":"d","gauge":{"dataPoints":[{}]}}""", "neither asInt nor asDouble")]
    [InlineData("""{"name":"","gauge":{"dataPoints":[{"asInt":1}]}}""", "names a metric")]
    [InlineData("""{"name":"d","gauge":{"dataPoints":[{"asInt":1,"attributes":[{"key":"","value":{"stringValue":"x"}}]}]}}""", "key of an attribute is empty")]
    [InlineData("""{"name":"d","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":1,"bucketCounts":[1],"explicitBounds":[1]}]}}""", "expected one count more than bounds")]
    [InlineData("""{"name":"d","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":1,"sum":1,"bucketCounts":[1,1],"explicitBounds":[1]}]}}""", "count 2, and its count is 1")]
    [InlineData("""{"name":"d","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":2,"bucketCounts":[1,1,0],"explicitBounds":[2,1]}]}}""", "increasing order")]
    [InlineData("""{"name":"d","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"scale":-10}]}}""", "the scale -10, below -4")]
    [InlineData("""{"name":"d","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"count":1,"positive":{"offset":2147483647,"bucketCounts":[1]}}]}}""", "indexes of 32 bits")]
    [InlineData("""{"name":"d","summary":{"dataPoints":[{"quantileValues":[{"quantile":2,"value":1}]}]}}""", "not between 0 and 1")]
    public void What_has_no_place_is_rejected_with_its_reason(string metric, string reason)
    {
        Translated result = Translate(Metrics(metric + """,{"name":"good","gauge":{"dataPoints":[{"asInt":1}]}}"""));
        Assert.Equal(["good 1"], result.Samples);
        Assert.Equal((1, 1), (result.Points, result.Rejected.Points));
        Assert.Contains(reason, result.Rejected.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_comes_first_has_the_name_and_others_of_another_kind_are_rejected()
    {
        Translated result = Translate(Metrics("""
            {"name":"d","unit":"s","gauge":{"dataPoints":[{"asInt":1}]}},
            {"name":"d_seconds","summary":{"dataPoints":[{"count":1}]}},
            {"name":"x","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"asInt":1}]}},
            {"name":"x","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":1,"timeUnixNano":1}]}},
            {"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"count":0}]}},
            {"name":"h_count","gauge":{"dataPoints":[{"asInt":1},{"asInt":2,"attributes":[{"key":"a","value":{"intValue":1}}]}]}}
            """));
        Assert.Equal(3, result.Points);
        Assert.Equal(4, result.Rejected.Points);
        Assert.Contains("metric \"d_seconds\": it is a Summary, and the name d_seconds is that of a Gauge", result.Rejected.Text,
            StringComparison.Ordinal);
        Assert.Contains("another temporality", result.Rejected.Text, StringComparison.Ordinal);
        Assert.Contains("family \"h_count\"", result.Rejected.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void More_attributes_than_allowed_are_rejected_and_reasons_are_bounded()
    {
        string points = string.Join(',', Enumerable.Range(0, 100).Select(static i =>
            $$$"""{"name":"m{{{i}}}","gauge":{"dataPoints":[{"asInt":1,"attributes":[{"key":"a","value":{"intValue":1}},{"key":"b","value":{"intValue":1}}]}]}}"""));
        Translated result = Translate(Metrics(points), attributes: 1);
        Assert.Equal(100, result.Rejected.Points);
        Assert.Contains(
            "a point has 2 attributes, more than 1 (the limit otlp-attributes)", result.Rejected.Text, StringComparison.Ordinal);
        Assert.EndsWith("other reasons (80 points)", result.Rejected.Text, StringComparison.Ordinal);
    }
}
