using System.Buffers.Text;
using System.Globalization;
using BenchmarkDotNet.Attributes;
using Exposition.Formats.Numbers;

namespace Exposition.Benchmarks;

/// <summary>
/// Reading and writing a million numbers. What was read is compared by a checksum; what was written, by its length, after the set-up has
/// read every text back. GB/s are bytes of the numbers' own text. A candidate is a struct with one method and a line that names it.
/// </summary>
[BenchmarkCategory("Numbers")]
public class NumbersBench
{
    private readonly byte[] _written = new byte[64];
    private NumberSet _set = NumberSet.Get("learned");
    private Dictionary<string, long> _lengths = [];

    /// <summary>The same hundred numbers, or all different ones.</summary>
    [ParamsSource(nameof(Names))]
    public string Numbers { get; set; } = "";

    public static IEnumerable<string> Names => NumberSet.Names;

    [GlobalSetup]
    public void Setup()
    {
        _set = NumberSet.Get(Numbers);
        _lengths = new Dictionary<string, long>
        {
            [nameof(Format)] = CheckedLength<Own>(),
            [nameof(FormatByUtf8Formatter)] = CheckedLength<ByUtf8Formatter>(),
            [nameof(FormatByTryFormat)] = CheckedLength<TryFormat>(),
        };
    }

    [Benchmark(Baseline = true)]
    public Tally ParseByTryParse() => _set.Read<TryParse>();

    [Benchmark]
    public Tally ParseByUtf8Parser() => _set.Read<ByUtf8Parser>();

    [Benchmark]
    public Tally Parse() => _set.Read<Own>();

    [Benchmark]
    public long FormatByTryFormat() => Length<TryFormat>(nameof(FormatByTryFormat));

    [Benchmark]
    public long FormatByUtf8Formatter() => Length<ByUtf8Formatter>(nameof(FormatByUtf8Formatter));

    [Benchmark]
    public long Format() => Length<Own>(nameof(Format));

    private long Length<TFormatter>(string name)
        where TFormatter : struct, INumberFormatter
    {
        var length = 0L;
        foreach (var value in _set.Values)
        {
            length += TFormatter.Format(value, _written);
        }

        return length == _lengths[name] ? length : throw new InvalidOperationException($"wrote {length} bytes, expected {_lengths[name]}");
    }

    private long CheckedLength<TFormatter>()
        where TFormatter : struct, INumberFormatter
    {
        var length = 0L;
        foreach (var value in _set.Values)
        {
            var written = TFormatter.Format(value, _written);
            length += LineParser.Number(_written.AsSpan(0, written)) == value
                ? written
                : throw new InvalidOperationException($"{value:R} does not read back");
        }

        return length;
    }

    private readonly struct Own : INumberParser, INumberFormatter
    {
        public static double Parse(ReadOnlySpan<byte> text) =>
            NumberParser.TryParse(text, out var value) ? value : throw new FormatException();

        public static int Format(double value, Span<byte> output) => NumberFormatter.Format(value, output);
    }

    private readonly struct TryParse : INumberParser
    {
        public static double Parse(ReadOnlySpan<byte> text) => LineParser.Number(text);
    }

    private readonly struct ByUtf8Parser : INumberParser
    {
        public static double Parse(ReadOnlySpan<byte> text) => LineParser.NumberByUtf8Parser(text);
    }

    private readonly struct TryFormat : INumberFormatter
    {
        public static int Format(double value, Span<byte> output) =>
            value.TryFormat(output, out var written, provider: CultureInfo.InvariantCulture) ? written : 0;
    }

    private readonly struct ByUtf8Formatter : INumberFormatter
    {
        public static int Format(double value, Span<byte> output) => Utf8Formatter.TryFormat(value, output, out var written) ? written : 0;
    }
}
