using System.Buffers;
using Exposition.Formats;

namespace Exposition.Fuzz.Targets;

/// <summary>
/// The protobuf reader and writers. Promises: no input makes them throw; a body is accepted exactly if <see cref="ProtobufOracle"/>
/// accepts it, and then the rows are what Google's runtime decodes, and it sees in what we write all that it saw in the body; each family
/// that was read can be written as protobuf, whole and its metrics alone, read again and written the same; and as text and OpenMetrics
/// without throwing.
/// </summary>
internal sealed class ProtobufTarget : IFuzzTarget
{
    private readonly FamilySet _set = new();
    private readonly FamilySet _again = new();

    public string Name => "protobuf";

    public IEnumerable<byte[]> Seeds => ProtobufSeeds.All();

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
        var accepted = ProtobufFormat.TryRead(input, _set, out var refusal);
        var expected = ProtobufOracle.Read(input);
        if (accepted != expected is not null)
        {
            throw new BrokenPromiseException(
                $"the oracle {(expected is null ? "refuses" : "accepts")}, the reader {(accepted ? "accepts" : "refuses: " + refusal)}");
        }

        if (!accepted)
        {
            return;
        }

        var written = Enumerable.Range(0, _set.Families.Length).Select(family => Write(_set, family)).ToList();
        ProtobufOracle.AssertSame(expected!, _set, written);

        for (var family = 0; family < _set.Families.Length; family++)
        {
            var first = written[family];
            if (!ProtobufFormat.TryRead(first, _again, out var error))
            {
                throw new BrokenPromiseException($"we cannot read what we wrote: {error}: {Convert.ToHexString(first)}");
            }

            var second = _again.Families.Length == 1 ? Write(_again, 0) : [];
            if (!second.AsSpan().SequenceEqual(first))
            {
                throw new BrokenPromiseException(
                    $"written twice, and differently: {Convert.ToHexString(first)} {Convert.ToHexString(second)}");
            }

            AssertPiece(family);
            if (_set.Families[family].Type <= MetricType.GaugeHistogram)
            {
                TextFormat.WriteSamples(_set, family, EscapingScheme.Underscores, new ArrayBufferWriter<byte>());
            }

            OpenMetricsFormat.Write(_set, family, EscapingScheme.Dots, new ArrayBufferWriter<byte>());
            OpenMetricsFormat.Write(_set, family, EscapingScheme.AllowUtf8, new ArrayBufferWriter<byte>());
        }
    }

    private void AssertPiece(int family)
    {
        var first = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(_set, family, first);
        var row = _set.Families[family];
        _again.Reset(first.WrittenMemory);
        var piece = _again.AddFamily(_again.AddText(_set.Text(row.Name)), row.Type);
        if (!ProtobufFormat.TryReadMetrics(piece, _again, out var error))
        {
            throw new BrokenPromiseException($"we cannot read the piece that we wrote: {error}: {Convert.ToHexString(first.WrittenSpan)}");
        }

        var second = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(_again, piece, second);
        if (!second.WrittenSpan.SequenceEqual(first.WrittenSpan))
        {
            throw new BrokenPromiseException(
                $"a piece written twice, and differently: {Convert.ToHexString(first.WrittenSpan)} "
                + $"{Convert.ToHexString(second.WrittenSpan)}");
        }
    }

    private static byte[] Write(FamilySet set, int family)
    {
        var metrics = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteMetrics(set, family, metrics);
        var row = set.Families[family];
        var whole = new ArrayBufferWriter<byte>();
        ProtobufFormat.WriteHeader(
            set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), EscapingScheme.AllowUtf8, metrics.WrittenCount, whole);
        whole.Write(metrics.WrittenSpan);
        return whole.WrittenSpan.ToArray();
    }
}
