using System.Text;
using Exposition.Formats.Otlp;
using Exposition.Harness;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using static Exposition.Formats.Tests.Otlp.OtlpSupport;

namespace Exposition.Formats.Tests.Otlp;

/// <summary>Requests in protobuf and JSON: what is read of them, and what is refused.</summary>
public sealed class OtlpReadTests
{
    private static readonly (string, string)[] s_resource = [("service.name", "s")];

    [Property(MaxTest = 300)]
    public void Each_field_of_a_point_is_read_as_it_was_written(ulong start, ulong time, long value, double sum, uint[] counts,
        double[] bounds, int scale, int offset, NonNull<string> text)
    {
        ulong[] wide = [.. counts.Select(static count => (ulong)count << 20)];
        string word = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
        byte[] body = OtlpBytes.Request(
            s_resource,
            OtlpBytes.Join(OtlpBytes.Text(1, word), OtlpBytes.Text(3, "s"), OtlpBytes.Message(7, OtlpBytes.Message(
                1, OtlpBytes.Fixed(2, start), OtlpBytes.Fixed(3, time), OtlpBytes.Fixed(6, (ulong)value),
                OtlpBytes.Attribute(7, "k", word), OtlpBytes.Varint(8, 1)), OtlpBytes.Varint(2, 1), OtlpBytes.Varint(3, 1))),
            OtlpBytes.Join(OtlpBytes.Text(1, "h"), OtlpBytes.Message(9, OtlpBytes.Message(
                1, OtlpBytes.Fixed(2, start), OtlpBytes.Fixed(4, 9), OtlpBytes.Double(5, sum), OtlpBytes.PackedFixed(6, wide),
                OtlpBytes.PackedDouble(7, bounds)))),
            OtlpBytes.Join(OtlpBytes.Text(1, "hu"), OtlpBytes.Message(9, OtlpBytes.Message(
                1, [.. wide.Select(static count => OtlpBytes.Fixed(6, count)),
                    .. bounds.Select(static bound => OtlpBytes.Double(7, bound))]))),
            OtlpBytes.Join(OtlpBytes.Text(1, "e"), OtlpBytes.Message(10, OtlpBytes.Message(
                1, OtlpBytes.ZigZag(6, scale), OtlpBytes.Fixed(7, 4), OtlpBytes.Double(14, 0.5),
                OtlpBytes.Message(8, OtlpBytes.ZigZag(1, offset), OtlpBytes.PackedVarint(2, wide)),
                OtlpBytes.Message(9, [OtlpBytes.ZigZag(1, -1), .. wide.Select(static count => OtlpBytes.Varint(2, count))])))),
            OtlpBytes.Join(OtlpBytes.Text(1, "q"), OtlpBytes.Message(11, OtlpBytes.Message(
                1, OtlpBytes.Fixed(4, 7), OtlpBytes.Double(5, sum),
                OtlpBytes.Message(6, OtlpBytes.Double(1, 0.5), OtlpBytes.Double(2, sum))))));
        Assert.Equal(5, OtlpCheck.Run(body, 5));
        OtlpMetric[] metrics = MetricsOf(body);

        OtlpPoint point = PointOf(body, metrics[0]);
        Assert.Equal(word, OtlpFields.Text(body, metrics[0].Name));
        Assert.Equal((OtlpData.Sum, OtlpTemporality.Delta, true), (metrics[0].Data, metrics[0].Temporality, metrics[0].IsMonotonic));
        Assert.Equal((start, time, (double)value, true), (point.Start, point.Time, point.Value!.Value, point.HasNoValue));
        Assert.Equal("k", OtlpFields.KeyOf(body, Assert.Single(point.Attributes), out TextRef text1));
        Assert.Equal(word, OtlpValue.TextOf(body, text1));
        Assert.All((int[])[1, 2], at =>
        {
            point = PointOf(body, metrics[at]);
            Assert.Equal(wide, point.Counts);
            Assert.Equal(bounds, point.Bounds);
        });
        Assert.Equal((9ul, sum), (PointOf(body, metrics[1]).Count, PointOf(body, metrics[1]).Sum));
        point = PointOf(body, metrics[3]);
        Assert.Equal((scale, 4ul, 0.5, offset, -1),
            (point.Scale, point.ZeroCount, point.ZeroThreshold, point.Positive.Offset, point.Negative.Offset));
        Assert.Equal(wide, point.Positive.Counts);
        Assert.Equal(wide, point.Negative.Counts);
        point = PointOf(body, metrics[4]);
        Assert.Equal((7ul, sum), (point.Count, point.Sum));
        Assert.Equal([new SummaryQuantile(0.5, sum)], point.Quantiles);
    }

    [Property(MaxTest = 300)]
    public void Json_says_the_same_as_protobuf(ulong time, long value, NonNull<string> text)
    {
        string word = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes("a" + text.Get));
        string quoted = System.Text.Json.JsonSerializer.Serialize(word);
        byte[] json = Read($$$"""
            {"future":{"x":[1,{}]},"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{"timeUnixNano":"{{{time}}}",
              "asInt":{{{value}}},"attributes":[{"value":{"stringValue":{{{quoted}}}},"key":"k"}] }] },"name":"m","unit":null,
              "description":{{{quoted}}} }] }],
             "resource":{"attributes":[{"key":"service.name","value":{"stringValue":{{{quoted}}}}}]} }]}
            """);
        byte[] protobuf = OtlpBytes.Request([("service.name", word)], OtlpBytes.Join(
            OtlpBytes.Text(1, "m"), OtlpBytes.Text(2, word), OtlpBytes.Message(5, OtlpBytes.Message(
                1, OtlpBytes.Fixed(3, time), OtlpBytes.Fixed(6, (ulong)value), OtlpBytes.Attribute(7, "k", word)))));
        Assert.Equal(Translate(protobuf).Text, Translate(json).Text);
        Assert.Equal(1, Translate(json).Points);
    }

    [Property(MaxTest = 2000)]
    public void Whatever_comes_is_read_or_refused_with_a_reason(byte[] bytes)
    {
        ReadOrRefuse(bytes);
        ReadOrRefuse(OtlpBytes.Message(1, OtlpBytes.Message(2, OtlpBytes.Message(2, OtlpBytes.Text(1, "m"), bytes))));
        ReadOrRefuse(OtlpBytes.Message(1, OtlpBytes.Message(2, OtlpBytes.Message(2, OtlpBytes.Message(10, OtlpBytes.Message(1, bytes))))));
        string text = Encoding.Latin1.GetString(bytes);
        JsonOrRefuse(bytes);
        JsonOrRefuse(Encoding.UTF8.GetBytes("{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[" + text + "]}]}]}"));
    }

    [Fact]
    public void A_request_that_is_cut_off_anywhere_is_refused_or_has_lost_whole_fields()
    {
        byte[] body = Metrics("""{"name":"d","gauge":{"dataPoints":[{"asInt":1,"attributes":[{"key":"k","value":{"stringValue":"v"}}]}]}}""");
        int refused = 0;
        for (int length = 1; length < body.Length; length++)
        {
            try
            {
                OtlpCheck.Run(body.AsSpan(0, length), 10);
            }
            catch (OtlpException e)
            {
                Assert.StartsWith("at byte ", e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.Equal(body.Length - 1, refused);
    }

    [Theory]
    [InlineData(new byte[] { 0x0A, 0x05, 0x01 }, "malformed or cut-off field in a message ExportMetricsServiceRequest")]
    [InlineData(new byte[] { 0x08, 0x01 }, "ExportMetricsServiceRequest.resourceMetrics has the wire type 0, expected 2")]
    [InlineData(new byte[] { 0x0A, 0x03, 0x1A, 0x01, 0xFF }, "ResourceMetrics.schemaUrl is not UTF-8")]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F }, "at byte 0: malformed")]
    public void What_is_no_request_is_refused_with_its_place(byte[] body, string reason) =>
        Assert.Contains(reason, Assert.Throws<OtlpException>(() => OtlpCheck.Run(body, 10)).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_kinds_of_data_in_one_metric_are_refused()
    {
        byte[] body = OtlpBytes.Request(s_resource, OtlpBytes.Join(OtlpBytes.Message(5), OtlpBytes.Message(7)));
        Assert.Contains("a Metric has both gauge and sum, expected one of them", Assert.Throws<OtlpException>(
            () => OtlpCheck.Run(body, 10)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_points_are_too_large()
    {
        byte[] body = OtlpBytes.Request(s_resource, OtlpBytes.Message(5, Enumerable.Repeat(OtlpBytes.Message(1), 11)));
        OtlpException refused = Assert.Throws<OtlpException>(() => OtlpCheck.Run(body, 10));
        Assert.Equal(OtlpBound.Points, refused.Exceeds);
        Assert.Equal(11, OtlpCheck.Run(body, 11));
    }

    [Fact]
    public void Values_that_lie_in_each_other_too_deeply_are_refused_in_both_languages()
    {
        byte[] value = OtlpBytes.Text(1, "x");
        string json = "{\"stringValue\":\"x\"}";
        for (int i = 1; i < OtlpCheck.MostNested; i++)
        {
            value = OtlpBytes.Message(6, OtlpBytes.Message(1, OtlpBytes.Text(1, "k"), OtlpBytes.Bytes(2, value)));
            json = "{\"kvlistValue\":{\"values\":[{\"key\":\"k\",\"value\":" + json + "}]}}";
        }

        Assert.Equal(0, OtlpCheck.Run(Attribute(value), 10));
        Assert.Equal(0, OtlpCheck.Run(OtlpJson.ToProtobuf(Encoding.UTF8.GetBytes(JsonAttribute(json)), 1 << 20).Span, 10));
        value = OtlpBytes.Message(5, OtlpBytes.Bytes(1, value));
        json = "{\"arrayValue\":{\"values\":[" + json + "]}}";
        Assert.Contains("deeper than 32 times", Assert.Throws<OtlpException>(
            () => OtlpCheck.Run(Attribute(value), 10)).Message, StringComparison.Ordinal);
        Assert.Throws<OtlpException>(() => Read(JsonAttribute(json)));
        string endless = string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", 10_000));
        Assert.Contains(
            "malformed JSON", Assert.Throws<OtlpException>(() => Read(JsonAttribute(endless))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "malformed JSON")]
    [InlineData("[]", "ExportMetricsServiceRequest is an array, expected an object")]
    [InlineData("{\n\"resourceMetrics\": [}", "line 2, byte 21: malformed JSON")]
    [InlineData("{} {}", "malformed JSON")]
    [InlineData("{\"resourceMetrics\":{}}", "resourceMetrics is an object, expected an array")]
    [InlineData("{\"resourceMetrics\":[{\"schemaUrl\":1}]}", "schemaUrl is another number, expected a string")]
    [InlineData("{\"resourceMetrics\":[{\"schemaUrl\":\"\\ud800\"}]}", "is not Unicode")]
    public void What_is_no_json_of_a_request_is_refused_with_its_place(string json, string reason) =>
        Assert.Contains(reason, Assert.Throws<OtlpException>(() => Read(json)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"asInt\":1.5", "asInt is another number, expected a whole number of 64 bits")]
    [InlineData("\"asInt\":\"9223372036854775808\"", "asInt is another string, expected a whole number of 64 bits")]
    [InlineData("\"timeUnixNano\":-1", "expected a whole number of 64 bits that is not negative")]
    [InlineData("\"asDouble\":\"1e999\"", "asDouble is another string, expected a number")]
    [InlineData("\"asDouble\":true", "asDouble is true or false, expected a number")]
    [InlineData("\"exemplars\":[{\"traceId\":\"xyz\"}]", "traceId is another string, expected at most 32 hexadecimal digits")]
    [InlineData("\"attributes\":[{\"key\":\"k\",\"value\":{\"bytesValue\":\"?\"}}]", "bytesValue is another string, expected base64")]
    [InlineData("\"attributes\":[{\"key\":\"k\",\"value\":{\"boolValue\":1}}]", "boolValue is another number, expected true or false")]
    public void A_field_of_another_kind_is_refused(string field, string reason) => Assert.Contains(reason, Assert.Throws<OtlpException>(
        () => Metrics("{\"name\":\"d\",\"gauge\":{\"dataPoints\":[{" + field + "}]}}")).Message, StringComparison.Ordinal);

    [Fact]
    public void Json_that_becomes_too_much_protobuf_is_too_large()
    {
        byte[] json = Encoding.UTF8.GetBytes("{\"resourceMetrics\":[" + string.Join(',', Enumerable.Repeat("{}", 1000)) + "]}");
        Assert.Equal(OtlpBound.Bytes, Assert.Throws<OtlpException>(() => OtlpJson.ToProtobuf(json, 5999)).Exceeds);
        Assert.Equal(6000, OtlpJson.ToProtobuf(json, 6000).Length);
    }

    private static byte[] Attribute(byte[] value) =>
        OtlpBytes.Message(1, OtlpBytes.Message(1, OtlpBytes.Message(1, OtlpBytes.Text(1, "k"), OtlpBytes.Bytes(2, value))));

    private static string JsonAttribute(string value) =>
        "{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{\"key\":\"k\",\"value\":" + value + "}]}}]}";

    private static void ReadOrRefuse(byte[] body)
    {
        try
        {
            OtlpCheck.Run(body, 100);
        }
        catch (OtlpException e)
        {
            Assert.NotEmpty(e.Message);
            return;
        }

        Translate(body);
    }

    private static void JsonOrRefuse(byte[] json)
    {
        try
        {
            ReadOrRefuse(OtlpJson.ToProtobuf(json, 1 << 20).ToArray());
        }
        catch (OtlpException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private static OtlpMetric[] MetricsOf(byte[] body) =>
        [.. from part in OtlpFields.All(body, new TextRef(0, body.Length), 1)
            from scope in OtlpFields.All(body, part, 2)
            from metric in OtlpFields.All(body, scope, 2)
            select OtlpMetric.Read(body, metric)];

    private static OtlpPoint PointOf(byte[] body, OtlpMetric metric)
    {
        int at = 0;
        Assert.True(metric.TryNext(body, ref at, out TextRef place));
        var point = new OtlpPoint();
        point.Read(body, place, metric.Data);
        return point;
    }
}
