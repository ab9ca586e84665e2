using System.Buffers;
using System.Text;
using Exposition.Formats.Otlp;
using Exposition.Formats.Translation;

namespace Exposition.Formats.Tests.Otlp;

/// <summary>What the tests of OTLP share.</summary>
internal static class OtlpSupport
{
    private const int MostPoints = 1_000_000;
    private static readonly string[] s_grouping = ["job"];

    /// <summary>Checks a request in JSON and gives it in protobuf.</summary>
    public static byte[] Read(string json)
    {
        byte[] body = OtlpJson.ToProtobuf(Encoding.UTF8.GetBytes(json), 1 << 24).ToArray();
        OtlpCheck.Run(body, MostPoints);
        return body;
    }

    /// <summary>A request with metrics of one resource and scope.</summary>
    public static byte[] Metrics(string json) => Read(
        $$"""{"resourceMetrics":[{"resource":{"attributes":[]},"scopeMetrics":[{"scope":{"name":"s","version":"1"},"metrics":[{{json}}]}]}]}""");

    public static Translated Translate(
        byte[] body, string strategy = "escaped suffixed", bool scopes = false, int attributes = 128, int age = 0)
    {
        var names = new OtlpNames(
            strategy.Contains("escaped", StringComparison.Ordinal), strategy.Contains("suffixed", StringComparison.Ordinal));
        var rejected = new Rejections();
        var translator = new OtlpTranslator(
            new OtlpTranslation(names, attributes, scopes), body, s_grouping.ToHashSet(StringComparer.Ordinal), rejected);
        foreach (TextRef part in OtlpFields.All(body, new TextRef(0, body.Length), 1))
        {
            translator.Take(part);
        }

        var output = new ArrayBufferWriter<byte>();
        translator.Write(output, age);
        return new Translated(
            ProtobufSupport.ParseDelimited(output.WrittenSpan.ToArray()), ProtobufSupport.WriteText(ProtobufSupport.Read(
                output.WrittenSpan.ToArray())), [.. translator.Modes], translator.Points, rejected)
        {
            Times = [.. translator.Times],
            Stretches = translator.Stretches,
        };
    }
}

/// <summary>What a request has become.</summary>
/// <param name="Families">As protobuf.</param>
/// <param name="Text">As text.</param>
/// <param name="Modes">What becomes of the points of each family.</param>
/// <param name="Points">How many were taken.</param>
/// <param name="Rejected">The others.</param>
internal sealed record Translated(
    List<Oracle.MetricFamily> Families, string Text, PointsMode[] Modes, long Points, Rejections Rejected)
{
    /// <summary>Of when each metric is.</summary>
    public long[] Times { get; init; } = [];

    /// <summary>The most stretches that a series has.</summary>
    public int Stretches { get; init; }

    /// <summary>The text, without comments.</summary>
    public string[] Samples => [.. Text.Split('\n').Where(static line => line.Length > 0 && line[0] != '#')];
}
