using System.Buffers;
using System.Text;
using Exposition.Engine.Reading;
using Exposition.Formats;

namespace Exposition.Engine.Tests;

/// <summary>A family in parts is the family, and no part is much larger than it should be.</summary>
public sealed class FamilyPartsTests
{
    private const int Metrics = 3000;

    public static TheoryData<string, string> Bodies => new()
    {
        { "m", "# TYPE m gauge\n" + Repeat(i => $"m{{n=\"{i}\",text=\"a, \\\"b\\\"\"}} {i}\n") },
        { "s_count", "# TYPE s_count summary\n" + Repeat(i =>
            $"s_count{{n=\"{i}\",quantile=\"0.5\"}} {i}\ns_count_sum{{n=\"{i}\"}} 2\ns_count_count{{n=\"{i}\"}} {i}\n") },
        { "s", "# TYPE s summary\n" + Repeat(i => $"s_sum{{n=\"{i}\"}} 2\ns_count{{n=\"{i}\"}} {i}\n") },
        { "h_bucket", "# TYPE h_bucket histogram\n" + Repeat(i =>
            $"h_bucket_bucket{{n=\"{i}\",le=\"1\"}} 1\nh_bucket_bucket{{n=\"{i}\",le=\"+Inf\"}} 2\nh_bucket_sum{{n=\"{i}\"}} 3\n"
                + $"h_bucket_count{{n=\"{i}\"}} 2\n") },
        { "mixed", "# TYPE mixed histogram\n" + Repeat(i =>
            $"mixed_bucket{{n=\"{i}\",le=\"1\"}} 1\nmixed_sum{{n=\"{i}\"}} 3\n" + (i % 3 == 0 ? $"mixed_count{{n=\"{i}\"}} 1\n" : "")) },
        { "h", "# TYPE h histogram\n" + Repeat(i => $"h_bucket{{n=\"{i}\",le=\"+Inf\"}} 1\nh_sum{{n=\"{i}\"}} 3\n") },
        { "a \"b\\_bucket", "# TYPE \"a \\\"b\\\\_bucket\" histogram\n" + Repeat(i =>
            $"{{\"a \\\"b\\\\_bucket_bucket\",n=\"{i}\",le=\"+Inf\"}} 2\n{{\"a \\\"b\\\\_bucket_count\",n=\"{i}\"}} 2\n") },
        { "om", "# TYPE om histogram\n" + Repeat(i =>
            $"om_bucket{{n=\"{i}\",le=\"+Inf\"}} 2 # {{trace_id=\"t{i}\"}} 1.5\nom_count{{n=\"{i}\"}} 2\nom_sum{{n=\"{i}\"}} 3\n") + "# EOF\n" },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public void All_parts_together_are_the_family(string name, string body)
    {
        FamilyEntry family = Pushed(name, body);
        Assert.True(family.Text.Length > 2 * (64 << 10));
        Assert.Equal(name is "om" or "mixed", !family.Sidecar.IsEmpty);
        var parts = new FamilyParts();
        var text = new ArrayBufferWriter<byte>();
        int count = 0;
        int most = 0;
        for (parts.Begin(family); parts.Next(); count++)
        {
            int before = text.WrittenCount;
            TextFormat.WriteSamples(parts.Set, 0, EscapingScheme.AllowUtf8, text);
            most = Math.Max(most, text.WrittenCount - before);
        }

        Assert.Equal(Encoding.UTF8.GetString(family.Text.Span), Encoding.UTF8.GetString(text.WrittenSpan));
        Assert.True(count > 1, "it was read whole");
        Assert.InRange(most, 1, 5 * (64 << 10));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Lines_to_be_left_out_are_counted_and_not_read(string name, string body)
    {
        FamilyEntry family = Pushed(name, body);
        string[] lines = Encoding.UTF8.GetString(family.Text.Span).Split('\n');
        var parts = new FamilyParts();
        foreach (int skip in (int[])[0, 1, 1000, lines.Length - 2, lines.Length - 1, int.MaxValue])
        {
            parts.Begin(family);
            int left = skip;
            bool found = parts.Next(ref left);
            if (!family.Sidecar.IsEmpty)
            {
                Assert.Equal((true, skip), (found, left));
                continue;
            }

            Assert.Equal(skip < lines.Length - 1, found);
            if (found)
            {
                var text = new ArrayBufferWriter<byte>();
                TextFormat.WriteSamples(parts.Set, 0, EscapingScheme.AllowUtf8, text);
                Assert.Equal(lines[skip], Encoding.UTF8.GetString(text.WrittenSpan).Split('\n')[left]);
            }
        }
    }

    [Fact]
    public void One_metric_is_never_cut_and_an_empty_family_has_no_part()
    {
        string buckets = string.Concat(Enumerable.Range(0, 8000).Select(static i => $"h_bucket{{le=\"{i}\"}} {i}\n"))
            + "h_bucket{le=\"+Inf\"} 8000\n";
        FamilyEntry family = Pushed("h", $"# TYPE h histogram\n{buckets}h_sum 1\nh_count 8000\n"
            + "h_bucket{n=\"1\",le=\"+Inf\"} 1\nh_sum{n=\"1\"} 1\nh_count{n=\"1\"} 1\n");
        var parts = new FamilyParts();
        parts.Begin(family);
        Assert.True(parts.Next());
        Assert.Equal((1, 8001), (parts.Set.Metrics.Length, parts.Set.Metrics[0].PointCount));
        Assert.True(parts.Next());
        Assert.Equal((1, 1), (parts.Set.Metrics.Length, parts.Set.Metrics[0].PointCount));
        Assert.False(parts.Next());
        parts.Begin(new FamilyEntry("none"u8.ToArray(), MetricType.Gauge, null, 0));
        Assert.False(parts.Next());
    }

    private static FamilyEntry Pushed(string name, string body)
    {
        var gateway = new Harness(names: NameScheme.Utf8);
        GroupingKey key = Harness.Key("job", "j");
        PushFormat format = body.EndsWith("# EOF\n", StringComparison.Ordinal) ? PushFormat.OpenMetrics : PushFormat.Text;
        gateway.Push(key, format, Encoding.UTF8.GetBytes(body), PushMode.Replace).ThrowIfRefused();
        Assert.True(gateway.Group(key)!.TryGet(Encoding.UTF8.GetBytes(name), out FamilyEntry family));
        return family;
    }

    private static string Repeat(Func<int, string> lines) => string.Concat(Enumerable.Range(0, Metrics).Select(lines));
}
