using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

public class ExpositionReaderTests
{
    private const string Example = """
        # HELP http_requests_total Requests, with a \\ and a \n.
        # TYPE http_requests_total counter
        http_requests_total{method="post",code="200"} 1027 1395066363000

        # a comment
        rpc_duration{quantile="0.5",path="C:\\DIR\n"} 4.7e+03
        {"dotted.name","x.y"="z"} -0.0
        up NaN

        """;

    [Fact]
    public void Lines_come_as_tokens()
    {
        Assert.Equal(
            """
            help http_requests_total Requests, with a \ and a ⏎.
            type http_requests_total Counter
            http_requests_total method=post code=200 : 1027 @1395066363000
            rpc_duration quantile=0.5 path=C:\DIR⏎ : 4700
            dotted.name x.y=z : -0
            up : NaN

            """.ReplaceLineEndings("\n"),
            Tokens(Bytes(Example), NameScheme.Utf8));
    }

    [Fact]
    public void Labels_are_found_by_name_and_by_position()
    {
        var reader = new ExpositionReader("a{x=\"1\",le=\"+Inf\"} 2\nb{y=\"\\\"\"} 3\nc 4\n"u8, new ExpositionReaderState());
        Assert.True(reader.Read());
        Assert.Equal(2, reader.Labels.Count);
        Assert.True(reader.Labels.TryGet("le"u8, out ReadOnlySpan<byte> bound) && bound.SequenceEqual("+Inf"u8));
        Assert.False(reader.Labels.TryGet("l"u8, out _));
        Assert.True(reader.Labels[0].Name.SequenceEqual("x"u8));
        Assert.True(reader.Read());
        Assert.True(reader.Labels.TryGet("y"u8, out ReadOnlySpan<byte> quote) && quote.SequenceEqual("\""u8));
        Assert.True(reader.Read());
        Assert.Equal(0, reader.Labels.Count);
        Assert.False(reader.Read());
        Assert.Equal((ExpositionToken.None, null), (reader.Token, reader.Error));
    }

    // Found by the guard-page test: the help of an earlier line was looked up in the line at hand.
    [Fact]
    public void What_a_line_does_not_have_is_empty()
    {
        var reader = new ExpositionReader(
            "# HELP a A long text that comes first.\na{x=\"1\"} 1\n# HELP b \\\\\nb{} 2\n# TYPE c gauge\n"u8, new ExpositionReaderState());
        while (reader.Read())
        {
            Assert.Equal(reader.Token == ExpositionToken.Help, !reader.Help.IsEmpty);
            Assert.Equal(reader.Name.SequenceEqual("a"u8) && reader.Token == ExpositionToken.Sample, reader.Labels.Count > 0);
        }

        Assert.Null(reader.Error);
        Assert.True(reader.Name.IsEmpty && reader.Help.IsEmpty);
    }

    [Theory]
    [InlineData("a 1\nb{x=1} 2\n", 2, "expected '\"' at start of label value, found '1'")]
    [InlineData("# TYPE a gauge\n\na 1,5\n", 3, "expected float as value, got \"1,5\"")]
    [InlineData("# TYPE a thing\n", 1, "unknown metric type \"thing\"")]
    [InlineData("a 1\na 2", 2, "unexpected end of input stream")]
    [InlineData("{a=\"b\"} 1\n", 1, "invalid metric name")]
    public void Errors_are_final_and_name_the_line(string text, int line, string message)
    {
        var reader = new ExpositionReader(Bytes(text), new ExpositionReaderState());
        while (reader.Read())
        {
        }

        Assert.Equal(new FormatError(message, line), reader.Error);
        Assert.False(reader.Read());
        Assert.Equal(new FormatError(message, line), reader.Error);
    }

    [Fact]
    public void A_line_number_goes_on_from_stretch_to_stretch()
    {
        var state = new ExpositionReaderState();
        var first = new ExpositionReader("a 1\n\n# x\nb"u8, state, isFinalBlock: false);
        Assert.True(first.Read());
        Assert.False(first.Read());
        Assert.Equal((9, 3, null), (first.BytesConsumed, state.Lines, first.Error));
        var second = new ExpositionReader("b 2 3 4\n"u8, state);
        Assert.False(second.Read());
        Assert.Equal(4, second.Error?.Line);
        state.Reset();
        var again = new ExpositionReader("b"u8, state);
        Assert.False(again.Read());
        Assert.Equal(1, again.Error?.Line);
    }

    [Fact]
    public void A_text_may_be_cut_anywhere()
    {
        byte[] text = Bytes(Example);
        string whole = Tokens(text, NameScheme.Utf8);
        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(whole, TokensInPieces(text, NameScheme.Utf8, [cut]));
        }

        Assert.Equal(whole, TokensInPieces(text, NameScheme.Utf8, Enumerable.Range(1, text.Length)));
    }

    [Property(MaxTest = 2000, Arbitrary = [typeof(TextModelTests.Bodies)])]
    public void Generated_texts_may_be_cut_anywhere(TextModelTests.Body body, NonNegativeInt first, NonNegativeInt second)
    {
        byte[] text = Bytes(body.Text);
        int[] cuts = [first.Get % (text.Length + 1), second.Get % (text.Length + 1)];
        Assert.Equal(Tokens(text, NameScheme.Legacy), TokensInPieces(text, NameScheme.Legacy, cuts.Order()));
    }

    // What the whole-body reader accepts, this reader accepts, and the scalar samples are the same in number and value. There is one
    // exception: le and quantile may come twice on a line of a histogram or summary, and a reader of lines does not know that it is one.
    [Fact]
    public void Recorded_bodies_that_are_accepted_have_the_same_samples()
    {
        var set = new FamilySet();
        var state = new ExpositionReaderState(new TextReadOptions(NameScheme.Utf8, Lenient: false));
        int compared = 0;
        int repeatedBounds = 0;
        foreach (TextVector vector in TextVectors.TextBodies(NameScheme.Utf8))
        {
            if (!TextFormat.TryRead(vector.Body, state.Options, set, out _))
            {
                continue;
            }

            FormatError? error = ReadValues(vector.Body, state, "", []);
            if (error is not null)
            {
                Assert.StartsWith("duplicate label names for metric", error.Value.Message, StringComparison.Ordinal);
                Assert.NotEqual(0, set.Points.Length);
                repeatedBounds++;
                continue;
            }

            Assert.Equal(vector.Body.AsSpan().Count((byte)'\n') + (vector.Body is [] or [.., (byte)'\n'] ? 0 : 1), state.Lines);
            foreach (ref FamilyRow family in set.Families)
            {
                if (family.Type is MetricType.Summary or MetricType.Histogram or MetricType.GaugeHistogram)
                {
                    continue;
                }

                string name = Encoding.Latin1.GetString(set.Text(family.Name));
                var expected = new List<double>();
                for (int metric = family.FirstMetric; metric >= 0; metric = set.Metrics[metric].Next)
                {
                    expected.Add(set.Metrics[metric].Value);
                }

                var actual = new List<double>();
                Assert.Null(ReadValues(vector.Body, state, name, actual));
                Assert.Equal(expected, actual);
                compared += expected.Count;
            }
        }

        Assert.InRange(compared, 1500, int.MaxValue);
        Assert.InRange(repeatedBounds, 1, 20);
    }

    [Fact]
    public void A_warm_reader_allocates_nothing()
    {
        byte[] text = Bytes(string.Concat(Enumerable.Repeat(Example.ReplaceLineEndings("\n"), 40)));
        var state = new ExpositionReaderState(new TextReadOptions(NameScheme.Utf8, Lenient: false));
        int samples = 0;
        Allocation.AssertNone(() =>
        {
            state.Reset();
            samples = 0;
            var reader = new ExpositionReader(text, state);
            while (reader.Read())
            {
                samples += reader.Token == ExpositionToken.Sample ? 1 : 0;
                foreach (ExpositionLabel label in reader.Labels)
                {
                    samples += label.Name.IsEmpty ? 1000 : 0;
                }
            }

            samples += reader.Error is null ? 0 : 1000;
        });
        Assert.Equal(160, samples);
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"));

    private static FormatError? ReadValues(byte[] text, ExpositionReaderState state, string name, List<double> values)
    {
        state.Reset();
        var reader = new ExpositionReader(text, state);
        while (reader.Read())
        {
            if (reader.Token == ExpositionToken.Sample && Encoding.Latin1.GetString(reader.Name) == name)
            {
                values.Add(reader.Value);
            }
        }

        return reader.Error;
    }

    private static string Tokens(byte[] text, NameScheme names)
    {
        var tokens = new StringBuilder();
        var state = new ExpositionReaderState(new TextReadOptions(names, Lenient: false));
        var reader = new ExpositionReader(text, state);
        Append(tokens, ref reader);
        return tokens.Append(reader.Error).ToString();
    }

    private static string TokensInPieces(byte[] text, NameScheme names, IEnumerable<int> cuts)
    {
        var tokens = new StringBuilder();
        var state = new ExpositionReaderState(new TextReadOptions(names, Lenient: false));
        int start = 0;
        foreach (int end in cuts.Append(text.Length))
        {
            var reader = new ExpositionReader(text.AsSpan(start..end), state, isFinalBlock: false);
            Append(tokens, ref reader);
            start += reader.BytesConsumed;
            if (reader.Error is { } error)
            {
                return tokens.Append(error).ToString();
            }
        }

        var last = new ExpositionReader(text.AsSpan(start), state);
        Append(tokens, ref last);
        return tokens.Append(last.Error).ToString();
    }

    private static void Append(StringBuilder tokens, ref ExpositionReader reader)
    {
        while (reader.Read())
        {
            string name = Show(reader.Name);
            if (reader.Token == ExpositionToken.Sample)
            {
                tokens.Append(name);
                foreach (ExpositionLabel label in reader.Labels)
                {
                    tokens.Append(CultureInfo.InvariantCulture, $" {Show(label.Name)}={Show(label.Value)}");
                }

                tokens.Append(CultureInfo.InvariantCulture, $" : {reader.Value}{(reader.HasTimestamp ? $" @{reader.TimestampMs}" : "")}");
            }
            else
            {
                tokens.Append(reader.Token == ExpositionToken.Help ? $"help {name} {Show(reader.Help)}" : $"type {name} {reader.Type}");
            }

            tokens.Append('\n');
        }
    }

    private static string Show(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text).Replace('\n', '⏎');
}
