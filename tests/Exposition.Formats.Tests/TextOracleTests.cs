using System.Buffers;
using System.Text;

namespace Exposition.Formats.Tests;

public class TextOracleTests
{
    // Parts of summaries and histograms that stand apart from their whole are put together by the lenient reader alone; see
    // TextAsScrapedTests.
    private static readonly SearchValues<string> s_parts = SearchValues.Create(["_count", "_sum", "_bucket"], StringComparison.Ordinal);

    // What the reference does to a line that begins with "{" depends on the line before it: it panics, changes that line's metric, or takes
    // labels by that line's type. There we differ on purpose; the numbers are exact so that no other difference can hide among them.
    [Theory]
    [InlineData(NameScheme.Legacy, 12331, 97, 0)]
    [InlineData(NameScheme.Utf8, 12331, 103, 12)]
    public void Strict_reading_answers_as_the_reference_does(NameScheme scheme, int bodies, int namelessLines, int staleTypes)
    {
        var set = new FamilySet();
        var differences = new StringBuilder();
        int compared = 0;
        int nameless = 0;
        int stale = 0;
        foreach (TextVector vector in TextVectors.TextBodies(scheme))
        {
            compared++;
            bool read = TextFormat.TryRead(vector.Body, new TextReadOptions(scheme, Lenient: false), set, out FormatError error);
            string expected = vector.Panics ? "panic" : vector.Error ?? TextDump.OfProtobuf(vector.Families);
            string actual = read ? TextDump.Of(set) : error.ToString();
            if (actual == expected)
            {
                continue;
            }

            string[] lines = Encoding.Latin1.GetString(vector.Body).Split('\n');
            if (error.Message == "invalid metric name" && BeginsWithBrace(lines[error.Line - 1]))
            {
                nameless++;
            }
            else if (lines.Any(BeginsWithBrace) && lines.Any(line => line.EndsWith(" histogram", StringComparison.Ordinal)))
            {
                stale++;
            }
            else
            {
                differences.Append($"{vector}\n expected {expected}\n actual   {actual}\n");
            }
        }

        Assert.Equal("", differences.ToString());
        Assert.Equal((bodies, namelessLines, staleTypes), (compared, nameless, stale));
    }

    [Theory]
    [InlineData(NameScheme.Legacy)]
    [InlineData(NameScheme.Utf8)]
    public void Lenient_reading_accepts_all_that_strict_reading_accepts_and_reads_the_same(NameScheme scheme)
    {
        var strict = new FamilySet();
        var lenient = new FamilySet();
        int accepted = 0;
        foreach (TextVector vector in TextVectors.TextBodies(scheme))
        {
            if (TextFormat.TryRead(vector.Body, new TextReadOptions(scheme, Lenient: false), strict, out _)
                && !vector.Body.AsSpan().ContainsAny("\r"u8))
            {
                if (!TextFormat.TryRead(vector.Body, new TextReadOptions(scheme, Lenient: true), lenient, out FormatError error))
                {
                    // A comment that has swallowed all samples, as where line ends were lost, would empty the group.
                    Assert.True(error.Message.StartsWith("no sample, and a comment holds another", StringComparison.Ordinal),
                        $"{vector} {error}");
                    Assert.DoesNotContain(strict.Families.ToArray(), static family => family.MetricCount > 0);
                    continue;
                }

                if (!Encoding.Latin1.GetString(vector.Body).AsSpan().ContainsAny(s_parts))
                {
                    Assert.Equal(TextDump.Of(strict), TextDump.Of(lenient));
                }

                accepted++;
            }
        }

        Assert.InRange(accepted, 1000, 12331);
    }

    private static bool BeginsWithBrace(string line) => line.TrimStart(' ', '\t').StartsWith('{');
}
