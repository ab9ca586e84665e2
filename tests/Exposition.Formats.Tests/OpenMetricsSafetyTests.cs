using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Exposition.Formats.Tests;

public sealed class OpenMetricsSafetyTests
{
    private static readonly string s_rich = """
        # HELP http_requests_seconds Requests, with a \\ and a \n and a \" in the text.
        # TYPE http_requests_seconds counter
        # UNIT http_requests_seconds seconds
        http_requests_seconds_total{method="post",path="C:\\dir\\\"x\"\n"} 1027 # {trace_id="abc",n="\\"} 0.5 1700000000.123
        http_requests_seconds_created{method="post",path="C:\\dir\\\"x\"\n"} 1520430000.123456789
        http_requests_seconds_total{method="get",path=""} 3.5e-7 # {} 1
        # TYPE rpc summary
        rpc{quantile="0.01"} 3102
        rpc{quantile="0.5"} NaN
        rpc_sum{} 1.7560473e+07
        rpc_count{} 2693
        rpc_created{} 1.7e+09
        # TYPE h histogram
        h_bucket{x="1",le="0.5"} 12 # {a="b"} 0.25
        h_bucket{le="+Inf",x="1"} 144320 # {c="d"} 7 1
        h_sum{x="1"} 123456789012345678901234567890
        h_count{x="1"} 144320
        # TYPE gh gaugehistogram
        gh_bucket{le="-1"} 1
        gh_bucket{le="+Inf"} 2
        gh_gcount 2
        gh_gsum -0.5
        # TYPE version info
        version_info{v="1"} 1
        # TYPE state stateset
        state{x="y",state="on"} 1
        state{x="y",state="off"} 0
        # TYPE "dotted.name" gauge
        # HELP "dotted.name" quoted
        {"dotted.name",label="välue","other \"label\""="x"} -0.0
        {"dotted.name",label="z"} 9.87654321e-300 1395066363
        {"dotted.name",label="z"} 9.87654321e-300 1395066363.001
        none 5
        # EOF
        """.ReplaceLineEndings("\n");

    [Fact]
    public void Every_beginning_of_a_rich_body_is_refused_and_the_whole_is_read()
    {
        byte[] body = Encoding.UTF8.GetBytes(s_rich);
        var set = new FamilySet();
        for (int length = 0; length < body.Length; length++)
        {
            Assert.False(OpenMetricsFormat.TryRead(body.AsMemory(0, length), NameScheme.Utf8, set, out FormatError error));
            Assert.InRange(error.Line, 1, body.AsSpan(0, length).Count((byte)'\n') + 1);
            Assert.NotEmpty(error.Message);
        }

        Assert.True(OpenMetricsFormat.TryRead(body, NameScheme.Utf8, set, out FormatError none), none.ToString());
        Assert.Equal(8, set.Families.Length);
        Assert.True(OpenMetricsFormat.TryRead((byte[])[.. body, (byte)'\n'], NameScheme.Utf8, set, out none), none.ToString());
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

            if (!OpenMetricsFormat.TryRead(damaged, (NameScheme)(round & 1), set, out FormatError error))
            {
                refused++;
                Assert.InRange(error.Line, 1, damaged.AsSpan().Count((byte)'\n') + 1);
                Assert.NotEmpty(error.Message);
            }
            else
            {
                string first = OpenMetricsSupport.Write(set);
                Assert.Equal(first, OpenMetricsSupport.Write(OpenMetricsSupport.Read(first, NameScheme.Utf8)));
            }
        }

        Assert.InRange(refused, 10_000, 19_999);
    }

    [Theory]
    [InlineData((byte)'9')]
    [InlineData((byte)'"')]
    [InlineData((byte)'\n')]
    [InlineData((byte)0xFF)]
    public void Bytes_around_the_body_make_no_difference(byte guard)
    {
        var alone = new FamilySet();
        var guarded = new FamilySet();
        for (int seed = 0; seed < 1500; seed++)
        {
            byte[] body = Encoding.UTF8.GetBytes(new OpenMetricsGenerator(seed).Body());
            body = seed % 3 == 0 ? body[..Math.Max(0, body.Length - (seed % 17))] : body;
            byte[] padded = new byte[body.Length + 128];
            padded.AsSpan().Fill(guard);
            body.CopyTo(padded, 64);
            bool read = OpenMetricsFormat.TryRead(body, NameScheme.Utf8, alone, out FormatError error);
            Assert.Equal(
                read, OpenMetricsFormat.TryRead(padded.AsMemory(64, body.Length), NameScheme.Utf8, guarded, out FormatError guardedError));
            Assert.Equal(error, guardedError);
            Assert.Equal(read ? OpenMetricsSupport.Write(alone) : "", read ? OpenMetricsSupport.Write(guarded) : "");
        }
    }

    [Fact]
    public void A_warm_reader_allocates_nothing()
    {
        byte[] body = Encoding.UTF8.GetBytes(s_rich);
        var set = new FamilySet();
        Allocation.AssertNone(() => Assert.True(OpenMetricsFormat.TryRead(body, NameScheme.Utf8, set, out _)));
    }

    // Each body is built so that a list searched from the front, a copy per line or a comparison of all pairs would take minutes.
    [Theory]
    [InlineData("families", 200_000)]
    [InlineData("counters", 100_000)]
    [InlineData("labels", 200_000)]
    [InlineData("exemplar labels", 200_000)]
    [InlineData("metrics", 200_000)]
    [InlineData("points", 200_000)]
    [InlineData("buckets", 200_000)]
    [InlineData("quantiles", 200_000)]
    [InlineData("states", 200_000)]
    [InlineData("permuted labels", 100)]
    [InlineData("long names", 200_000)]
    [InlineData("escapes", 2_000_000)]
    [InlineData("digits", 2_000_000)]
    public void Time_stays_in_proportion_to_the_body(string kind, int size)
    {
        byte[] body = Encoding.ASCII.GetBytes(Hostile(kind, size) + "# EOF\n");
        var set = new FamilySet();
        var watch = Stopwatch.StartNew();
        bool read = OpenMetricsFormat.TryRead(body, NameScheme.Utf8, set, out FormatError error);
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        for (int family = 0; read && family < set.Families.Length; family++)
        {
            OpenMetricsFormat.Write(set, family, EscapingScheme.AllowUtf8, output);
        }

        watch.Stop();
        Assert.True(read || kind == "exemplar labels", error.ToString());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), watch.Elapsed.ToString());
    }

    private static string Hostile(string kind, int size)
    {
        var body = new StringBuilder();
        IEnumerable<int> all = Enumerable.Range(0, size);
        switch (kind)
        {
            case "families":
                return body.AppendJoin("", all.Select(i => $"m{i} 1\n")).ToString();
            case "counters":
                return body.AppendJoin("", all.Select(i => $"# TYPE m{i} counter\nm{i}_total 1 # {{a=\"b\"}} 1\nm{i}_created 1\n"))
                    .ToString();
            case "labels":
                return body.Append("m{").AppendJoin(',', all.Select(i => $"l{i}=\"\"")).Append("} 1\n").ToString();
            case "exemplar labels":
                return body.Append("# TYPE m counter\nm_total 1 # {").AppendJoin(',', all.Select(i => $"l{i}=\"\"")).Append("} 1\n")
                    .ToString();
            case "metrics":
                return body.Append("# TYPE m counter\n").AppendJoin("",
                    all.Select(i => $"m_total{{a=\"{i}\",b=\"{size - i}\"}} 1\nm_created{{b=\"{size - i}\",a=\"{i}\"}} 1\n")).ToString();
            case "points":
                return body.AppendJoin("", all.Select(i => $"m{{a=\"b\"}} 1 {i}\n")).ToString();
            case "buckets":
                return body.Append("# TYPE m histogram\n").AppendJoin("", all.Select(i => $"m_bucket{{le=\"{i}\"}} 1 # {{}} 1\n"))
                    .Append("m_bucket{le=\"+Inf\"} 1\n").ToString();
            case "quantiles":
                return body.Append("# TYPE m summary\n").AppendJoin("", all.Select(
                    i => string.Create(CultureInfo.InvariantCulture, $"m{{quantile=\"{1 - ((double)i / size)}\"}} 1\n"))).ToString();
            case "states":
                return body.Append("# TYPE m stateset\n").AppendJoin("", all.Select(i => $"m{{m=\"{i}\"}} 1\n")).ToString();
            case "permuted labels":
                string[] labels = [.. Enumerable.Range(0, 3000).Select(i => string.Create(CultureInfo.InvariantCulture, $"l{i}=\"{i}\""))];
                body.Append("# TYPE m summary\n");
                foreach (int i in all)
                {
                    body.Append(CultureInfo.InvariantCulture, $"m{{quantile=\"{(double)i / size}\",")
                        .AppendJoin(',', labels[i..].Concat(labels[..i])).Append("} 1\n");
                }

                return body.ToString();
            case "long names":
                body.Append("# TYPE m").Append('a', size).Append(" counter\nm").Append('a', size).Append("_total 1\n");
                return body.AppendJoin("", Enumerable.Range(0, 100).Select(i => "m" + new string('a', 2000) + i + " 1\n")).ToString();
            case "escapes":
                return body.Append("m{a=\"").Insert(body.Length, "\\n", size).Append("\"} 1\n").ToString();
            default:
                return body.Append("m 0.").Append('0', size).Append('7', size).Append("e5\n").ToString();
        }
    }
}
