using System.Text;
using Exposition.Formats.Rows;
using Exposition.Formats.Scanning;
using Exposition.Formats.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Formats.Tests;

/// <summary>The scanner is worth nothing unless it changes nothing: in every variant it is held against the byte-wise reader.</summary>
public class ScannerTests
{
    public static TheoryData<string> Variants => [.. ByteClassifier.Supported.Select(static variant => variant.Name)];

    [Fact]
    public void The_best_variant_is_in_use_unless_one_is_forced()
    {
        string? forced = Environment.GetEnvironmentVariable(ByteClassifier.ForcingVariable);
        Assert.Equal(string.IsNullOrEmpty(forced) ? ByteClassifier.Supported[^1].Name : forced, ByteClassifier.Best.Name);
        var error = Assert.Throws<PlatformNotSupportedException>(static () => ByteClassifier.Choose("vector1024"));
        Assert.StartsWith(
            "EXPOSITION_SCANNER=vector1024: not one of the variants of this processor (scalar", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Each_byte_is_classified_alike_wherever_it_stands(string variant)
    {
        ByteClassifier classifier = ByteClassifier.Choose(variant);
        byte[] blocks = new byte[256 * ByteClassifier.BlockBytes];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (byte)((i / ByteClassifier.BlockBytes) + i);
        }

        ulong[] names = new ulong[256];
        ulong[] quotes = new ulong[256];
        ulong[] values = new ulong[256];
        classifier.Classify(blocks, names, quotes, values);
        for (int i = 0; i < blocks.Length; i++)
        {
            char c = (char)blocks[i];
            (int block, int bit) = (i / 64, i % 64);
            Assert.Equal(!(char.IsAsciiLetterOrDigit(c) || c == '_'), (names[block] >> bit & 1) != 0);
            Assert.Equal(c is '"' or '\\' or '\n', (quotes[block] >> bit & 1) != 0);
            Assert.Equal(c is ' ' or '\t' or '\n', (values[block] >> bit & 1) != 0);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Recorded_bodies_are_read_alike(string variant)
    {
        var window = new ScanWindow(ByteClassifier.Choose(variant));
        foreach (NameScheme scheme in (NameScheme[])[NameScheme.Legacy, NameScheme.Utf8])
        {
            foreach (TextVector vector in TextVectors.TextBodies(scheme))
            {
                AssertAlike(vector.Body, new TextReadOptions(scheme, Lenient: false), window);
                AssertAlike(vector.Body, new TextReadOptions(scheme, Lenient: true), window);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Long_texts_are_read_alike(string variant)
    {
        var window = new ScanWindow(ByteClassifier.Choose(variant));
        var random = new Random(20260101);
        for (int round = 0; round < 60; round++)
        {
            AssertAlike(RandomText(random, lines: 300), new TextReadOptions(NameScheme.Utf8, Lenient: (round & 1) != 0), window);
        }
    }

    [Property(MaxTest = 3000, Arbitrary = [typeof(TextModelTests.Bodies)])]
    public void Generated_bodies_are_read_alike(TextModelTests.Body body)
    {
        foreach (ByteClassifier classifier in ByteClassifier.Supported)
        {
            AssertAlike(Encoding.UTF8.GetBytes(body.Text), default, new ScanWindow(classifier));
        }
    }

    // Were nothing taken by the scanner, all else in this file would be true as well.
    [Fact]
    public void Ordinary_lines_are_taken()
    {
        byte[] text = """
            # HELP a_total What "a" counts: é.
            # TYPE a_total counter
            a_total 1
            a:b{x="1",_y="é\t,}{",} -2.5e+06 1700000000000
            h_bucket{x="1",le="+Inf"} NaN

            """u8.ToArray();
        text = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(text).Replace("\\t", "\t", StringComparison.Ordinal));
        var scanner = new LineScanner(text, new ScanWindow(), knownUtf8: false);
        var labels = default(RowList<LabelRow>);
        Assert.True(scanner.TryTakeComment(0, out ScannedComment help) && help.IsHelp);
        Assert.Equal("What \"a\" counts: é.", Encoding.UTF8.GetString(text, help.Help.Start, help.Help.Length));
        Assert.True(scanner.TryTakeComment(help.End, out ScannedComment type) && !type.IsHelp && type.Type == MetricType.Counter);
        Assert.True(scanner.TryTake(type.End, ref labels, out ScannedSample plain));
        Assert.Equal((7, 0, 1.0, false), (plain.NameLength, plain.LabelCount, plain.Value, plain.HasTimestamp));
        Assert.True(scanner.TryTake(plain.End, ref labels, out ScannedSample rich));
        Assert.Equal((3, 2, -2.5e6, 1700000000000), (rich.NameLength, rich.LabelCount, rich.Value, rich.TimestampMs));
        Assert.Equal("é\t,}{", Encoding.UTF8.GetString(text, labels.Span[1].Value.Start, labels.Span[1].Value.Length));
        Assert.True(scanner.TryTake(rich.End, ref labels, out ScannedSample last));
        Assert.True(double.IsNaN(last.Value));
        Assert.Equal((text.Length, 4), (last.End, labels.Count));
    }

    [Theory]
    [InlineData("a{x=\"1\",x=\"2\"} 1\n")]
    [InlineData("a{__name__=\"b\"} 1\n")]
    [InlineData("a{x:y=\"1\"} 1\n")]
    [InlineData("a{1x=\"1\"} 1\n")]
    [InlineData("a{x=\"\\n\"} 1\n")]
    [InlineData("a{x=\"1\"}1\n")]
    [InlineData("a{x=\"1\" } 1\n")]
    [InlineData("a{} 1\n")]
    [InlineData("a  1\n")]
    [InlineData("a 1 \n")]
    [InlineData("a 1\r\n")]
    [InlineData("a 1 2 3\n")]
    [InlineData("a 1 -2\n")]
    [InlineData("a 1 1234567890123456789\n")]
    [InlineData("1a 1\n")]
    [InlineData("a\n")]
    [InlineData("a 0x1\n")]
    [InlineData("a 1")]
    [InlineData("{\"a\"} 1\n")]
    [InlineData("a{x=\"\u00ff\"} 1\n", true)]
    public void Other_lines_are_left(string line, bool latin1 = false)
    {
        byte[] text = (latin1 ? Encoding.Latin1 : Encoding.UTF8).GetBytes(line);
        var scanner = new LineScanner(text, new ScanWindow(), knownUtf8: false);
        var labels = default(RowList<LabelRow>);
        Assert.False(scanner.TryTake(0, ref labels, out _));
        Assert.Equal(0, labels.Count);
    }

    private static void AssertAlike(byte[] body, TextReadOptions options, ScanWindow window)
    {
        (string Dump, FormatError Error) scanned = Read(body, options, window);
        (string Dump, FormatError Error) bytewise = Read(body, options, null);
        if (scanned != bytewise)
        {
            Assert.Fail($"{Encoding.Latin1.GetString(body)}\nscanned {scanned}\nbyte by byte {bytewise}");
        }
    }

    private static (string Dump, FormatError Error) Read(byte[] body, TextReadOptions options, ScanWindow? window)
    {
        var set = new FamilySet();
        set.Reset(body);
        bool read = new TextBodyReader(set, options, TextBodyReader.AnyFamily, window).TryRead(out FormatError error);
        return (read ? TextDump.Of(set) : "", error);
    }

    // Lines of any length up to more than a window, canonical and not, so that every offset of everything to a block and to a window
    // occurs.
    private static byte[] RandomText(Random random, int lines)
    {
        var text = new StringBuilder();
        for (int i = 0; i < lines; i++)
        {
            string name = $"{(char)random.Next('a', 'f')}{new string('m', random.Next(random.Next(12) == 0 ? 150 : 8))}";
            text.Append(random.Next(20) switch
            {
                14 => $"# {(random.Next(2) == 0 ? "HELP" : "TYPE")} {(char)random.Next('a', 'f')} {(random.Next(2) == 0 ? "gauge" : "summary")}\n",
                15 => $"{(char)random.Next('a', 'f')}{{quantile=\"0.5\",x=\"{random.Next(3)}\"}} {random.Next(9)}\n",
                16 => $"{(char)random.Next('a', 'f')}{(random.Next(2) == 0 ? "_sum" : "_count")}{{x=\"{random.Next(3)}\"}} "
                    + "{random.Next(9)}\n",
                17 => $"\uFEFF{name}{{a=\"C:\\Temp\\{new string('v', random.Next(70))}\"}} -nan\n",
                0 => $"# HELP {name}{i} text {new string('"', random.Next(3))}{(random.Next(3) == 0 ? "\\\\" : "")} {new string('h', random.Next(120))}\n",
                1 => $"# TYPE {name}{i} {(random.Next(2) == 0 ? "gauge" : "histogram")}\n",
                2 => $"# {new string('c', random.Next(200))}\n",
                3 => "\n",
                4 => $"{name} {random.Next()} {random.Next(2000)}\n",
                5 => $"{name}{{a=\"{new string('v', random.Next(random.Next(9) == 0 ? 9000 : 70))}\"}}  {random.NextDouble()}\n",
                6 => $"{name}{{a=\"\\\\\",b=\"é\"}} 1\r{(random.Next(20) == 0 ? "" : "\n")}",
                _ => $"{name}{{{string.Join(',', Enumerable.Range(0, random.Next(1, 7)).Select(l => $"l{l}=\"{new string('v', random.Next(90))}\""))}}} {random.NextDouble() * random.Next()}\n",
            });
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
