using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Exposition.Formats.Tests;

public class TextSafetyTests
{
    private static readonly string s_rich = """
        # HELP http_requests_total Requests, with a \\ and a \n in the text.
        # TYPE http_requests_total counter
        http_requests_total{method="post",code="200",path="C:\\dir\\\"x\"\n"} 1027
        http_requests_total{method="post",code="400",} 3.5e-7
        	 spaced	{ a = "b" , c = "d" } +Inf
        # TYPE rpc summary
        rpc{quantile="0.01"} 3102
        rpc_sum{} 1.7560473e+07
        rpc_count 2693
        # TYPE h histogram
        h_bucket{x="1",le="0.5"} 12.5
        h_bucket{le="+Inf",x="1"} NaN
        h_sum{x="1"} 123456789012345678901234567890
        h_count{x="1"} 144320
        # HELP "dotted.name" quoted
        {"dotted.name",label="välue","other \"label\""="x"} -0.0
        "out.side"{a="b"} 1
        {"name.last","x.y"="z"} 9.87654321e-300 1395066363000

        """.ReplaceLineEndings("\n");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_beginning_of_a_rich_body_is_answered(bool lenient)
    {
        byte[] body = Encoding.UTF8.GetBytes(s_rich);
        var set = new FamilySet();
        var options = new TextReadOptions(NameScheme.Utf8, lenient);
        for (int length = 0; length < body.Length; length++)
        {
            bool read = TextFormat.TryRead(body.AsMemory(0, length), options, set, out FormatError error);

            // Strict: complete lines are read, anything else ends too early, except blanks at the start of a line.
            ReadOnlySpan<byte> lastLine = body.AsSpan(0, length)[(body.AsSpan(0, length).LastIndexOf((byte)'\n') + 1)..];
            if (!lastLine.ContainsAnyExcept(" \t"u8))
            {
                Assert.True(read, error.ToString());
            }
            else if (!lenient)
            {
                Assert.Equal((false, "unexpected end of input stream"), (read, error.Message));
            }
        }

        Assert.True(TextFormat.TryRead(body, options, set, out FormatError none), none.ToString());
        Assert.Equal(7, set.Families.Length);
    }

    [Theory]
    [InlineData((byte)'9')]
    [InlineData((byte)'"')]
    [InlineData((byte)'\n')]
    [InlineData((byte)'a')]
    [InlineData((byte)0xFF)]
    public void Bytes_around_the_body_make_no_difference(byte guard)
    {
        var alone = new FamilySet();
        var guarded = new FamilySet();
        foreach (TextVector vector in TextVectors.TextBodies(NameScheme.Utf8).Take(2500))
        {
            byte[] padded = new byte[vector.Body.Length + 128];
            padded.AsSpan().Fill(guard);
            vector.Body.CopyTo(padded, 64);
            foreach (bool lenient in (bool[])[false, true])
            {
                var options = new TextReadOptions(NameScheme.Utf8, lenient);
                bool read = TextFormat.TryRead(vector.Body, options, alone, out FormatError error);
                Assert.Equal(
                    read, TextFormat.TryRead(padded.AsMemory(64, vector.Body.Length), options, guarded, out FormatError guardedError));
                Assert.Equal(error, guardedError);
                Assert.Equal(read ? TextDump.Of(alone) : "", read ? TextDump.Of(guarded) : "");
            }
        }
    }

    [Fact]
    public void Damaged_bodies_are_answered()
    {
        byte[] body = Encoding.UTF8.GetBytes(s_rich);
        var random = new Random(4711);
        var set = new FamilySet();
        ReadOnlySpan<byte> special = " \t\n\r\"\\{},=#:_0eE+-.\0\xFFn"u8;
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] damaged = (byte[])body.Clone();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = special[random.Next(special.Length)];
            }

            var options = new TextReadOptions((NameScheme)(round & 1), (round & 2) != 0);
            if (!TextFormat.TryRead(damaged, options, set, out FormatError error))
            {
                refused++;
                Assert.InRange(error.Line, 1, damaged.AsSpan().Count((byte)'\n') + 1);
                Assert.NotEmpty(error.Message);
            }
        }

        Assert.InRange(refused, 10_000, 20_000);
    }

    [Fact]
    public void A_warm_reader_allocates_nothing()
    {
        byte[] body = Encoding.UTF8.GetBytes(
            string.Concat(Enumerable.Repeat(s_rich[s_rich.IndexOf("http_requests_total{", StringComparison.Ordinal)..]
            .Replace("# TYPE", "# type", StringComparison.Ordinal).Replace("# HELP", "# help", StringComparison.Ordinal), 20)));
        byte[] typed = Encoding.UTF8.GetBytes(s_rich);
        var set = new FamilySet();
        var options = new TextReadOptions(NameScheme.Utf8, Lenient: true);
        Assert.True(TextFormat.TryRead(body, options, set, out FormatError error), error.ToString());
        long allocated = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            bool read = TextFormat.TryRead(body, options, set, out _) && TextFormat.TryRead(typed, options, set, out _);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(read);
        }

        Assert.Equal(0, allocated);
    }

    // Each body is built so that a list searched from the front, a copy per line or a comparison of all pairs would take many minutes. In
    // proportion it is a fraction of a second, so that a busy machine has a hundred times what is needed.
    [Theory]
    [InlineData("families", 200_000)]
    [InlineData("labels", 200_000)]
    [InlineData("repeated bounds", 200_000)]
    [InlineData("histogram metrics", 100_000)]
    [InlineData("permuted labels", 100)]
    [InlineData("long names", 200_000)]
    [InlineData("quotes in names", 200_000)]
    [InlineData("escapes", 2_000_000)]
    [InlineData("help families", 200_000)]
    [InlineData("digits", 2_000_000)]
    public void Time_stays_in_proportion_to_the_body(string kind, int size)
    {
        byte[] body = Encoding.ASCII.GetBytes(Hostile(kind, size));
        var set = new FamilySet();
        var watch = Stopwatch.StartNew();
        bool read = TextFormat.TryRead(body, new TextReadOptions(NameScheme.Utf8, Lenient: false), set, out FormatError error);
        watch.Stop();
        Assert.True(read, $"line {error.Line}");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), watch.Elapsed.ToString());
    }

    private static string Hostile(string kind, int size)
    {
        var body = new StringBuilder();
        switch (kind)
        {
            case "families":
                body.AppendJoin("", Enumerable.Range(0, size).Select(i => $"m{i}_sum 1\n"));
                break;
            case "help families":
                body.AppendJoin("", Enumerable.Range(0, size).Select(i => $"# HELP m{i} x\n"));
                break;
            case "labels":
                body.Append("m{").AppendJoin(',', Enumerable.Range(0, size).Select(i => $"l{i}=\"\"")).Append("} 1\n");
                break;
            case "repeated bounds":
                body.Append("# TYPE m histogram\nm_bucket{").AppendJoin(',', Enumerable.Repeat("le=\"1\"", size)).Append("} 1\n");
                break;
            case "histogram metrics":
                body.Append("# TYPE m histogram\n")
                    .AppendJoin("", Enumerable.Range(0, size).Select(i => $"m_sum{{a=\"{i}\",b=\"{size - i}\"}} 1\n"));
                body.AppendJoin("", Enumerable.Range(0, size).Select(i => $"m_count{{b=\"{size - i}\",a=\"{i}\"}} 1\n"));
                break;
            case "permuted labels":
                string[] labels = [.. Enumerable.Range(0, 3000).Select(i => string.Create(CultureInfo.InvariantCulture, $"l{i}=\"{i}\""))];
                body.Append("# TYPE m summary\n");
                for (int i = 0; i < size; i++)
                {
                    body.Append("m_sum{").AppendJoin(',', labels[i..]).Append(',').AppendJoin(',', labels[..i]).Append("} 1\n");
                }

                break;
            case "long names":
                body.Append('m').Append('a', size).Append(" 1\n");
                body.AppendJoin("", Enumerable.Range(0, 100).Select(i => "m" + new string('a', 2000) + i + " 1\n"));
                break;
            case "quotes in names":
                body.AppendJoin("", Enumerable.Range(0, size).Select(i => $"m\"{i}\\n\" 1\n"));
                break;
            case "escapes":
                body.Append("m{a=\"").Insert(body.Length, "\\n", size).Append("\"} 1\n");
                break;
            case "digits":
                body.Append("m 0.").Append('0', size).Append('7', size).Append("e5\n");
                break;
        }

        return body.ToString();
    }
}
