using System.Buffers;
using BenchmarkDotNet.Attributes;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>
/// Writing text, beside prometheus-net's exporter with the same series in its registry, and beside a bare copy of the finished bytes. Only
/// bodies that prometheus-net can hold: gauges whose families have one set of label names each. What is written is compared by its length,
/// after the set-up has read it back.
/// </summary>
[BenchmarkCategory("Writer")]
public class WriterBench : IDisposable
{
    private readonly FamilySet _set = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly MemoryStream _stream = new();
    private Prometheus.CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private byte[] _finished = [];
    private byte[] _copy = [];
    private int _exported;

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names => ["flink", "gauges", "numbers"];

    [GlobalSetup]
    public void Setup()
    {
        var body = Bodies.Get(Body);
        WholeText.Read(body, _set);
        WriteFamilies();
        _finished = _output.WrittenSpan.ToArray();
        _copy = new byte[_finished.Length];
        var expected = LineParser.Read(body);
        LineParser.Read(_finished).Require(expected);

        _registry = PrometheusNet.Registry(_set);
        Export();
        _exported = (int)_stream.Length;
        LineParser.Read(_stream.GetBuffer().AsSpan(0, _exported)).Require(expected);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _stream.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public byte Copy()
    {
        _finished.CopyTo(_copy, 0);
        return _copy[^1];
    }

    [Benchmark(Baseline = true)]
    public long PrometheusNetExport() =>
        Export() is var length && length == _exported ? length : throw new InvalidOperationException($"wrote {length} bytes");

    [Benchmark]
    public int Write() =>
        WriteFamilies() is var length && length == _finished.Length ? length : throw new InvalidOperationException($"wrote {length} bytes");

    private int WriteFamilies() => WholeText.Write(_set, _output);

    private long Export()
    {
        _stream.SetLength(0);
        _registry.CollectAndExportAsTextAsync(_stream, CancellationToken.None).GetAwaiter().GetResult();
        return _stream.Length;
    }
}
