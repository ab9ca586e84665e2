using System.Buffers;
using Exposition.Formats;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The protobuf reader and writers. Promises: no input makes them throw; each family that was read can be written as
/// protobuf, read again and written the same; and as text and OpenMetrics without throwing.
/// </summary>
internal sealed class ProtobufTarget : IFuzzTarget
{
    private readonly FamilySet _set = new();
    private readonly FamilySet _again = new();

    public string Name => "protobuf";

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            yield return [];
            yield return Written(MetricType.Gauge, MetricContent.Gauge);
            yield return Written(MetricType.Counter, MetricContent.Counter);
            yield return Written(MetricType.Summary, MetricContent.Summary);
            yield return Written(MetricType.Histogram, MetricContent.Histogram);
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } =
    [
        [0x0A, 0x01, (byte)'a'], // name
        [0x12, 0x00], // help, empty
        [0x18, 0x05], // type gauge histogram
        [0x22, 0x00], // metric, empty
        [0x0A, 0x06, 0x0A, 0x01, (byte)'l', 0x12, 0x01, (byte)'v'], // label pair
        [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x7F], // double +Inf
        [0x3A, 0x00], // histogram, empty
        [0x62, 0x02, 0x08, 0x00], // span
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], // longest varint
    ];

    public void Run(byte[] input)
    {
        if (!ProtobufFormat.TryRead(input, _set, out _))
        {
            return;
        }

        for (var family = 0; family < _set.Families.Length; family++)
        {
            var first = Write(_set, family);
            if (!ProtobufFormat.TryRead(first, _again, out var error))
            {
                throw new BrokenPromiseException($"we cannot read what we wrote: {error}: {Convert.ToHexString(first)}");
            }

            var second = _again.Families.Length == 1 ? Write(_again, 0) : [];
            if (!second.AsSpan().SequenceEqual(first))
            {
                throw new BrokenPromiseException($"written twice, and differently: {Convert.ToHexString(first)} {Convert.ToHexString(second)}");
            }

            if (_set.Families[family].Type <= MetricType.GaugeHistogram)
            {
                TextFormat.WriteSamples(_set, family, EscapingScheme.Underscores, new ArrayBufferWriter<byte>());
            }

            OpenMetricsFormat.Write(_set, family, EscapingScheme.Dots, new ArrayBufferWriter<byte>());
            OpenMetricsFormat.Write(_set, family, EscapingScheme.AllowUtf8, new ArrayBufferWriter<byte>());
        }
    }

    private static byte[] Write(FamilySet set, int family)
    {
        var metrics = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(set, family, metrics);
        var row = set.Families[family];
        var whole = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, metrics.WrittenCount, whole);
        whole.Write(metrics.WrittenSpan);
        return whole.WrittenSpan.ToArray();
    }

    private static byte[] Written(MetricType type, MetricContent content)
    {
        var set = new FamilySet();
        var family = set.AddFamily("seed"u8, type, "A seed."u8);
        var metric = set.AddMetric(family);
        set.AddLabel("label"u8, "value"u8);
        set.Metrics[metric].Content = content;
        set.Metrics[metric].Value = 1.5;
        if (type is MetricType.Summary or MetricType.Histogram)
        {
            set.Metrics[metric].Count = 3;
            set.AddPoint(metric, 0.5, 2, 2);
        }

        return Write(set, family);
    }
}
