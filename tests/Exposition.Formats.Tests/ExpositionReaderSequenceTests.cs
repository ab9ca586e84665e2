using System.Buffers;
using System.Globalization;
using System.Text;
using Exposition.Harness;
using FsCheck;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

/// <summary>A text in segments is read as the same text in one piece, wherever it is cut.</summary>
public sealed class ExpositionReaderSequenceTests
{
    private static readonly byte[] s_example = """
        # HELP http_requests_total Requests, with a \\ and a \n.
        # TYPE http_requests_total counter
        http_requests_total{method="post",code="200"} 1027 1395066363000

        # a comment
        rpc_duration{quantile="0.5",path="C:\\DIR\n"} 4.7e+03
        {"dotted.name","x.y"="z"} -0.0
        up NaN

        """u8.ToArray();

    private static readonly TextReadOptions s_utf8 = new(NameScheme.Utf8, Lenient: false);

    [Fact]
    public void A_text_may_be_cut_at_any_two_places()
    {
        string whole = Read(s_example, s_utf8);
        Assert.Equal(7, whole.Split('\n').Length);
        for (int first = 0; first <= s_example.Length; first++)
        {
            for (int second = first; second <= s_example.Length; second++)
            {
                Assert.Equal(whole, Read(Segments.Of(s_example, first, second), s_utf8));
            }
        }

        Assert.Equal(whole, Read(Segments.Of(s_example, Enumerable.Range(1, s_example.Length - 1)), s_utf8));
        Assert.Equal(whole, Read(Segments.Of(s_example, Enumerable.Repeat(40, 20)), s_utf8));
    }

    [Fact]
    public void A_text_may_come_in_blocks_of_segments()
    {
        string whole = Read(s_example, s_utf8);
        for (int first = 0; first <= s_example.Length; first++)
        {
            for (int second = first; second <= s_example.Length; second += 3)
            {
                Assert.Equal(whole, ReadInBlocks(s_example, [first, second], s_utf8));
            }
        }
    }

    [Property(MaxTest = 3000, Arbitrary = [typeof(TextModelTests.Bodies)])]
    public void Generated_texts_may_be_cut_anywhere(TextModelTests.Body body, DoNotSize<int> seed)
    {
        byte[] text = Encoding.UTF8.GetBytes(body.Text);
        int[] cuts = Segments.Cuts(text.Length, new Random(seed.Item));
        string whole = Read(text, default);
        Assert.Equal(whole, Read(Segments.Of(text, cuts), default));
        Assert.Equal(whole, ReadInBlocks(text, cuts, default));
    }

    // Also bodies that are wrong: the line and the reason are the same.
    [Theory]
    [InlineData(NameScheme.Legacy, false)]
    [InlineData(NameScheme.Utf8, true)]
    public void Recorded_texts_may_be_cut_anywhere(NameScheme names, bool lenient)
    {
        var random = new Random(17);
        var options = new TextReadOptions(names, lenient);
        int refused = 0;
        foreach (TextVector vector in TextVectors.TextBodies(names))
        {
            string whole = Read(vector.Body, options);
            refused += whole.Contains("text format parsing error", StringComparison.Ordinal) ? 1 : 0;
            int[] cuts = Segments.Cuts(vector.Body.Length, random);
            Assert.Equal(whole, Read(Segments.Of(vector.Body, cuts), options));
        }

        Assert.InRange(refused, 1000, 20_000);
    }

    [Fact]
    public void Only_what_was_read_is_consumed()
    {
        ReadOnlySequence<byte> text = Segments.Of("aa 1\nbb 2\ncc"u8, 2, 7, 8);
        var state = new ExpositionReaderState();
        var reader = new ExpositionReader(text, state, isFinalBlock: false);
        int[] consumed = [0, 0];
        for (int i = 0; reader.Read(); i++)
        {
            consumed[i] = reader.BytesConsumed;
            Assert.Equal(consumed[i], text.Slice(0, reader.Position).Length);
        }

        Assert.Equal([5, 10], consumed);
        Assert.Equal((10, null), (reader.BytesConsumed, reader.Error));
        Assert.Equal("cc", Encoding.UTF8.GetString(text.Slice(reader.Position)));
    }

    [Fact]
    public void An_empty_sequence_has_no_lines()
    {
        var reader = new ExpositionReader(ReadOnlySequence<byte>.Empty, new ExpositionReaderState());
        Assert.False(reader.Read());
        Assert.Equal((0, null), (reader.BytesConsumed, reader.Error));
        var segments = new ExpositionReader(Segments.Of(default, 0, 0, 0), new ExpositionReaderState());
        Assert.False(segments.Read());
        Assert.Equal((0, null), (segments.BytesConsumed, segments.Error));
    }

    // The limit is the same for a line that lies in one piece, for one in many, and for one that has no end yet.
    [Theory]
    [InlineData(4096, null)]
    [InlineData(4097, "text format parsing error in line 2: a line of more than 4096 bytes")]
    [InlineData(9000, "text format parsing error in line 2: a line of more than 4096 bytes")]
    public void The_length_of_a_line_is_limited(int length, string? expected)
    {
        byte[] text = Encoding.UTF8.GetBytes($"a 1\nb{{x=\"{new string('y', length - 9)}\"}} 1\nc 1\n");
        Assert.Equal(length, text.AsSpan(4).IndexOf((byte)'\n'));
        Assert.Equal(expected, ErrorOf(new ReadOnlySequence<byte>(text)));
        Assert.Equal(expected, ErrorOf(Segments.Of(text, 5, 4000)));
        Assert.Equal(expected, ErrorOf(Segments.Of(text, Enumerable.Range(1, text.Length - 1))));
        ReadOnlySequence<byte> begun = new(text.AsMemory(0, 4 + length));
        Assert.Equal(expected, ErrorOf(begun, isFinalBlock: false));
        Assert.Equal(expected, ErrorOf(Segments.Of(text.AsSpan(0, 4 + length), 4, 7, 600), isFinalBlock: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExpositionReaderState(maxLineBytes: 4095));
    }

    [Fact]
    public void A_warm_reader_allocates_nothing()
    {
        byte[] text = [.. Enumerable.Repeat(s_example, 40).SelectMany(bytes => bytes)];
        ReadOnlySequence<byte> sequence = Segments.Of(text, Enumerable.Range(1, 100).Select(i => i * 100));
        var state = new ExpositionReaderState(new TextReadOptions(NameScheme.Utf8, Lenient: false));
        int samples = 0;
        Allocation.AssertNone(() =>
        {
            state.Reset();
            samples = 0;
            var reader = new ExpositionReader(sequence, state);
            while (reader.Read())
            {
                samples += reader.Token == ExpositionToken.Sample ? 1 : 0;
            }
        });
        Assert.Equal(160, samples);
    }

    private static string? ErrorOf(ReadOnlySequence<byte> text, bool isFinalBlock = true)
    {
        var reader = new ExpositionReader(text, new ExpositionReaderState(maxLineBytes: 4096), isFinalBlock);
        while (reader.Read())
        {
        }

        return reader.Error?.ToString();
    }

    private static string Read(byte[] text, TextReadOptions options)
    {
        var tokens = new StringBuilder();
        var reader = new ExpositionReader(text, new ExpositionReaderState(options));
        Append(tokens, ref reader);
        return tokens.Append(reader.Error).ToString();
    }

    private static string Read(ReadOnlySequence<byte> text, TextReadOptions options)
    {
        var tokens = new StringBuilder();
        var reader = new ExpositionReader(text, new ExpositionReaderState(options));
        Append(tokens, ref reader);
        Assert.True(reader.Error is not null || reader.BytesConsumed == text.Length);
        return tokens.Append(reader.Error).ToString();
    }

    // Each block is what is left of the last one and a new segment.
    private static string ReadInBlocks(byte[] text, int[] cuts, TextReadOptions options)
    {
        var tokens = new StringBuilder();
        var state = new ExpositionReaderState(options);
        int start = 0;
        int before = 0;
        foreach (int end in cuts.Append(text.Length))
        {
            ReadOnlySequence<byte> block = Segments.Of(text.AsSpan(start..end), Math.Max(before - start, 0));
            var reader = new ExpositionReader(block, state, isFinalBlock: end == text.Length);
            Append(tokens, ref reader);
            start += reader.BytesConsumed;
            Assert.Equal(reader.BytesConsumed, block.GetOffset(reader.Position) - block.GetOffset(block.Start));
            before = end;
            if (reader.Error is { } error)
            {
                return tokens.Append(error).ToString();
            }

            if (end == text.Length)
            {
                break;
            }
        }

        return tokens.ToString();
    }

    private static void Append(StringBuilder tokens, ref ExpositionReader reader)
    {
        while (reader.Read())
        {
            tokens.Append(CultureInfo.InvariantCulture,
                $"{reader.Token} {Convert.ToHexString(reader.Name)} {Convert.ToHexString(reader.Help)}");
            if (reader.Token == ExpositionToken.Sample)
            {
                foreach (ExpositionLabel label in reader.Labels)
                {
                    tokens.Append(CultureInfo.InvariantCulture, $" {Convert.ToHexString(label.Name)}={Convert.ToHexString(label.Value)}");
                }

                tokens.Append(CultureInfo.InvariantCulture, $" {reader.Value} {(reader.HasTimestamp ? reader.TimestampMs : "-")}");
            }

            tokens.Append(reader.Token == ExpositionToken.Type ? reader.Type : default(MetricType)).Append('\n');
        }
    }
}
