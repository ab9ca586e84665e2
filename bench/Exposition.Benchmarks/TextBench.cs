using System.Buffers;
using BenchmarkDotNet.Attributes;
using Exposition.Formats;

namespace Exposition.Benchmarks;

/// <summary>Reading a text body into a reused set, and writing such a set's families again.</summary>
public class TextBench
{
    private readonly FamilySet _read = new();
    private readonly FamilySet _written = new();
    private readonly ArrayBufferWriter<byte> _output = new();
    private byte[] _body = [];

    /// <summary>Which body.</summary>
    [ParamsSource(nameof(Names))]
    public string Body { get; set; } = "";

    public static IEnumerable<string> Names => Bodies.Names;

    [GlobalSetup]
    public void Setup()
    {
        _body = Bodies.Get(Body);
        Require(TextFormat.TryRead(_body, Options, _written, out var error), error);
    }

    [Benchmark]
    public int Read()
    {
        Require(TextFormat.TryRead(_body, Options, _read, out var error), error);
        return _read.Metrics.Length;
    }

    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        for (var family = 0; family < _written.Families.Length; family++)
        {
            var row = _written.Families[family];
            TextFormat.WriteHeader(_written.Text(row.Name), row.Type, row.HasHelp, _written.Text(row.Help), EscapingScheme.Underscores, _output);
            TextFormat.WriteSamples(_written, family, EscapingScheme.Underscores, _output);
        }

        return _output.WrittenCount;
    }

    private static TextReadOptions Options => new(NameScheme.Legacy, Lenient: true);

    private static void Require(bool accepted, FormatError error)
    {
        if (!accepted)
        {
            throw new InvalidOperationException(error.ToString());
        }
    }
}
