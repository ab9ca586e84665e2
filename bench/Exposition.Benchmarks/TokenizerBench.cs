using BenchmarkDotNet.Attributes;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>
/// Reading text bodies. The bodies are read again and again, so a branch predictor learns the short ones by heart; <c>syn</c> is too long
/// for that, and the truth for a push seen once lies between. A candidate is one line: a function from the body to a <see cref="Tally"/>.
/// </summary>
[BenchmarkCategory("Tokenizer")]
public class TokenizerBench
{
    private readonly FamilySet _set = new();
    private byte[] _body = [];
    private readonly ExpositionReaderState _lines = new(new TextReadOptions(NameScheme.Legacy, Lenient: false));
    private Tally _expected;

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names => Bodies.Few;

    [GlobalSetup]
    public void Setup()
    {
        _body = Bodies.Get(Body);
        _expected = LineParser.Read(_body);
    }

    /// <summary>The roofline: every byte is looked at once, for a byte that is not there.</summary>
    [Benchmark]
    public int MemoryScan() => _body.AsSpan().IndexOf((byte)0xFF) is var at and < 0 ? at : throw new InvalidOperationException("found");

    [Benchmark]
    public int CountLines() => _body.AsSpan().Count((byte)'\n');

    [Benchmark(Baseline = true)]
    public Tally NaiveLines() => LineParser.Read(_body).Require(_expected);

    /// <summary>The strict tokenizer: every line checked, labels and numbers taken, nothing kept.</summary>
    [Benchmark]
    public Tally Lines() => ReadLines(_body).Require(_expected);

    /// <summary>The whole way into rows: families found, summaries and histograms folded.</summary>
    [Benchmark]
    public Tally Read() => ReadFamilies(_body).Require(_expected);

    private Tally ReadLines(byte[] body)
    {
        _lines.Reset();
        var tally = default(Tally);
        var reader = new ExpositionReader(body, _lines);
        while (reader.Read())
        {
            if (reader.Token == ExpositionToken.Sample)
            {
                tally = tally.With(reader.Value);
            }
        }

        return reader.Error is null ? tally : throw new InvalidOperationException(reader.Error.ToString());
    }

    private Tally ReadFamilies(byte[] body) =>
        TextFormat.TryRead(body, new TextReadOptions(NameScheme.Legacy, Lenient: true), _set, out var error)
        ? Tally.Of(_set)
        : throw new InvalidOperationException(error.ToString());
}
