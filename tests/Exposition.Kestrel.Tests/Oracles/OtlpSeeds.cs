using System.Text;
using Exposition.Formats.Otlp;

namespace Exposition.Kestrel.Tests;

/// <summary>Requests that have each part of the format once, and words that edits of them take long to find.</summary>
internal static class OtlpSeeds
{
    private const string Times = """ "startTimeUnixNano":"1700000000000000001","timeUnixNano":"1700000001000000002" """;
    private const string Attribute = """{"key":"http.method","value":{"stringValue":"GET"}}""";

    /// <summary>Each in JSON, and the same in protobuf.</summary>
    public static IEnumerable<byte[]> All =>
        Json.Select(Encoding.UTF8.GetBytes).SelectMany(static json => new[] { json, OtlpJson.ToProtobuf(json, 1 << 20).ToArray() });

    /// <summary>Words of both.</summary>
    public static IEnumerable<byte[]> Words =>
    [
        .. new[]
        {
            "\"dataPoints\":[", $"\"attributes\":[{Attribute}],", "\"aggregationTemporality\":1,", "\"aggregationTemporality\":2,",
            "\"isMonotonic\":true,", "\"asInt\":\"5\",", "\"asDouble\":", "\"NaN\"", "\"-Infinity\"", "\"flags\":1,", "\"unit\":\"By/s\",",
            "\"timeUnixNano\":", "{\"name\":\"a.b\",", "\"sum\":{", "\"gauge\":{", "\"count\":\"3\",", "\"scale\":-4,", "\"zeroCount\":1,",
            "18446744073709551615", "9223372036854775807", "null", "\\u0000", "\\ud83d", "1e400", "true", "[]", "{}", "},{", ",",
        }.Select(Encoding.UTF8.GetBytes),
        [0x0A, 0x00], [0x12, 0x00], [0x10, 0x01], [0x10, 0x02], [0x18, 0x01], [0x2A, 0x00], [0x3A, 0x00], [0x4A, 0x00], [0x52, 0x00],
        [0x5A, 0x00], [0x19, 1, 0, 0, 0, 0, 0, 0, 0], [0x31, 5, 0, 0, 0, 0, 0, 0, 0], [0x21, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F], [0x40, 0x01],
        [0x3A, 0x08, 0x0A, 0x01, (byte)'k', 0x12, 0x03, 0x0A, 0x01, (byte)'v'],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    ];

    private static IEnumerable<string> Json =>
    [
        Request(Sum("requests", 1, $$$"""{"asInt":"5","attributes":[{{{Attribute}}}],{{{Times}}} },{"asDouble":0.5,{{{Times}}} }""")),
        Request(Sum("requests.total", 2, $$$"""
            {"asInt":"5",{{{Times}}},"exemplars":[{"asDouble":2,"timeUnixNano":"7","traceId":"5b8efff798038103d269b633813fc60c",
              "spanId":"eee19b7ec3c1b174","filteredAttributes":[{{{Attribute}}}]}]}
            """)),
        Request(
            Metric("temperature", "Cel", """ "gauge":{"dataPoints":[{"asDouble":-21.5},{"asDouble":1,"flags":1}]} """),
            Sum("open", 2, """{"asInt":"-7"}""").Replace("true", "false", StringComparison.Ordinal)),
        Request(Metric("latency", "ms", $$$"""
            "histogram":{"aggregationTemporality":1,"dataPoints":[
              {"count":"6","sum":12.5,"bucketCounts":["1","2","3"],"explicitBounds":[0.5,10],{{{Times}}} }]}
            """)),
        Request(Metric("size", "By", $$$"""
            "exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"count":"9","sum":33,"scale":3,"zeroCount":"2",
              "zeroThreshold":1e-9,"positive":{"offset":-3,"bucketCounts":["1","0","4"]},"negative":{"offset":2,"bucketCounts":["2"]},
              {{{Times}}} }]}
            """)),
        Request(Metric("rpc", "s", $$$"""
            "summary":{"dataPoints":[{"count":"4","sum":8,
              "quantileValues":[{"quantile":0.5,"value":2},{"quantile":0.99,"value":3}],{{{Times}}} }]}
            """)),
        $$$"""
        {"resourceMetrics":[{{{Resource("a", Sum("m", 2, """{"asInt":1}"""))}}},{{{Resource("b", Sum("m", 2, """{"asInt":2}"""))}}},
          {"scopeMetrics":[{"metrics":[{{{Sum("lost", 2, """{"asInt":1}""")}}}]}]}]}
        """,
        $$$"""
        {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"intValue":"7"}},{"key":"list","value":
          {"arrayValue":{"values":[{"boolValue":true},{"doubleValue":0.1},{"kvlistValue":{"values":[{{{Attribute}}}]}},
            {"bytesValue":"AAE="}]} }}]},"schemaUrl":"u"}]}
        """,
    ];

    private static string Request(params string[] metrics) => $$$"""{"resourceMetrics":[{{{Resource("i", metrics)}}}]}""";

    private static string Resource(string instance, params string[] metrics) => $$$"""
        {"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"j"}},
          {"key":"service.instance.id","value":{"stringValue":"{{{instance}}}"}}]},
         "scopeMetrics":[{"scope":{"name":"s","version":"1","attributes":[{{{Attribute}}}]},"metrics":[{{{string.Join(',', metrics)}}}]}]}
        """;

    private static string Metric(string name, string unit, string data) =>
        $$$"""{"name":"{{{name}}}","unit":"{{{unit}}}","description":"A seed.",{{{data}}} }""";

    private static string Sum(string name, int temporality, string points) => Metric(
        name, "1", $$$""" "sum":{"aggregationTemporality":{{{temporality}}},"isMonotonic":true,"dataPoints":[{{{points}}}]}""");
}
