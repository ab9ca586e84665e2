using System.Text;

namespace Exposition.Formats.Tests;

/// <summary>Recorded answers of the reference: the families it parsed out of text bodies, as protobuf, and the text it writes from them.
/// Families that a bug of its parser leaves without a type are not among them: our writer always says the type.</summary>
public sealed class WriterVectorTests
{
    public static readonly List<(byte[] Families, string Text)> Vectors = ProtobufSupport.VectorLines("protobuf_and_text.tsv.gz")
        .Select(line => line.Split('\t'))
        .Select(columns => (
            columns[..^1].SelectMany(Convert.FromBase64String).ToArray(), Encoding.Latin1.GetString(Convert.FromBase64String(columns[^1]))))
        .ToList();

    [Fact]
    public void There_are_enough_vectors() => Assert.True(Vectors.Count > 900);

    [Fact]
    public void Text_is_that_of_the_reference()
    {
        int contradicting = 0;
        foreach ((byte[] families, string text) in Vectors)
        {
            FamilySet set = ProtobufSupport.Read(families);
            if (set.Metrics.ToArray().Any(metric => IsContradicted(set, metric)))
            {
                contradicting++;
                continue;
            }

            Assert.Equal(text, ProtobufSupport.WriteText(set));
        }

        Assert.InRange(contradicting, 1, 60);
    }

    // Of a histogram without a count, or with a count of 0, the reference writes a +Inf bucket and a count of 0 though its buckets have
    // counted.
    private static bool IsContradicted(FamilySet set, MetricRow metric) =>
        (metric.Content & MetricContent.Histogram) != 0 && metric.PointCount > 0 && metric.Count == 0 && metric.CountFloat == 0;

    [Fact]
    public void Protobuf_is_that_of_the_reference()
    {
        foreach ((byte[] families, _) in Vectors)
        {
            Assert.Equal(Convert.ToHexString(families), Convert.ToHexString(ProtobufSupport.WriteProtobuf(ProtobufSupport.Read(families))));
        }
    }

    // From rows alone, absent counts and sums come out as zeros, which is why they are flagged.
    [Fact]
    public void Protobuf_from_rows_is_that_of_the_reference()
    {
        int compared = 0;
        foreach ((byte[] families, _) in Vectors)
        {
            FamilySet set = ProtobufSupport.Read(families);
            if (set.Metrics.ToArray().All(m => (m.Content & MetricContent.OnlyInRaw) == 0))
            {
                compared++;
                ProtobufSupport.ForgetRaw(set);
                Assert.Equal(families, ProtobufSupport.WriteProtobuf(set));
            }
        }

        Assert.True(compared > 500, $"{compared} compared");
    }
}
