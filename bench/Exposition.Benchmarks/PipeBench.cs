using System.Buffers;
using BenchmarkDotNet.Attributes;
using Exposition.Formats;
using Exposition.Harness;

namespace Exposition.Benchmarks;

/// <summary>
/// The line reader over one piece of memory, over a sequence, and over a pipe that has its blocks of 64 KiB already: what cutting a text
/// costs, without what the network does.
/// </summary>
[BenchmarkCategory("Pipe")]
public class PipeBench
{
    private const int BlockBytes = 64 << 10;

    private static readonly ExpositionReadOptions s_options = new() { Names = NameScheme.Legacy, Lenient = false };

    private readonly ExpositionReaderState _state = new(new TextReadOptions(NameScheme.Legacy, Lenient: false));
    private readonly Sum _sum = new();
    private byte[] _body = [];
    private ReadOnlySequence<byte> _blocks;
    private BlocksReader _pipe = new(default);
    private Tally _expected;

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names => Bodies.Few;

    [GlobalSetup]
    public void Setup()
    {
        _body = Bodies.Get(Body);
        _blocks = Segments.Each(BlockBytes, _body);
        _pipe = new BlocksReader(_blocks);
        _expected = LineParser.Read(_body);
    }

    [Benchmark(Baseline = true)]
    public Tally Span()
    {
        _state.Reset();
        return Read(new ExpositionReader(_body, _state)).Require(_expected);
    }

    [Benchmark]
    public Tally Sequence()
    {
        _state.Reset();
        return Read(new ExpositionReader(_blocks, _state)).Require(_expected);
    }

    [Benchmark]
    public async Task<Tally> Pipe()
    {
        _pipe.Restart();
        _sum.Tally = default;
        await ExpositionText.ReadAsync(_pipe, _sum, static (sum, sample) => sum.Tally = sum.Tally.With(sample.Value), s_options);
        return _sum.Tally.Require(_expected);
    }

    private static Tally Read(ExpositionReader reader)
    {
        var tally = default(Tally);
        while (reader.Read())
        {
            if (reader.Token == ExpositionToken.Sample)
            {
                tally = tally.With(reader.Value);
            }
        }

        return reader.Error is null ? tally : throw new InvalidOperationException(reader.Error.ToString());
    }

    private sealed class Sum
    {
        public Tally Tally { get; set; }
    }
}
