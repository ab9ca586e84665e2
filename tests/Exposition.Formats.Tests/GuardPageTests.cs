using System.Buffers;
using System.Text;
using Exposition.Formats.Numbers;
using Exposition.Harness;

namespace Exposition.Formats.Tests;

/// <summary>
/// Every recorded body between two closed pages: a reader that touches a byte before or behind its input does not survive this class. The
/// answers must be those for the same body in the open.
/// </summary>
public sealed class GuardPageTests : IDisposable
{
    private const int Capacity = 1 << 20;
    private const string OverreadVariable = "EXPOSITION_OVERREAD";

    private readonly GuardedMemory _memory = new(Capacity);

    public void Dispose() => _memory.Dispose();

    // Without this the others would prove nothing. The reading happens in a process of its own, which it ends.
    [Fact]
    public async Task One_byte_too_many_ends_the_process()
    {
        if (Environment.GetEnvironmentVariable(OverreadVariable) is { Length: > 0 })
        {
            Assert.Fail($"read {_memory.Beyond} behind the end");
        }

        string[] arguments = [typeof(GuardPageTests).Assembly.Location, "-method",
            $"{typeof(GuardPageTests).FullName}.{nameof(One_byte_too_many_ends_the_process)}"];
        ToolResult result = await Tool.RunAsync("dotnet", arguments, environment: new Dictionary<string, string>
        {
            [OverreadVariable] = "1",
            ["DOTNET_DbgEnableMiniDump"] = "0",
        });
        Assert.True(result.ExitCode is 134 or 139, $"exit code {result.ExitCode}: {result.Output}");
        Assert.Contains("AccessViolationException", result.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NameScheme.Legacy, false)]
    [InlineData(NameScheme.Legacy, true)]
    [InlineData(NameScheme.Utf8, false)]
    [InlineData(NameScheme.Utf8, true)]
    public void Text_bodies(NameScheme scheme, bool lenient)
    {
        var options = new TextReadOptions(scheme, lenient);
        var open = new FamilySet();
        var guarded = new FamilySet();
        foreach (TextVector vector in TextVectors.TextBodies(scheme))
        {
            bool read = TextFormat.TryRead(vector.Body, options, open, out FormatError error);
            string expected = read ? TextDump.Of(open) : error.ToString();
            foreach (Memory<byte> body in (Memory<byte>[])[_memory.AtEnd(vector.Body), _memory.AtStart(vector.Body)])
            {
                string actual = TextFormat.TryRead(body, options, guarded, out FormatError guardedError)
                    ? TextDump.Of(guarded)
                    : guardedError.ToString();
                Assert.True(expected == actual, $"{vector}\n expected {expected}\n actual   {actual}");
            }
        }
    }

    [Theory]
    [InlineData(NameScheme.Legacy, false)]
    [InlineData(NameScheme.Utf8, true)]
    public void Lines_of_text_bodies(NameScheme scheme, bool lenient)
    {
        var state = new ExpositionReaderState(new TextReadOptions(scheme, lenient));
        foreach (TextVector vector in TextVectors.TextBodies(scheme))
        {
            string expected = Lines(vector.Body, state);
            Assert.Equal(expected, Lines(_memory.AtEnd(vector.Body).Span, state));
            Assert.Equal(expected, Lines(_memory.AtStart(vector.Body).Span, state));
        }
    }

    private static string Lines(ReadOnlySpan<byte> text, ExpositionReaderState state)
    {
        state.Reset();
        var lines = new StringBuilder();
        var reader = new ExpositionReader(text, state);
        while (reader.Read())
        {
            lines.Append(reader.Token).Append(Convert.ToHexString(reader.Name)).Append(reader.Labels.Count).Append(reader.Value)
                .Append(Convert.ToHexString(reader.Help));
        }

        return lines.Append(reader.Error).ToString();
    }

    // Every place where a body can be cut, so that each kind of token ends at the closed page.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_beginning_of_a_rich_body(bool lenient)
    {
        byte[] body = Encoding.UTF8.GetBytes(string.Concat(TextVectors.TextBodies(NameScheme.Utf8)
            .Where(vector => vector.Error is null && vector.Body.Length is > 60 and < 400 && vector.Body.Contains((byte)'{'))
            .Take(40).Select(vector => Encoding.UTF8.GetString(vector.Body))));
        var options = new TextReadOptions(NameScheme.Utf8, lenient);
        var open = new FamilySet();
        var guarded = new FamilySet();
        Assert.True(body.Length > 4000);
        for (int length = 0; length <= body.Length; length++)
        {
            byte[] piece = body[(length - Math.Min(length, 700))..length];
            bool read = TextFormat.TryRead(piece, options, open, out FormatError error);
            Assert.Equal(read, TextFormat.TryRead(_memory.AtEnd(piece), options, guarded, out FormatError guardedError));
            Assert.Equal(error, guardedError);
            Assert.Equal(read ? open.Metrics.Length : 0, read ? guarded.Metrics.Length : 0);
        }
    }

    [Fact]
    public void Protobuf_bodies_and_their_beginnings()
    {
        var guarded = new FamilySet();
        foreach ((byte[] families, _) in WriterVectorTests.Vectors)
        {
            string expected = TextDump.Of(ProtobufSupport.Read(families));
            Assert.True(ProtobufFormat.TryRead(_memory.AtEnd(families), guarded, out _));
            Assert.Equal(expected, TextDump.Of(guarded));
            Assert.True(ProtobufFormat.TryRead(_memory.AtStart(families), guarded, out _));
            Assert.Equal(expected, TextDump.Of(guarded));
            for (int length = 0; length < families.Length; length += 1 + (length / 64))
            {
                ProtobufFormat.TryRead(_memory.AtEnd(families.AsSpan(0, length)), guarded, out _);
            }
        }
    }

    [Fact]
    public void Numbers_and_timestamps()
    {
        foreach (string line in TextVectors.Lines("oracle_float_parse_go.tsv.gz"))
        {
            byte[] text = Encoding.Latin1.GetBytes(line.Split('\t')[0][1..^1]);
            bool read = NumberParser.TryParse(text, out double value);
            bool whole = NumberParser.TryParseTimestamp(text, out long timestamp);
            foreach (Memory<byte> guarded in (Memory<byte>[])[_memory.AtEnd(text), _memory.AtStart(text)])
            {
                Assert.Equal(read, NumberParser.TryParse(guarded.Span, out double guardedValue));
                Assert.Equal(value, guardedValue);
                Assert.Equal(whole, NumberParser.TryParseTimestamp(guarded.Span, out long guardedTimestamp));
                Assert.Equal(timestamp, guardedTimestamp);
            }
        }
    }

    [Fact]
    public void Numbers_are_written_within_their_longest_form()
    {
        Span<byte> open = stackalloc byte[NumberFormatter.MaxLength];
        foreach (string line in TextVectors.Lines("oracle_float_format_go_g.tsv.gz"))
        {
            double value = BitConverter.UInt64BitsToDouble(Convert.ToUInt64(line.Split('\t')[0], 16));
            int length = NumberFormatter.Format(value, open);
            foreach (Memory<byte> guarded in (
                Memory<byte>[])[_memory.AtEnd(new byte[NumberFormatter.MaxLength]), _memory.AtStart(new byte[NumberFormatter.MaxLength])])
            {
                Assert.Equal(length, NumberFormatter.Format(value, guarded.Span));
                Assert.True(open[..length].SequenceEqual(guarded.Span[..length]));
            }
        }
    }

    // Outputs come in pieces. The value grows, so that the end of a piece passes over each byte of the tokens behind it.
    [Theory]
    [InlineData(EscapingScheme.AllowUtf8)]
    [InlineData(EscapingScheme.Underscores)]
    [InlineData(EscapingScheme.Dots)]
    [InlineData(EscapingScheme.Values)]
    public void Writers_across_pieces_of_output(EscapingScheme scheme)
    {
        for (int length = 3900; length < 4200; length++)
        {
            var set = new FamilySet();
            int family = set.AddFamily(
                "höhe.of\"it"u8, MetricType.Histogram, Encoding.UTF8.GetBytes(new string('h', length) + "\\\n\"ende"));
            for (int i = 0; i < 3; i++)
            {
                int metric = set.AddMetric(family);
                set.AddLabel("läbel"u8, Encoding.UTF8.GetBytes(new string('v', length) + "\\\n\"ä" + i));
                set.Metrics[metric].Content = MetricContent.Histogram | MetricContent.Timestamp;
                set.Metrics[metric].Value = -1.2345678901234567e-300;
                set.Metrics[metric].TimestampMs = long.MinValue;
                set.Metrics[metric].Count = 3;
                set.AddPoint(metric, 1.2345678901234567e-300, 0, 2);
            }

            var open = new ArrayBufferWriter<byte>();
            var guarded = new GuardedOutput(_memory);
            Write(set, family, scheme, open);
            Write(set, family, scheme, guarded);
            Assert.True(open.WrittenSpan.SequenceEqual(guarded.Written), $"length {length}");
        }
    }

    [Fact]
    public void Writers_of_recorded_families()
    {
        foreach ((byte[] families, _) in WriterVectorTests.Vectors)
        {
            FamilySet set = ProtobufSupport.Read(families);
            for (int family = 0; family < set.Families.Length; family++)
            {
                var open = new ArrayBufferWriter<byte>();
                var guarded = new GuardedOutput(_memory);
                Write(set, family, EscapingScheme.Values, open);
                Write(set, family, EscapingScheme.Values, guarded);
                Assert.True(open.WrittenSpan.SequenceEqual(guarded.Written));
            }
        }
    }

    private static void Write(FamilySet set, int family, EscapingScheme scheme, IBufferWriter<byte> output)
    {
        FamilyRow row = set.Families[family];
        TextFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), scheme, output);
        TextFormat.WriteSamples(set, family, scheme, output);
        ProtobufFormat.WriteHeader(set.Text(row.Name), row.Type, row.HasHelp, set.Text(row.Help), scheme, 0, output);
        ProtobufFormat.WriteMetrics(set, family, scheme, output);
    }
}
