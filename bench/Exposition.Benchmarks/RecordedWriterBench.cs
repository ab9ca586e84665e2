using System.Buffers;
using BenchmarkDotNet.Attributes;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>
/// Writing real bodies and the one that no predictor can learn, beside a bare copy of the finished bytes. They hold summaries, histograms
/// and families of mixed labels, which prometheus-net's registry cannot take over. The set-up reads back what is written and writes it
/// again, the same.
/// </summary>
[BenchmarkCategory("Writer")]
public class RecordedWriterBench
{
    private readonly FamilySet _set = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private byte[] _finished = [];
    private byte[] _copy = [];

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names =>
        Bodies.Names.Where(static name => name == "syn" || name.StartsWith("recorded", StringComparison.Ordinal));

    [GlobalSetup]
    public void Setup()
    {
        WholeText.Read(Bodies.Get(Body), _set);
        WriteFamilies();
        _finished = _output.WrittenSpan.ToArray();
        _copy = new byte[_finished.Length];
        WholeText.Read(_finished, _set);
        WriteFamilies();
        if (!_output.WrittenSpan.SequenceEqual(_finished))
        {
            throw new InvalidOperationException("what was written reads back as something else");
        }
    }

    [Benchmark]
    public byte Copy()
    {
        _finished.CopyTo(_copy, 0);
        return _copy[^1];
    }

    [Benchmark(Baseline = true)]
    public int Write() =>
        WriteFamilies() is var length && length == _finished.Length ? length : throw new InvalidOperationException($"wrote {length} bytes");

    private int WriteFamilies() => WholeText.Write(_set, _output);
}
