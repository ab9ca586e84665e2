using System.Globalization;
using System.Text;
using Exposition.Kestrel.Bodies;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace Exposition.Kestrel.Tests;

public class ChunkDecoderTests
{
    private static Gen<string> Extension() => Gen.Elements("", ";a", ";a=\"b;c\"", "; x=1\t", ";");

    private static Gen<string> Size(int length) =>
        Gen.Elements("x", "X", "x4", "X8").Select(f => length.ToString(f, CultureInfo.InvariantCulture));

    private static Gen<string> Chunk(string data) =>
        Size(data.Length).SelectMany(size => Extension().Select(extension => $"{size}{extension}\r\n{data}\r\n"));

    private static Arbitrary<(string Coded, string Data, int[] Cuts)> Bodies() =>
        (from pieces in Gen.Choose(1, 40).SelectMany(n => Gen.Choose(0, 255).Select(b => (char)b).ArrayOf(n).Select(c => new string(c)))
            .ListOf()
         from chunks in Gen.CollectToList(pieces, Chunk)
         from last in Gen.Elements("0", "00", "0;x=y", "0;")
         from trailers in Gen.Elements("", "A: b\r\n", "A: b\r\nC:\r\n")
         from cuts in Gen.Choose(0, 200).ListOf()
         select (string.Concat(chunks) + $"{last}\r\n{trailers}\r\n", string.Concat(pieces), cuts.Order().ToArray())).ToArbitrary();

    [Property(MaxTest = 1000)]
    public Property CutsDoNotMatter() => Prop.ForAll(Bodies(), body =>
    {
        using var data = new PooledBody();
        ChunkDecoder decoder = default;
        byte[] input = Encoding.Latin1.GetBytes(body.Coded + "NEXT");
        int from = 0;
        ChunkStatus status = ChunkStatus.NeedMore;
        int read = 0;
        foreach (int cut in body.Cuts.Append(input.Length))
        {
            int to = Math.Clamp(cut, from, input.Length);
            ReadOnlySpan<byte> rest = input.AsSpan(from, to - from);
            if (status == ChunkStatus.NeedMore)
            {
                status = decoder.Continue(ref rest, data, long.MaxValue);
                read = to - rest.Length;
            }

            from = to;
        }

        Assert.Equal(ChunkStatus.Done, status);
        Assert.Equal(body.Coded.Length, read);
        Assert.Equal(body.Data, Encoding.Latin1.GetString(data.Memory.Span));
    });

    /// <summary>No byte of the framing can be changed into a bare line feed without being noticed.</summary>
    [Fact]
    public void ABareLineFeedIsAnErrorAnywhereInTheFraming()
    {
        const string coded = "3;ext=val\r\nabc\r\n0;x\r\nT: v\r\n\r\n";
        int data = coded.IndexOf("abc", StringComparison.Ordinal);
        for (int i = 0; i < coded.Length; i++)
        {
            if ((i >= data && i < data + 3) || coded[i] == '\n')
            {
                continue;
            }

            Assert.Equal(ChunkStatus.Bad, Decode(coded[..i] + "\n" + coded[(i + 1)..]));
        }
    }

    [Theory]
    [InlineData("\r\n")]
    [InlineData(" 3\r\n")]
    [InlineData("-3\r\n")]
    [InlineData("+3\r\n")]
    [InlineData("0x3\r\n")]
    [InlineData("3_0\r\n")]
    [InlineData("3\rX")]
    [InlineData("3 \n")]
    [InlineData("\t3\r\n")]
    [InlineData("3 0\r\n")]
    [InlineData("3\r\nabcd")]
    [InlineData("3\r\nabc\r\r")]
    [InlineData("00000000000000003\r\n")]
    [InlineData("0\r\n\rX")]
    [InlineData("0\r\nA: b\rX")]
    [InlineData("0\r\nA\r\n\r\n")]
    [InlineData("0\r\n: b\r\n\r\n")]
    [InlineData("0\r\n A: b\r\n\r\n")]
    [InlineData("0\r\nA : b\r\n\r\n")]
    [InlineData("0\r\nA: b\r\n c\r\n\r\n")]
    [InlineData("0\r\nA: \0\r\n\r\n")]
    public void BadCoding(string coded) => Assert.Equal(ChunkStatus.Bad, Decode(coded));

    [Fact]
    public void ExtensionsAndTrailersAreBounded()
    {
        Assert.Equal(ChunkStatus.Bad, Decode("1;" + new string('x', 20_000)));
        Assert.Equal(ChunkStatus.Bad, Decode("0\r\n" + string.Concat(Enumerable.Repeat("A: b\r\n", 5000)) + "\r\n"));
        Assert.Equal(ChunkStatus.Bad, Decode(string.Concat(Enumerable.Repeat("1;x\r\na\r\n", 20_000))));
    }

    [Fact]
    public void TheLimitHoldsBeforeTheDataComes()
    {
        Assert.Equal(ChunkStatus.TooLarge, Decode("b\r\n", 10));
        Assert.Equal(ChunkStatus.NeedMore, Decode("a\r\n", 10));
        Assert.Equal(ChunkStatus.TooLarge, Decode("6\r\nabcdef\r\n6\r\n", 10));
    }

    private static ChunkStatus Decode(string coded, long limit = long.MaxValue)
    {
        using var body = new PooledBody();
        ChunkDecoder decoder = default;
        ReadOnlySpan<byte> input = Encoding.Latin1.GetBytes(coded);
        return decoder.Continue(ref input, body, limit);
    }
}
