using System.Buffers;
using BenchmarkDotNet.Attributes;
using Exposition.Formats;
using Google.Protobuf;
using Oracle = Exposition.Formats.Tests.Oracle;

namespace Exposition.Benchmarks;

/// <summary>
/// The same bodies as delimited protobuf, beside Google's runtime. GB/s count the text body, so that both languages can be compared; what
/// was read is compared by a checksum, what was written by its length.
/// </summary>
[BenchmarkCategory("Protobuf")]
public class ProtobufBench
{
    private readonly FamilySet _read = new();
    private readonly FamilySet _written = new();
    private readonly ArrayBufferWriter<byte> _metrics = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly List<Oracle.MetricFamily> _families = [];
    private byte[] _body = [];
    private Tally _expected;

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names => Bodies.Few;

    [GlobalSetup]
    public void Setup()
    {
        var text = Bodies.Get(Body);
        if (!TextFormat.TryRead(text, new TextReadOptions(NameScheme.Legacy, Lenient: true), _written, out var error))
        {
            throw new InvalidOperationException(error.ToString());
        }

        _expected = LineParser.Read(text);
        WriteFamilies();
        _body = _output.WrittenSpan.ToArray();
        _families.AddRange(ParseByGoogle());
    }

    [Benchmark]
    public int MemoryScan() => _body.AsSpan().Count((byte)0xFF);

    [Benchmark(Baseline = true)]
    public int ReadByGoogle() => ParseByGoogle().Count is var count
        && count == _families.Count ? count : throw new InvalidOperationException($"read {count} families");

    [Benchmark]
    public Tally Read() => ProtobufFormat.TryRead(_body, _read, out var error)
        ? Tally.Of(_read).Require(_expected)
        : throw new InvalidOperationException(error.ToString());

    [Benchmark]
    public int WriteByGoogle()
    {
        _output.ResetWrittenCount();
        foreach (var family in _families)
        {
            MessageExtensions.WriteTo(family, _output);
        }

        return _output.WrittenCount;
    }

    [Benchmark]
    public int Write() =>
        WriteFamilies() is var length && length == _body.Length ? length : throw new InvalidOperationException($"wrote {length} bytes");

    private List<Oracle.MetricFamily> ParseByGoogle()
    {
        var families = new List<Oracle.MetricFamily>();
        using var input = new CodedInputStream(_body);
        while (!input.IsAtEnd)
        {
            var family = new Oracle.MetricFamily();
            input.ReadMessage(family);
            families.Add(family);
        }

        return families;
    }

    private int WriteFamilies()
    {
        _output.ResetWrittenCount();
        for (var family = 0; family < _written.Families.Length; family++)
        {
            _metrics.ResetWrittenCount();
            ProtobufFormat.WriteMetrics(_written, family, _metrics);
            var row = _written.Families[family];
            ProtobufFormat.WriteHeader(_written.Text(row.Name), row.Type, row.HasHelp, _written.Text(row.Help), EscapingScheme.Underscores,
                _metrics.WrittenCount, _output);
            _output.Write(_metrics.WrittenSpan);
        }

        return _output.WrittenCount;
    }
}
