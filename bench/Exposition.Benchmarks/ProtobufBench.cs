using System.Buffers;
using BenchmarkDotNet.Attributes;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>The same bodies as delimited protobuf.</summary>
public class ProtobufBench
{
    private readonly FamilySet _read = new();
    private readonly FamilySet _written = new();
    private readonly ArrayBufferWriter<byte> _metrics = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private byte[] _body = [];

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names => Bodies.Names;

    [GlobalSetup]
    public void Setup()
    {
        if (!TextFormat.TryRead(Bodies.Get(Body), new TextReadOptions(NameScheme.Legacy, Lenient: true), _written, out var error))
        {
            throw new InvalidOperationException(error.ToString());
        }

        Write();
        _body = _output.WrittenSpan.ToArray();
    }

    [Benchmark]
    public int Read()
    {
        if (!ProtobufFormat.TryRead(_body, _read, out var error))
        {
            throw new InvalidOperationException(error.ToString());
        }

        return _read.Metrics.Length;
    }

    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        for (var family = 0; family < _written.Families.Length; family++)
        {
            _metrics.ResetWrittenCount();
            ProtobufFormat.WriteMetrics(_written, family, _metrics);
            var row = _written.Families[family];
            ProtobufFormat.WriteHeader(_written.Text(row.Name), row.Type, row.HasHelp, _written.Text(row.Help), EscapingScheme.Underscores, _metrics.WrittenCount, _output);
            _output.Write(_metrics.WrittenSpan);
        }

        return _output.WrittenCount;
    }
}
