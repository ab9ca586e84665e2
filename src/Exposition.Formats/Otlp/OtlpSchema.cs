using System.Text;

namespace Exposition.Formats.Otlp;

/// <summary>A field of a message.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Name">Its name in JSON.</param>
/// <param name="Kind">What it holds.</param>
/// <param name="IsList">Whether there may be several; numbers are packed then.</param>
/// <param name="Of">The message in it.</param>
/// <param name="IsChoice">Whether it is one of several of which a message has one at most.</param>
internal sealed record OtlpField(
    int Number, string Name, OtlpKind Kind, bool IsList = false, OtlpMessage? Of = null, bool IsChoice = false)
{
    /// <summary>The name as bytes.</summary>
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Name);
}

/// <summary>A kind of message.</summary>
internal sealed class OtlpMessage(string name)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>The fields that are known; all others are stepped over.</summary>
    public OtlpField[] Fields { get; set; } = [];

    /// <summary>Whether it is a data point.</summary>
    public bool IsPoint { get; init; }

    /// <summary>Whether it is a value that may hold others of its kind.</summary>
    public bool IsValue { get; init; }

    /// <summary>The field of a number, or null.</summary>
    public OtlpField? Find(uint number) => Array.Find(Fields, field => field.Number == number);
}

/// <summary>
/// The messages of <c>ExportMetricsServiceRequest</c> (opentelemetry-proto 1.x), as far as metrics need them: the check of protobuf and the
/// reader of JSON both go by this table.
/// </summary>
internal static class OtlpSchema
{
    /// <summary>The whole request.</summary>
    public static OtlpMessage Request { get; }

    static OtlpSchema()
    {
        var value = new OtlpMessage("AnyValue") { IsValue = true };
        var pair = new OtlpMessage("KeyValue")
        {
            Fields = [new(1, "key", OtlpKind.Text), new(2, "value", OtlpKind.Message, Of: value)],
        };
        value.Fields =
        [
            new(1, "stringValue", OtlpKind.Text, IsChoice: true),
            new(2, "boolValue", OtlpKind.Bool, IsChoice: true),
            new(3, "intValue", OtlpKind.Signed, IsChoice: true),
            new(4, "doubleValue", OtlpKind.Double, IsChoice: true),
            new(5, "arrayValue", OtlpKind.Message, Of: new("ArrayValue") { Fields = [List(1, "values", value)] }, IsChoice: true),
            new(6, "kvlistValue", OtlpKind.Message, Of: new("KeyValueList") { Fields = [List(1, "values", pair)] }, IsChoice: true),
            new(7, "bytesValue", OtlpKind.Bytes, IsChoice: true),
        ];
        var exemplar = new OtlpMessage("Exemplar")
        {
            Fields =
            [
                new(2, "timeUnixNano", OtlpKind.Fixed),
                new(3, "asDouble", OtlpKind.Double, IsChoice: true),
                new(4, "spanId", OtlpKind.Id),
                new(5, "traceId", OtlpKind.Id),
                new(6, "asInt", OtlpKind.SignedFixed, IsChoice: true),
                List(7, "filteredAttributes", pair),
            ],
        };
        OtlpField start = new(2, "startTimeUnixNano", OtlpKind.Fixed);
        OtlpField time = new(3, "timeUnixNano", OtlpKind.Fixed);
        OtlpField temporality = new(2, "aggregationTemporality", OtlpKind.Temporality);
        var buckets = new OtlpMessage("Buckets")
        {
            Fields = [new(1, "offset", OtlpKind.ZigZag), new(2, "bucketCounts", OtlpKind.Unsigned, IsList: true)],
        };
        var number = new OtlpMessage("NumberDataPoint")
        {
            IsPoint = true,
            Fields =
            [
                start, time, new(4, "asDouble", OtlpKind.Double, IsChoice: true), List(5, "exemplars", exemplar),
                new(6, "asInt", OtlpKind.SignedFixed, IsChoice: true), List(7, "attributes", pair), new(8, "flags", OtlpKind.Unsigned),
            ],
        };
        var histogram = new OtlpMessage("HistogramDataPoint")
        {
            IsPoint = true,
            Fields =
            [
                start, time, new(4, "count", OtlpKind.Fixed), new(5, "sum", OtlpKind.Double),
                new(6, "bucketCounts", OtlpKind.Fixed, IsList: true), new(7, "explicitBounds", OtlpKind.Double, IsList: true),
                List(8, "exemplars", exemplar), List(9, "attributes", pair), new(10, "flags", OtlpKind.Unsigned),
                new(11, "min", OtlpKind.Double), new(12, "max", OtlpKind.Double),
            ],
        };
        var exponential = new OtlpMessage("ExponentialHistogramDataPoint")
        {
            IsPoint = true,
            Fields =
            [
                List(1, "attributes", pair), start, time, new(4, "count", OtlpKind.Fixed), new(5, "sum", OtlpKind.Double),
                new(6, "scale", OtlpKind.ZigZag), new(7, "zeroCount", OtlpKind.Fixed),
                new(8, "positive", OtlpKind.Message, Of: buckets), new(9, "negative", OtlpKind.Message, Of: buckets),
                new(10, "flags", OtlpKind.Unsigned), List(11, "exemplars", exemplar), new(12, "min", OtlpKind.Double),
                new(13, "max", OtlpKind.Double), new(14, "zeroThreshold", OtlpKind.Double),
            ],
        };
        var quantile = new OtlpMessage("ValueAtQuantile")
        {
            Fields = [new(1, "quantile", OtlpKind.Double), new(2, "value", OtlpKind.Double)],
        };
        var summary = new OtlpMessage("SummaryDataPoint")
        {
            IsPoint = true,
            Fields =
            [
                start, time, new(4, "count", OtlpKind.Fixed), new(5, "sum", OtlpKind.Double), List(6, "quantileValues", quantile),
                List(7, "attributes", pair), new(8, "flags", OtlpKind.Unsigned),
            ],
        };
        var metric = new OtlpMessage("Metric")
        {
            Fields =
            [
                new(1, "name", OtlpKind.Text), new(2, "description", OtlpKind.Text), new(3, "unit", OtlpKind.Text),
                Data(5, "gauge", number),
                Data(7, "sum", number, temporality, new(3, "isMonotonic", OtlpKind.Bool)),
                Data(9, "histogram", histogram, temporality),
                Data(10, "exponentialHistogram", exponential, temporality),
                Data(11, "summary", summary),
            ],
        };
        var scope = new OtlpMessage("InstrumentationScope")
        {
            Fields = [new(1, "name", OtlpKind.Text), new(2, "version", OtlpKind.Text), List(3, "attributes", pair)],
        };
        var scopeMetrics = new OtlpMessage("ScopeMetrics")
        {
            Fields =
            [
                new(1, "scope", OtlpKind.Message, Of: scope), List(2, "metrics", metric), new(3, "schemaUrl", OtlpKind.Text),
            ],
        };
        var resource = new OtlpMessage("Resource") { Fields = [List(1, "attributes", pair)] };
        var resourceMetrics = new OtlpMessage("ResourceMetrics")
        {
            Fields =
            [
                new(1, "resource", OtlpKind.Message, Of: resource), List(2, "scopeMetrics", scopeMetrics),
                new(3, "schemaUrl", OtlpKind.Text),
            ],
        };
        Request = new OtlpMessage("ExportMetricsServiceRequest") { Fields = [List(1, "resourceMetrics", resourceMetrics)] };
    }

    private static OtlpField List(int number, string name, OtlpMessage of) => new(number, name, OtlpKind.Message, IsList: true, Of: of);

    private static OtlpField Data(int number, string name, OtlpMessage point, params OtlpField[] others) =>
        new(number, name, OtlpKind.Message, IsChoice: true,
            Of: new OtlpMessage(name) { Fields = [List(1, "dataPoints", point), .. others] });
}
